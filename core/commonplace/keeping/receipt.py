"""What an erasure proves to whoever asked for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from commonplace.ports import Absence, Verification
from commonplace.values.presenting import Presented
from commonplace.values.scope import Scope
from commonplace.values.times import parsed_time


@dataclass(frozen=True, slots=True)
class Step:
    """One more thing that an erasure did: by its name, and the name of the error if it failed."""

    name: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ErasureReceipt(Presented):
    """What an erasure did and what it can show.

    Args:
        scope: What was erased.
        reference: The pseudonym of the scope in the audit log.
        at: When.
        reason: As it was given.
        records: How many records were removed, past versions included.
        rows: How many rows of the store were removed: those of the records, and the notes of
            imports.
        verification: How many files and bytes were searched for traces, and how many were found.
            None if the files are out of reach.
        also: Your own deletions, each with the name of its error if it failed.
        backups: The backups that were rewritten, likewise.
        audit_hash: The hash of the audit entry that concludes the erasure.
        left: The steps still to be done, of this erasure or of an earlier one that was broken
            off.
        absence: What the database was asked about the erased records, without an answer. For
            stores whose files are out of reach.
        for_operator: What only the operator of the database can do.

    >>> alice = memory.scope("user", "alice")
    >>> _ = alice.remember("Likes tea")
    >>> alice.erase(reason="request 123").records
    1
    """

    scope: Scope
    reference: str
    at: datetime
    reason: str
    records: int
    rows: int
    verification: Verification | None
    also: tuple[Step, ...]
    backups: tuple[Step, ...]
    audit_hash: str
    left: tuple[str, ...] = ()
    absence: Absence | None = None
    for_operator: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every step succeeded, earlier erasures included. If not, erase again."""
        return not self.left and not any(step.error for step in (*self.also, *self.backups))

    @property
    def is_checked(self) -> bool:
        """Whether the bytes of the store's files were searched."""
        return self.verification is not None

    def to_dict(self) -> dict[str, Any]:
        """Return the receipt as a JSON object."""
        written = asdict(self)
        lists = {name: [*written[name]] for name in ("also", "backups", "left", "for_operator")}
        return {**written, "scope": str(self.scope), "at": self.at.isoformat(), **lists}

    def __repr__(self) -> str:
        done = "complete" if self.is_complete else "not complete"
        scope = str(self.scope) or "(root)"
        return f"<ErasureReceipt {scope}: {self.records:,} records, {done}, {self.at:%Y-%m-%d}>"


def from_json(written: dict[str, Any]) -> ErasureReceipt:
    """Read what `to_dict` returns."""
    verification, absence = written["verification"], written.get("absence")
    return ErasureReceipt(
        **{
            **written,
            "scope": Scope.parse(written["scope"]),
            "at": parsed_time(written["at"]),
            "verification": None if verification is None else Verification(**verification),
            "also": tuple(Step(**step) for step in written["also"]),
            "backups": tuple(Step(**step) for step in written["backups"]),
            "left": tuple(written.get("left", ())),
            "absence": None if absence is None else Absence(**absence),
            "for_operator": tuple(written.get("for_operator", ())),
        }
    )
