"""The audited procedure of an erasure: the store, the caller's own deletions, backups."""

from __future__ import annotations

import inspect
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from commonplace.errors import InvalidInputError
from commonplace.keeping.audit import AuditLog
from commonplace.keeping.audit_chain import AuditEntry
from commonplace.keeping.receipt import ErasureReceipt, Step
from commonplace.ports import Erased
from commonplace.values.records import Source
from commonplace.values.scope import Scope

BEGUN = "erase begun"
ERASED = "erased"
ERASED_IN_PART = "erased in part"
STEP_ASKED = "erase step asked"
STEP_TAKEN = "erase step taken"
STEP_FAILED = "erase step failed"
FAILED = "erase failed"
_ALSO, _BACKUP = "also", "backup"

WAITS = (0.5, 2.0)
"""Seconds before each further attempt of a step."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erasure that is asked for: of which scope, why, and by whom.

    Each of `also` is called with the scope, again after each of `waits`, in seconds, as long as it
    fails; `done` tells of calls that were made before. From each of `backups`, files made by
    `backup`, the scope is erased as well.
    """

    scope: Scope
    reason: str
    source: Source
    also: Sequence[Callable[[Scope], object]] = ()
    done: Sequence[Step] = ()
    backups: Sequence[Path] = ()
    waits: Sequence[float] = WAITS


def erase(
    erasure: Erasure,
    erase_in_store: Callable[[Scope], Erased],
    erase_in_backup: Callable[[Path, Scope], object],
    audit: AuditLog,
    clock: Callable[[], datetime],
) -> ErasureReceipt:
    """Erase a scope from the store and from all else that is named, and record it.

    `erase_in_store` keeps others from the store meanwhile. Each step of `also` or `backups` is
    recorded before anything is done, and is `unfinished` until one of its name is taken, whatever
    becomes of this process. One that fails is logged, and does not keep the others from being
    taken. The receipt is not complete as long as any step is left, of this erasure or one before.

    Raises InvalidInputError if a backup is no file, before anything is done; StoreError if the
    store itself could not be erased, or the audit log not written.
    """
    for file in erasure.backups:
        if not file.is_file():
            raise InvalidInputError(f"There is no backup {str(file)!r}.")
    run = _Run(erasure, audit, clock)
    run.begin()
    erased = run.erased(erase_in_store)
    also = run.called()
    backups = run.rewritten(erase_in_backup)
    concluding = run.conclude(erased, also, backups)
    left = _steps_left(audit.entries(erasure.scope))
    return ErasureReceipt(
        scope=erasure.scope,
        reference=concluding.scope,
        at=concluding.at,
        reason=erasure.reason,
        records=erased.records,
        rows=erased.rows,
        verification=erased.verification,
        also=also,
        backups=backups,
        audit_hash=concluding.hash,
        left=left,
        absence=erased.absence,
        for_operator=erased.for_operator,
    )


def ask(erasure: Erasure, names: Sequence[str], audit: AuditLog, at: datetime) -> None:
    """Record deletions of these names that are about to be made elsewhere. Durable on return."""
    for name in distinct(names):
        audit.append(
            STEP_ASKED, erasure.scope, at=at, source=erasure.source, note=f"{_ALSO} {name}"
        )


def unfinished(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    """Return what erasures left to be done: their last entry about it, the oldest first.

    That is a step that was asked for, or failed, and was not taken since, and an erasure that was
    begun and of which the store's part has not been concluded.
    """
    last: dict[tuple[str, str], AuditEntry] = {}
    for entry in entries:
        if entry.action in {STEP_ASKED, STEP_TAKEN, STEP_FAILED}:
            last[entry.scope, _place(entry)] = entry
        elif entry.action in {BEGUN, ERASED, ERASED_IN_PART, FAILED}:
            last[entry.scope, ""] = entry
    is_open = {BEGUN, FAILED, STEP_ASKED, STEP_FAILED}
    return sorted(
        (entry for entry in last.values() if entry.action in is_open),
        key=lambda entry: entry.number,
    )


def _steps_left(entries: Iterable[AuditEntry]) -> tuple[str, ...]:
    """Return the steps that are unfinished, by name."""
    steps = {STEP_ASKED, STEP_FAILED}
    return tuple(_place(entry) for entry in unfinished(entries) if entry.action in steps)


def _place(entry: AuditEntry) -> str:
    """Return which step an entry is about: the error's name, which may follow, has no colon."""
    note = entry.note or ""
    return note.rpartition(": ")[0] if entry.action == STEP_FAILED else note


@dataclass(frozen=True, slots=True)
class _Run:
    erasure: Erasure
    audit: AuditLog
    clock: Callable[[], datetime]

    def note(
        self,
        action: str,
        *,
        reason: str | None = None,
        note: str | None = None,
        counts: dict[str, int] | None = None,
    ) -> AuditEntry:
        return self.audit.append(
            action,
            self.erasure.scope,
            at=self.clock(),
            source=self.erasure.source,
            reason=reason,
            note=note,
            counts=counts,
        )

    def begin(self) -> None:
        """Record what is asked for, each step first: a process may end at any moment."""
        erasure = self.erasure
        names = [*(step.name for step in erasure.done), *map(name_of, erasure.also)]
        for place in (
            *(f"{_ALSO} {name}" for name in distinct(names)),
            *(f"{_BACKUP} {file}" for file in erasure.backups),
        ):
            self.note(STEP_ASKED, note=place)
        steps = {
            "also": len(erasure.done) + len(erasure.also),
            "backups": len(erasure.backups),
        }
        self.note(
            BEGUN,
            reason=erasure.reason,
            counts={name: count for name, count in steps.items() if count},
        )

    def erased(self, erase_in_store: Callable[[Scope], Erased]) -> Erased:
        try:
            return erase_in_store(self.erasure.scope)
        except Exception as error:
            self.note(FAILED, note=type(error).__name__)
            raise

    def called(self) -> tuple[Step, ...]:
        """Make the caller's own deletions, after recording those that were made before."""
        erasure = self.erasure
        told = [step.name for step in erasure.done]
        names = distinct([*told, *map(name_of, erasure.also)])
        done = [replace(step, name=name) for step, name in zip(erasure.done, names, strict=False)]
        for step in done:
            self._record(_ALSO, step)
        calls = zip(names[len(done) :], erasure.also, strict=True)
        also = (taken(name, call, erasure.scope, erasure.waits) for name, call in calls)
        return (*done, *(self._record(_ALSO, step) for step in also))

    def rewritten(self, erase_in_backup: Callable[[Path, Scope], object]) -> tuple[Step, ...]:
        """Erase the scope from the backups."""
        files = self.erasure.backups
        steps = (
            taken(str(file), partial(erase_in_backup, file), self.erasure.scope) for file in files
        )
        return tuple(self._record(_BACKUP, step) for step in steps)

    def _record(self, kind: str, step: Step) -> Step:
        place = f"{kind} {step.name}"
        if step.error:
            self.note(STEP_FAILED, note=f"{place}: {step.error}")
        else:
            self.note(STEP_TAKEN, note=place)
        return step

    def conclude(
        self, erased: Erased, also: tuple[Step, ...], backups: tuple[Step, ...]
    ) -> AuditEntry:
        failures = sum(step.error is not None for step in (*also, *backups))
        return self.note(
            ERASED_IN_PART if failures else ERASED,
            reason=self.erasure.reason,
            counts={
                "records": erased.records,
                "rows": erased.rows,
                "also": len(also),
                "backups": len(backups),
                "failures": failures,
            },
        )


def taken(
    name: str, call: Callable[[Scope], object], scope: Scope, waits: Sequence[float] = ()
) -> Step:
    """Call `call` with the scope, again after each wait as long as it fails, and tell how it went.

    A failure is logged and not raised.
    """
    from tenacity import Retrying, stop_after_attempt, wait_chain, wait_fixed

    attempts = Retrying(
        stop=stop_after_attempt(len(waits) + 1),
        wait=wait_chain(*map(wait_fixed, waits or [0])),
        reraise=True,
    )
    try:
        attempts(_made, call, scope)
    except Exception as error:  # noqa: BLE001  # recorded, logged and told in the receipt
        # An error's text may be content: it is no matter for the audit log.
        _log.exception("A step of an erasure failed and has to be repeated: %s", name)
        return Step(name, type(error).__name__)
    return Step(name)


def _made(call: Callable[[Scope], object], scope: Scope) -> None:
    result = call(scope)
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError(
            "The function is asynchronous and was not run: give one that waits for it, such as "
            "lambda scope: asyncio.run(delete(scope))."
        )


def name_of(call: Callable[[Scope], object]) -> str:
    """Return the name under which a step is told of."""
    return getattr(call, "__qualname__", type(call).__qualname__)


def distinct(names: Sequence[str]) -> list[str]:
    """Return the names, of which each but the first of several alike has its number behind it."""
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return result
