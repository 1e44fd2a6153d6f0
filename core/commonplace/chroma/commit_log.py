"""The numbered commits of one branch: how writers that share nothing but a collection take turns.

A commit is one `add` of several rows: one that says what it does, whose id is made of its number,
and those of the entries that it stores. Chroma takes such a request whole or not at all, and leaves
alone a row whose id is there already. So of two writers with one number the first has it, and the
other finds out by one read. What a commit without its number has stored counts for nothing.

Numbers have no gaps. Of every `BLOCK` commits a block row keeps the nonces, which tell what counts;
the rows of the commits themselves are removed one block later, and with them what they replaced.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from commonplace.chroma.lines import Awaited
from commonplace.chroma.rows import Rows
from commonplace.chroma.shared_partition import Said, SharedPartition
from commonplace.chroma.translation import translated
from commonplace.errors import StoreDamagedError
from commonplace.ports import Vectors
from commonplace.values.scope import Scope

BLOCK = 64
_BLOCKS_PER_READ = 64
_AHEAD = 16
_GLANCED = 4
"""So many of the next commits a look brings along: of these nothing more is asked."""
_ATTEMPTS = 50
_NONCE_BYTES = 6


def block_of(number: int) -> int:
    """Return the number of the block that a commit lies in."""
    return number // BLOCK


def numbers_in(block: int) -> range:
    """Return the numbers of the commits of a block."""
    return range(block * BLOCK, (block + 1) * BLOCK)


@dataclass(frozen=True, slots=True)
class Commit:
    """One write to a branch: the rows that it stores, and those that count no longer.

    `anew` says that rows were removed that it does not name.
    """

    number: int
    nonce: str
    rows: int
    gone: tuple[str, ...] = ()
    anew: bool = False

    @property
    def row_ids(self) -> list[str]:
        """The ids of the rows that it stores."""
        return [row_id(self.nonce, index) for index in range(self.rows)]


@dataclass(frozen=True, slots=True)
class Look:
    """What is asked for to learn which commits come next, and what the answer says."""

    branch: Scope
    first: int
    ahead: int

    @property
    def ids(self) -> list[str]:
        """The ids of the rows that are asked for."""
        return [*self._commit_ids, self._block_id]

    def commits(self, rows: Said) -> list[Commit] | None:
        """Return the commits that an answer shows; None if rows of some are removed already."""
        found = [commit_of(rows[id]) for id in self._commit_ids if id in rows]
        numbers = list(range(self.first, self.first + len(found)))
        is_lost = not found and self._block_id in rows
        return None if is_lost or [one.number for one in found] != numbers else found

    def shows_all(self, rows: Said) -> bool:
        """Tell whether there were no commits beyond those."""
        return self._commit_ids[-1] not in rows and self._block_id not in rows

    @property
    def _commit_ids(self) -> list[str]:
        return [_commit_id(self.branch, self.first + step) for step in range(self.ahead)]

    @property
    def _block_id(self) -> str:
        return _block_id(self.branch, self.first // BLOCK)


class Heard(NamedTuple):
    """A look, and the rows that it found; None where it got no answer."""

    look: Look
    rows: Said | None

    @property
    def is_nothing_new(self) -> bool:
        """Tell whether it is known that nothing was committed since."""
        return self.rows is not None and not self.rows


def row_id(nonce: str, index: int) -> str:
    """Return the id of one of the rows that a commit stores: no two commits share one."""
    return _digest(f"{nonce}\x1f{index}")


class CommitLog:
    """What one process knows of the commits of a branch. Not thread-safe."""

    def __init__(
        self, partition: SharedPartition, branch: Scope, dimension: Callable[[], int]
    ) -> None:
        """Know nothing yet; `dimension` tells the length of the store's vectors."""
        self._partition, self._branch, self._dimension = partition, branch, dimension
        self.identity: str | None = None
        """Chroma's id of the collection that it is in, None while there is none."""
        self.nonces: list[str] = []
        self.blocks = 0
        self._recent: list[Commit] = []

    @property
    def head(self) -> int:
        """The number of the last commit that is known; -1 before the first."""
        return len(self.nonces) - 1

    @property
    def gone(self) -> set[str]:
        """Ids of rows that count no longer, and may still be there."""
        return {id for commit in self._recent for id in commit.gone}

    def counts(self, number: int, nonce: str) -> bool:
        """Tell whether a commit that is known has this number and nonce."""
        return number < len(self.nonces) and self.nonces[number] == nonce

    def read(self) -> None:
        """Learn every commit there is. Raises StoreError; StoreDamagedError if rows are missing."""
        for _ in range(_ATTEMPTS):
            self.identity = self._partition.identity
            self._read_blocks()
            if self.news(_AHEAD) is not None and self.identity == self._partition.identity:
                return
        raise StoreDamagedError(
            f"Rows of the log of {str(self._branch)!r} are missing: commits after number "
            f"{self.head} cannot be told. Restore the Chroma server from a backup."
        )

    def news(self, ahead: int = 2, heard: Heard | None = None) -> list[Commit] | None:
        """Return the commits made since; None if some of their rows are removed already.

        Then what is known must be read anew, this log first. Costs one read if there are none, and
        none for what was `heard` since.
        """
        found: list[Commit] = []
        look, rows = self._look(ahead), None
        if heard is not None and heard.look.first == look.first:
            look, rows = heard
        while True:
            rows = self._said(look.ids) if rows is None else rows
            part = look.commits(rows)
            if part is None:
                return None
            self._take(part)
            found += part
            if look.shows_all(rows):
                return found
            look, rows = self._look(_AHEAD), None

    def glance(self) -> AbstractContextManager[Awaited[Heard]]:
        """Ask by one request what was committed beyond what is known now.

        It gives what waits for the answer, which may be asked from any thread, and at any time.
        """
        return self._glanced(self._look(_GLANCED))

    @contextmanager
    def _glanced(self, look: Look) -> Iterator[Awaited[Heard]]:
        with self._partition.asking(look.ids, self.identity) as answered:
            yield Awaited(lambda: Heard(look, answered()), answered.has_come)

    def _look(self, ahead: int) -> Look:
        return Look(self._branch, self.head + 1, ahead)

    def append(
        self,
        gone: Iterable[str],
        rows: Callable[[int, str], Rows],
        *,
        anew: bool = False,
    ) -> tuple[bool, list[Commit] | None]:
        """Make the next commit; tell whether this one has the number, and the `news` with it.

        `rows` returns the rows that it stores, given its number and nonce. If another was faster,
        these are removed, and nothing else has changed. Raises StoreError: then the commit may
        have been made or not, and the next `news` tell.
        """
        number, nonce = self.head + 1, secrets.token_hex(_NONCE_BYTES)
        self._close_blocks(number // BLOCK)
        stored = rows(number, nonce)
        length = len(stored.embeddings[0]) if stored.embeddings else self._dimension()
        commit = Commit(number, nonce, len(stored.ids), tuple(gone), anew)
        written = self._written(commit)
        stored.append(_commit_id(self._branch, number), _vector(nonce, length), None, written)
        with translated("writing records"):
            is_there = self._partition.add(stored, self.identity)
        news = self.news() if is_there else None
        if news is None:
            self.read()
        self.identity = self.identity or self._partition.identity
        has_it = self.counts(number, nonce)
        if not has_it:
            self.remove(commit.row_ids)
        return has_it, news

    def remove(self, ids: Sequence[str]) -> None:
        """Remove rows that count no longer."""
        if ids:
            with translated(f"removing records from {str(self._branch)!r}"):
                self._partition.delete(list(ids))

    def _close_blocks(self, blocks: int) -> None:
        """Have so many blocks closed: before that no commit may be numbered beyond them.

        Several may do it at once, and one may die on the way: it comes to the same.
        """
        if blocks <= self.blocks:
            return
        last = blocks - 1
        before = [_commit_id(self._branch, number) for number in numbers_in(last - 1)]
        self.remove([*sorted(self.gone), *(before if last else [])])
        nonces = self.nonces[last * BLOCK : blocks * BLOCK]
        block = Rows()
        written = {**self._place(), "block": last, "said": ",".join(nonces)}
        vector = _vector(nonces[0], self._dimension())
        block.append(_block_id(self._branch, last), vector, None, written)
        with translated("writing records"):
            self._partition.add(block, self.identity)
        self._pass_blocks(blocks)

    def _read_blocks(self) -> None:
        """Learn what the closed blocks say, and nothing that came after them."""
        self._recent = []
        more = True
        while more:
            numbers = range(self.blocks, self.blocks + _BLOCKS_PER_READ)
            wanted = {number: _block_id(self._branch, number) for number in numbers}
            rows = self._said(list(wanted.values()))
            for number, id in wanted.items():
                if id in rows and number == self.blocks:
                    self.nonces[number * BLOCK :] = nonces_of(rows[id])
                    self.blocks += 1
            more = self.blocks == numbers.stop
        del self.nonces[self.blocks * BLOCK :]

    def _take(self, commits: Sequence[Commit]) -> None:
        self.nonces += [commit.nonce for commit in commits]
        self._recent += commits
        self._pass_blocks(self.head // BLOCK)  # none is numbered in a block before the last closed

    def _pass_blocks(self, blocks: int) -> None:
        self.blocks = max(self.blocks, blocks)
        self._recent = [one for one in self._recent if one.number >= self.blocks * BLOCK]

    def _said(self, ids: Sequence[str]) -> Said:
        with translated(f"reading {str(self._branch)!r}"):
            return self._partition.said(ids)

    def _written(self, commit: Commit) -> dict[str, Any]:
        said: dict[str, Any] = {"nonce": commit.nonce, "rows": commit.rows}
        if commit.gone:
            said["gone"] = commit.gone
        if commit.anew:
            said["anew"] = True
        written = json.dumps(said, separators=(",", ":"))
        return {**self._place(), "commit": commit.number, "said": written}

    def _place(self) -> dict[str, Any]:
        """Return what a row of this log is found by: names that nobody can read."""
        shallow = [log_of(self._branch.first(1))] if len(self._branch.names) > 1 else []
        return {"within": [log_of(self._branch), *shallow]}


def log_of(branch: Scope) -> str:
    """Return how `within` names the log of a branch, and those of all branches within a scope."""
    return f"#{_digest(str(branch))}"


def nonces_of(metadata: Mapping[str, Any]) -> list[str]:
    """Read a block row: the nonces of its commits, in their order."""
    return str(metadata["said"]).split(",")


def commit_of(metadata: Mapping[str, Any]) -> Commit:
    """Read the row of a commit."""
    try:
        said = json.loads(metadata["said"])
        gone, anew = tuple(said.get("gone", ())), said.get("anew", False)
        return Commit(metadata["commit"], said["nonce"], said["rows"], gone, anew)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreDamagedError(f"A commit row of the store cannot be read: {error!r}.") from error


def _commit_id(branch: Scope, number: int) -> str:
    return _digest(f"{branch}\x1fcommit\x1f{number}")


def _block_id(branch: Scope, number: int) -> str:
    return _digest(f"{branch}\x1fblock\x1f{number}")


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _vector(nonce: str, length: int) -> Vectors:
    """Return a vector that says nothing, and is near to no other."""
    drawn = np.random.default_rng(int(nonce, 16)).normal(size=length)
    return np.asarray(drawn / np.linalg.norm(drawn), np.float32)
