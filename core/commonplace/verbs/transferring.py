"""The verbs that take records out of a store and bring them into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING

from commonplace.engine.view import View
from commonplace.errors import InvalidInputError
from commonplace.files.paths import local_path
from commonplace.verbs.telemetry import told

if TYPE_CHECKING:
    from commonplace.transfer.importing import ImportReport


class Transferring(View):
    """Export and import records."""

    @told
    def export(self, path: str | PathLike[str]) -> int:
        """Write every record of this scope to a file and return how many there are.

        The file is JSON Lines: a header, then one record on each line, exactly as it is stored,
        past versions and quarantined records included; vectors are left out and made again on
        import. Only its owner may read it, and it is there whole or not at all. What is written
        to the store meanwhile may be missing in it. Raises InvalidInputError if the file cannot
        be written, StoreError, MemoryClosedError.

        >>> import tempfile
        >>> alice = memory.scope("user", "alice")
        >>> _ = alice.remember("Likes tea")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     alice.export(f"{folder}/alice.jsonl")
        1
        """
        from commonplace.transfer.jsonl import export

        return export(self, local_path(path))

    @told
    def import_(
        self,
        path: str | PathLike[str],
        *,
        format: str | None = None,
        collections: Sequence[str] = (),
        columns: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> ImportReport:
        """Bring records from a file or folder into this scope and report what was done.

        `format` is ``"commonplace"`` for what `export` has written, or one of those in
        docs/migration.md, such as ``chatgpt``; without it, the format is recognised. Each item of
        the source is counted as written, unchanged or skipped, and why. Importing again changes
        nothing, so an import that was broken off is continued by repeating it; what was changed or
        forgotten here since stays so. What others wrote is screened like everything that is
        written. `collections` are those of a Chroma directory to take, as ``name``,
        ``database/name`` or ``tenant/database/name``, where ``*`` is any; `columns` names, of a
        table, the column of each of ``text``, ``id``, ``created_at``, …. With `dry_run` nothing is
        written, and the report tells what would be.
        Raises InvalidInputError, naming file and line, for what cannot be read on: what stood
        before it is imported then. Also raises as `remember` does.

        >>> import tempfile
        >>> _ = memory.scope("user", "alice").remember("Likes tea")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = memory.scope("user", "alice").export(f"{folder}/alice.jsonl")
        ...     memory.scope("user", "alicia").import_(f"{folder}/alice.jsonl").written
        1
        """
        from commonplace.transfer.formats import Choices
        from commonplace.transfer.importing import import_file

        choices = Choices(collections=_names(collections), columns=dict(columns or {}))
        return import_file(self, format, local_path(path), choices=choices, dry_run=dry_run)

    def backup(self, path: str | PathLike[str]) -> None:
        """Write the whole store to a new file, which `commonplace restore` puts back.

        The memory may be in use meanwhile; other verbs wait. Only the root memory can: a backup
        holds every scope. Raises InvalidInputError for any other, for a file that is there, and
        for a store that is in no directory.

        >>> memory.backup("all.backup")
        Traceback (most recent call last):
        commonplace.errors.InvalidInputError: Only a store in a directory can be backed up.
        """
        if self._scope.names:
            raise InvalidInputError(
                f"A backup holds every scope, and this memory is confined to {str(self._scope)!r}. "
                "Make it with the root memory, or export this scope."
            )
        self._engine.backup(local_path(path).resolve())

    def flush(self) -> None:
        """Wait until the store's Chroma database has everything that is acknowledged.

        In a directory, what is written is durable before Chroma has it, which comes to have it in
        the background, and before the memory is closed or backed up. Ask for it before another
        program reads Chroma's files. Elsewhere there is nothing to wait for. Raises StoreError,
        which says why, if Chroma does not take it; nothing is lost then.

        >>> memory.flush()
        >>> memory.stats().pending
        0
        """
        self._engine.flush()


def _names(names: object) -> tuple[str, ...]:
    if not isinstance(names, (list, tuple)) or not all(isinstance(one, str) for one in names):
        raise InvalidInputError(f"collections is a list of names, not {names!r:.80}.")
    return tuple(names)
