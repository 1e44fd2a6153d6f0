"""Writes that come at once go together, and each has its own outcome."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest

from commonplace.errors import MemoryClosedError
from commonplace.waiting.commits import GroupCommit

WRITERS = 8
EACH = 40
REFUSED = 13


class Sheet:
    """What was written together; no two writes may be under way at a time."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.lock = threading.Lock()

    def write(self, items: list[int]) -> list[str]:
        assert self.lock.locked()
        if REFUSED in items:
            raise ValueError(f"{REFUSED} cannot be written")
        self.batches.append(items)
        return [f"wrote {item}" for item in items]

    @property
    def written(self) -> list[int]:
        return list(chain.from_iterable(self.batches))


@pytest.fixture
def sheet() -> Sheet:
    return Sheet()


@pytest.fixture
def commits(sheet: Sheet) -> GroupCommit[int, str]:
    return GroupCommit(lambda: sheet.lock, sheet.write)


def test_one_thread_gets_what_its_write_gave(commits: GroupCommit[int, str], sheet: Sheet) -> None:
    assert [commits.commit(item) for item in range(3)] == ["wrote 0", "wrote 1", "wrote 2"]
    assert sheet.batches == [[0], [1], [2]]


def test_each_of_many_threads_gets_its_own_outcome_and_no_item_is_written_twice(
    commits: GroupCommit[int, str], sheet: Sheet
) -> None:
    together = threading.Barrier(WRITERS)

    def write(writer: int) -> list[str]:
        together.wait(30)
        return [commits.commit(100 + writer * EACH + number) for number in range(EACH)]

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(chain.from_iterable(pool.map(write, range(WRITERS))))

    items = range(100, 100 + WRITERS * EACH)
    assert answers == [f"wrote {item}" for item in items]
    assert sorted(sheet.written) == list(items)


def test_what_waits_behind_a_write_goes_in_one(
    commits: GroupCommit[int, str], sheet: Sheet
) -> None:
    sheet.lock.acquire()  # as a reader of the store does
    with ThreadPoolExecutor(WRITERS) as pool:
        asked = [pool.submit(commits.commit, 100 + writer) for writer in range(WRITERS)]
        assert not any(one.done() for one in asked)
        sheet.lock.release()
        assert sorted(one.result(30) for one in asked) == [f"wrote {100 + n}" for n in range(8)]
    assert len(sheet.batches) < WRITERS


def test_the_failure_of_one_is_not_that_of_the_others(
    commits: GroupCommit[int, str], sheet: Sheet
) -> None:
    together = threading.Barrier(WRITERS)

    def outcome(item: int) -> str:
        together.wait(30)
        try:
            return commits.commit(item)
        except ValueError as error:
            return str(error)

    items = range(REFUSED, REFUSED + WRITERS)
    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(outcome, items))

    assert answers == [f"{REFUSED} cannot be written", *(f"wrote {item}" for item in items[1:])]
    assert sorted(sheet.written) == list(items[1:])


def test_a_thread_that_may_not_write_leaves_the_turn_to_others(sheet: Sheet) -> None:
    refusals = iter([MemoryClosedError("closed")])

    def locked() -> threading.Lock:
        for error in refusals:
            raise error
        return sheet.lock

    commits = GroupCommit(locked, sheet.write)
    with pytest.raises(MemoryClosedError):
        commits.commit(1)
    assert commits.commit(2) == "wrote 2"
    assert sheet.written == [2]
