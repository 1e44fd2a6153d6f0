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
    """The record of an erasure.

    `records` and `rows` of `scope` were removed at the moment `at`: past versions too, and what
    imports noted of what they brought. `verification` tells what was searched for traces of them;
    it is None where the store's files are out of reach: there `absence` tells what the database
    was asked about them in vain, and `for_operator` what only its operator can do. `also` has the
    caller's own deletions and `backups` the files that were rewritten. `reference` is how the audit
    log names the scope, and `audit_hash` the hash of the entry that concludes the erasure. `left`
    names the steps, of this erasure or of one before that was broken off, that are still to be
    done.
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
        """Tell whether every step succeeded, also of erasures before. If not, erase again."""
        return not self.left and not any(step.error for step in (*self.also, *self.backups))

    @property
    def is_checked(self) -> bool:
        """Tell whether the bytes of the store's files were searched."""
        return self.verification is not None

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object, in which lists are lists."""
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
