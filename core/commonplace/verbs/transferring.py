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

        The file is JSON Lines: a header, then one record on each line. Past versions and records
        that are held back are included. Vectors are not; an import computes them anew. Only the
        file's owner may read it. The file appears when it is complete. Records that are written
        during the export may be missing in it.

        Args:
            path: The file to write.

        Raises:
            InvalidInputError: The file cannot be written.
            StoreError: The store could not be read.
            MemoryClosedError: The memory is closed.

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

        Importing again changes nothing: what you changed or forgot since stays so. To continue an
        import that was broken off, repeat it. Everything is screened as in `remember`.

        Args:
            path: The file or folder to read.
            format: ``"commonplace"`` for what `export` wrote, or a name from the table in
                docs/migration.md, such as ``"chatgpt"``. Without it, the format is recognised.
            collections: Of a Chroma directory, the collections to take: ``"name"``,
                ``"database/name"`` or ``"tenant/database/name"``, where ``*`` stands for any.
            columns: Of a table, the column that holds each of ``text``, ``id``, ``created_at``
                and so on.
            dry_run: Write nothing, and report what would be done.

        Returns:
            A report that counts each item as written, unchanged or skipped, with the reason.

        Raises:
            InvalidInputError: The file cannot be read on; the message names file and line. What
                stands before that line is imported.
            EmbeddingError: The embedder failed.
            StoreError: The store could not be written.
            MemoryClosedError: The memory is closed.

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

        The memory may be in use meanwhile; other verbs wait. A backup holds every scope, so only
        the root memory can make one.

        Args:
            path: The file to write. It must not exist.

        Raises:
            InvalidInputError: This memory is not the root, the file exists, or the store is in no
                directory.

        >>> import commonplace, tempfile
        >>> from commonplace.testing import HashingEmbedder
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with commonplace.open(f"{folder}/store", embedder=HashingEmbedder()) as store:
        ...         store.backup(f"{folder}/monday.zip")
        """
        if self._scope.names:
            raise InvalidInputError(
                f"A backup holds every scope, and this memory is confined to {str(self._scope)!r}. "
                "Make it with the root memory, or export this scope."
            )
        self._engine.backup(local_path(path).resolve())

    def flush(self) -> None:
        """Wait until the store's Chroma database has every acknowledged change.

        In a directory, a change is first written to the ledger, a file of its own. Chroma gets it
        in the background, and at the latest when the memory is closed or backed up. Call this
        before another program reads Chroma's files. Elsewhere it returns at once.

        Raises:
            StoreError: Chroma does not take the changes; the message says why. Nothing is lost.

        >>> memory.flush()
        >>> memory.stats().pending
        0
        """
        self._engine.flush()


def _names(names: object) -> tuple[str, ...]:
    if not isinstance(names, (list, tuple)) or not all(isinstance(one, str) for one in names):
        raise InvalidInputError(f"collections is a list of names, not {names!r:.80}.")
    return tuple(names)
