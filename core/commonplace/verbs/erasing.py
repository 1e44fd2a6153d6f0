"""The verbs of erasure and its proof."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from math import isfinite
from os import PathLike

from commonplace.engine.view import View
from commonplace.errors import InvalidInputError
from commonplace.files.paths import local_path
from commonplace.keeping.audit_chain import AuditEntry
from commonplace.keeping.erasing import WAITS, Erasure, unfinished
from commonplace.keeping.receipt import ErasureReceipt
from commonplace.values.records import Source
from commonplace.values.scope import Scope
from commonplace.values.validation import checked_label, checked_source
from commonplace.verbs.telemetry import told

MOST_FUNCTIONS = 100


class Erasing(View):
    """Erase a scope, and show what was done."""

    @told
    def erase(
        self,
        *,
        reason: str,
        source: Source | None = None,
        also: Sequence[Callable[[Scope], object]] = (),
        backups: Sequence[str | PathLike[str]] = (),
        waits: Sequence[float] = WAITS,
    ) -> ErasureReceipt:
        """Erase this scope, down to the bytes of the files, and return a receipt.

        All records of the scope go, past versions and traces of forgotten records included. Other
        scopes are untouched. In a directory, the files are searched afterwards.

        Args:
            reason: Why; at most 1,000 characters. It stays in the audit log as it is: write the
                number of a request here, and no name.
            source: Who asks.
            also: Functions of a scope that delete elsewhere, such as threads at a provider. One
                that fails is tried again after each of `waits`. If it still fails, the erasure
                goes on, and the step is in the receipt, in the log and in `unfinished` until you
                erase the scope again with a function of the same name that succeeds.
            backups: Files made by `backup`. The scope is erased from them too.
            waits: Seconds before each further try of a function of `also`.

        Raises:
            InvalidInputError: A file of `backups` is no backup, or another argument cannot be
                used.
            StoreError: Something of the scope is left.

        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.remember("Likes tea")
        >>> receipt = alice.erase(reason="GDPR Art. 17, request 123")
        >>> receipt.records, receipt.is_complete, alice.count()
        (1, True, 0)
        """
        reason = checked_label(reason, "reason")
        _check_also(also)
        _check_waits(waits)
        erasure = Erasure(
            scope=self._scope,
            reason=reason,
            source=Source() if source is None else checked_source(source),
            also=tuple(also),
            backups=[local_path(file).resolve() for file in backups],
            waits=tuple(waits),
        )
        return self._engine.erase(erasure)

    def audit(self) -> list[AuditEntry]:
        """Return what was forgotten, swept and erased in this scope, the oldest first.

        The entries hold no content. Those of scopes below this one are not included. The root
        memory returns the entries of all scopes, each under a pseudonym.

        >>> _ = memory.forget(memory.remember("Likes tea").id)
        >>> [(entry.action, entry.counts) for entry in memory.audit()]
        [('forget', {'records': 1})]
        """
        return self._engine.audit(self._scope)

    def unfinished(self) -> list[AuditEntry]:
        """Return the entries of the audit log about what erasures of this scope left to be done.

        These are erasures that were broken off, and steps of `also` or `backups` that failed:
        `note` names the step. To finish, erase the scope again with the same `also` and
        `backups`. The root memory returns the entries of all scopes.

        >>> def delete_threads(scope):
        ...     raise ConnectionError("no answer")
        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.erase(reason="request 123", also=[delete_threads], waits=[])
        >>> [entry.note for entry in alice.unfinished()]
        ['also delete_threads: ConnectionError']
        >>> def delete_threads(scope):
        ...     print("deleted", scope)
        >>> alice.erase(reason="request 123", also=[delete_threads]).is_complete
        deleted user/alice
        True
        >>> alice.unfinished()
        []
        """
        return unfinished(self.audit())

    def verify_audit(self) -> list[str]:
        """Return what was changed in the store's audit log, one sentence each; [] if nothing was.

        Each entry holds the hash of the one before it, so a changed or missing entry is noticed.

        >>> memory.verify_audit()
        []
        """
        return self._engine.verify_audit()


def _check_also(also: object) -> None:
    if not isinstance(also, (list, tuple)) or not all(map(callable, also)):
        raise InvalidInputError(f"also is a list of functions of a scope, not {also!r:.80}.")
    if asynchronous := [call for call in also if inspect.iscoroutinefunction(call)]:
        raise InvalidInputError(
            f"{asynchronous[0].__qualname__} is asynchronous, and also takes functions that have "
            "done their work when they return, such as lambda scope: asyncio.run(delete(scope))."
        )
    if len(also) > MOST_FUNCTIONS:
        raise InvalidInputError(f"also has {len(also)} functions; the limit is {MOST_FUNCTIONS}.")


def _check_waits(waits: object) -> None:
    if not isinstance(waits, (list, tuple)) or not all(
        type(wait) in (int, float) and isfinite(wait) and wait >= 0 for wait in waits
    ):
        raise InvalidInputError(f"waits is a list of seconds of at least 0, not {waits!r:.80}.")
