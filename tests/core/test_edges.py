"""Every limit holds at its edge: what just fits is taken, and one more is not."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from commonplace import InvalidInputError, Record, Scope, Source
from commonplace.errors import QuotaExceededError
from commonplace.keeping.audit_chain import AuditEntry, from_line, sealed, to_line
from commonplace.recall.packing import packed
from commonplace.service.quotas import Amount, Quotas, size
from commonplace.values.rendering import block, rendered_record
from commonplace.values.validation import (
    MAX_DERIVED_FROM,
    MAX_MENTIONED_AT,
    MAX_METADATA_BYTES,
    MAX_NAME_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    MAX_TTL,
    checked_record,
)
from commonplace.writing.randomness import is_random

NOON = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
ONE, OTHER = Record("The ferry leaves at nine."), Record("The ferry has a deck for bicycles.")
BOTH = len(block([rendered_record(ONE), rendered_record(OTHER)]))
ALONE = len(block([rendered_record(ONE)]))


@pytest.mark.parametrize(("budget", "shown"), [(BOTH, 2), (BOTH - 1, 1), (ALONE, 1)])
def test_a_block_takes_what_just_fits(budget: int, shown: int) -> None:
    whole = [rendered_record(one) for one in (ONE, OTHER)]
    kept = packed([], [ONE, OTHER], budget, len).shown

    assert [one.line for one in kept if one.line in whole] == whole[:shown]


@pytest.mark.parametrize(("budget", "shown"), [(3 * ALONE, [ONE]), (3 * ALONE - 1, [])])
def test_what_always_applies_takes_just_a_third(budget: int, shown: list[Record]) -> None:
    kept = packed([ONE], [], budget, len).shown

    assert [one.record for one in kept if one.line == rendered_record(ONE)] == shown


def test_a_key_may_write_just_what_it_may_keep() -> None:
    quotas, most = Quotas(), Amount(3, 100)

    def write(sent: Amount, held: Amount, added: Amount | None = None) -> None:
        with quotas.writing("team", most, sent, lambda: held, lambda: added or sent):
            pass

    write(Amount(2, 60), Amount())
    write(Amount(1, 40), Amount(2, 60))
    with pytest.raises(QuotaExceededError, match="keep 3 records; 3 are stored"):
        write(Amount(1, 0), Amount(3, 100))
    with pytest.raises(QuotaExceededError, match="keep 100 bytes; 100 are stored"):
        write(Amount(0, 1), Amount(3, 100))
    write(Amount(1, 40), Amount(3, 100), added=Amount())  # it is there already
    write(Amount(1, 40), Amount(3, 60), added=Amount(0, 40))


def test_the_room_of_one_key_is_not_that_of_another() -> None:
    quotas, counted = Quotas(), []

    def held() -> Amount:
        counted.append(1)
        return Amount()

    for name in ("one", "other", "one"):
        with quotas.writing(name, Amount(2, 10), Amount(1, 5), held, Amount):
            pass

    assert len(counted) == 2  # what is stored is counted once for each, while there is room


def test_a_record_is_as_large_as_its_text_and_metadata_in_utf_8() -> None:
    assert size(Record("é", metadata={"a": 1})) == len('["é", {"a": 1}]'.encode())


@pytest.mark.parametrize("number", [16, 17])
def test_a_scope_has_at_most_sixteen_names(number: int) -> None:
    refused = pytest.raises(InvalidInputError, match="at most 16 names, not 17")

    with refused if number > 16 else nullcontext():
        Scope(tuple(map(str, range(number))))


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize(
    "name",
    ["scope", "text", "metadata", "derived_from", "mentioned_at", "ttl", "importance", "agent"],
)
def test_every_field_is_taken_up_to_its_limit_and_no_further(name: str, more: int) -> None:
    with pytest.raises(InvalidInputError) if more else nullcontext():
        checked_record(at_the_limit(name, more))


def at_the_limit(name: str, more: int) -> Record:
    """Return a record one of whose fields is as large as may be, and so much more."""
    record = Record("The tower is open.", created_at=NOON)
    if name == "scope":
        return replace(record, scope=Scope(("user", "x" * (MAX_NAME_CHARACTERS + more))))
    if name == "agent":
        return replace(record, source=Source(agent="x" * (MAX_NAME_CHARACTERS + more)))
    if name == "metadata":
        return replace(record, metadata={"a": "x" * (MAX_METADATA_BYTES - len('{"a": ""}') + more)})
    if name == "ttl":
        over = timedelta(microseconds=more)
        end = NOON + timedelta(days=1)
        return replace(record, ttl_on_use=MAX_TTL + over, expires_at=end)
    changes: dict[str, object] = {
        "text": "x" * (MAX_TEXT_CHARACTERS + more),
        "derived_from": tuple(map(str, range(MAX_DERIVED_FROM + more))),
        "mentioned_at": (NOON,) * (MAX_MENTIONED_AT + more),
        "importance": 1 + more / 1_000_000,
    }
    return replace(record, **{name: changes[name]})  # type: ignore[arg-type]  # a case's field


ENTRY = AuditEntry(
    number=1,
    at=NOON,
    action="forget",
    scope="00ff",
    source=Source(agent="ann"),
    counts={"records": 2, "files": 1},
    previous="ab",
)
LINE = (
    b'{"action":"forget","at":"2026-05-04T12:00:00+00:00","counts":{"files":1,"records":2},'
    b'"hash":"","note":null,"number":1,"previous":"ab","reason":null,"scope":"00ff",'
    b'"source":{"agent":"ann"}}'
)
SEAL = "355f526ca5c5e87691eecbcff9a96268db4668dabf3e9ce0f0d609bd5cceafed"


def test_an_entry_of_the_audit_has_one_form_and_one_seal() -> None:
    assert to_line(ENTRY) == LINE
    assert from_line(LINE) == ENTRY
    assert sealed(b"key", ENTRY).hash == SEAL


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace(b'":', b'": '),
        LINE.replace(b'"note":null,', b""),
        LINE.replace(b'{"files":1,"records":2}', b'{"records":2,"files":1}'),
        LINE.replace(b"+00:00", b"Z"),
    ],
)
def test_an_entry_in_another_form_cannot_be_read(line: bytes) -> None:
    with pytest.raises(ValueError, match="entr"):
        from_line(line)


def test_a_value_is_random_from_three_changes_of_its_letters_on() -> None:
    assert is_random("qvxr41zkwsIFSSCKU")
    assert not is_random("qvxrpd41zkwsmtgbn")
