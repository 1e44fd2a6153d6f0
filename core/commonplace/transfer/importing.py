"""Writing records from elsewhere: in batches, and as often as one likes with the same result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from commonplace.errors import InvalidInputError, RecordNotFoundError
from commonplace.ports import Vectors
from commonplace.transfer import jsonl
from commonplace.transfer.contents import Part, parts_of
from commonplace.transfer.formats import FOREIGN, Choices
from commonplace.transfer.import_log import Entry, ImportLog, entry_of
from commonplace.transfer.reading import Found, Note, Skipped
from commonplace.values.presenting import Presented
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.values.uses import carried

if TYPE_CHECKING:
    from commonplace.engine.view import View

BATCH = 100
MOST_REASONS = 100
FORMATS = (jsonl.FORMAT, *FOREIGN)

_ENTRIES_PER_PAGE = 1_000
_Known: TypeAlias = dict[tuple[Scope, str], Record]
_EPOCH = datetime.fromtimestamp(0, timezone.utc)
_FORGOTTEN = (
    "it was forgotten here since it was imported. To have it back, import into another scope"
)


@dataclass(frozen=True, slots=True)
class ImportReport(Presented):
    """What an import did: numbers of items, and why some were skipped.

    `read` items were found in what is of the `format`; of these `written` are new or changed,
    `unchanged` were here already, and `skipped` are not kept. `reasons` has the first 100 of
    those. `notes` has the first 100 of what was kept, and what of it was not. `format` names the
    format, or all of them, with commas, for a folder or archive of several. Of a dry run it is what
    an import would do.
    """

    read: int
    written: int
    unchanged: int
    skipped: int
    reasons: tuple[Skipped, ...]
    notes: tuple[Note, ...] = ()
    format: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        written = asdict(self)
        return {**written, "reasons": [*written["reasons"]], "notes": [*written["notes"]]}

    def __str__(self) -> str:
        """Return the numbers as a line."""
        return f"{self.written:,} written, {self.unchanged:,} unchanged, {self.skipped:,} skipped"


@dataclass(frozen=True, slots=True)
class _Rules:
    """How records of a format are let in, and what of two is compared."""

    allowed: Callable[[Record], Record]
    compared: Callable[[Record], Record]


def import_file(
    memory: View,
    format: str | None,
    path: Path,
    *,
    choices: Choices | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Import a file, folder or archive of one of the FORMATS into the memory's scope.

    Without a format, it is that of what is there, which may be several. Records keep their ids, or
    have ids that follow from where they stand: importing again changes nothing, and continues an
    import that was broken off. What was changed or forgotten here since stays so. What is unchanged
    is not embedded again. A progress bar is shown on a terminal. Raises InvalidInputError naming
    file and line for a file that cannot be read on; what stands before it has been imported.
    """
    run = _Run(memory, dry_run=dry_run)
    try:
        for part in parts_of(path, format, choices or Choices()):
            run.take(part)
    except InvalidInputError as error:
        done = run.report()
        if not done.read:
            raise
        raise InvalidInputError(f"{error} Before that, of {done.read:,} items: {done}.") from error
    return run.report()


class _Kept(NamedTuple):
    """An item that may be kept, its records at their place, and what the log holds of each."""

    item: Found
    told: list[tuple[Record, Entry]]


@dataclass(slots=True)
class _Tally:
    written: int = 0
    unchanged: int = 0
    skipped: int = 0
    reasons: list[Skipped] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def skip(self, where: str, reason: str) -> None:
        self.skipped += 1
        if len(self.reasons) < MOST_REASONS:
            self.reasons.append(Skipped(where, reason))

    def keep(self, item: Found, *, is_new: bool) -> None:
        self.written += is_new
        self.unchanged += not is_new
        room = MOST_REASONS - len(self.notes)
        self.notes += [Note(item.where, what) for what in item.notes[:room]]


class _Run:
    """One import on its way: each item is counted exactly once."""

    def __init__(self, memory: View, *, dry_run: bool) -> None:
        self._memory, self._is_dry = memory, dry_run
        self._rules = _Rules(allowed=memory._allowed, compared=_told)
        self._formats: dict[str, None] = {}
        self._engine = memory._engine
        self._at = self._engine.clock()
        self._log = ImportLog(memory)
        self._near: list[Record] = []
        self._tally = _Tally()

    def report(self) -> ImportReport:
        """Return what was done so far."""
        tally = self._tally
        return ImportReport(
            read=tally.written + tally.unchanged + tally.skipped,
            written=tally.written,
            unchanged=tally.unchanged,
            skipped=tally.skipped,
            reasons=tuple(tally.reasons),
            notes=tuple(tally.notes),
            format=", ".join(self._formats),
        )

    def take(self, part: Part) -> None:
        """Import items in batches; what stands before one that cannot be read as well."""
        from tqdm import tqdm

        if part.format:
            self._formats[part.format] = None
        # As it is: what Commonplace exported went through its rules before.
        is_own = part.format == jsonl.FORMAT
        self._rules = _Rules(
            allowed=_itself if is_own else self._memory._allowed,
            compared=_itself if is_own else _told,
        )
        try:
            for batch in _batches(self._kept(tqdm(part.items, unit=" items", disable=None))):
                self._write(batch)
        except InvalidInputError:
            self._keep_log()
            raise
        self._keep_log()

    def _kept(self, items: Iterable[Found | Skipped]) -> Iterator[_Kept]:
        """Yield the items that may be kept, with their records below the memory's scope."""
        for item in items:
            if isinstance(item, Skipped):
                self._tally.skip(item.where, item.reason)
                continue
            if all(one.is_expired(self._at) for one in item.records):
                self._tally.skip(item.where, "its time is over")
                continue
            try:
                yield _Kept(item, [self._placed(one) for one in item.records])
            except InvalidInputError as error:
                self._tally.skip(item.where, str(error))

    def _placed(self, record: Record) -> tuple[Record, Entry]:
        """Return a record below the memory's scope as it may be kept.

        What the log has in just these words went through the rules when it was imported.
        """
        scope = Scope(self._memory.path.names + record.scope.names)
        placed = replace(record, scope=scope)
        entry = entry_of(self._rules.compared(placed))
        if self._log.has_said(entry):
            return placed, entry
        allowed = self._rules.allowed(placed)
        return allowed, entry_of(self._rules.compared(allowed))

    def _write(self, batch: list[_Kept]) -> None:
        known = self._stored(batch)
        fresh: dict[tuple[Scope, str], Record] = {}
        taken: list[Record] = []
        noted: list[Entry] = []
        for item, told in batch:
            if all(self._is_forgotten(one, entry, known) for one, entry in told):
                self._tally.skip(item.where, _FORGOTTEN)
                continue
            new = [one for one, entry in told if self._is_new(one, entry, known)]
            if any((one.scope, one.id) in fresh for one in new):  # so that both are in the history
                self._write_all(fresh)
            known |= {(one.scope, one.id): one for one in new}
            fresh |= {(one.scope, one.id): one for one in new}
            taken += [one for one, _ in told]
            noted += [entry for _, entry in told]
            self._tally.keep(item, is_new=bool(new))
        self._write_all(fresh)
        # Only now: what the log says to be imported and is not there counts as forgotten.
        self._near = taken or self._near
        self._log.note(noted)
        if self._log.unwritten >= _ENTRIES_PER_PAGE:
            self._keep_log()

    def _write_all(self, fresh: dict[tuple[Scope, str], Record]) -> None:
        if fresh and not self._is_dry:
            self._engine.write(list(fresh.values()))
        fresh.clear()

    def _keep_log(self) -> None:
        """Write what was noted since the last page of the log."""
        page = self._log.page()
        if page is not None and not self._is_dry:
            self._engine.write([page], vectors=self._vectors())

    def _vectors(self) -> list[Vectors] | None:
        """Return vectors for a page of the log, which nobody looks for: those of a record here."""
        one = next((one for one in self._near if one.is_current), None)
        if one is None:
            return None
        try:
            return [self._engine.entries([one.scope], [one.id])[0].vectors[:1]]
        except RecordNotFoundError:
            return None  # it was forgotten meanwhile

    def _stored(self, batch: list[_Kept]) -> _Known:
        records = [one for kept in batch for one, _ in kept.told]
        scopes = list(dict.fromkeys(one.scope for one in records))
        held = self._engine.held(scopes, [one.id for one in records])
        return {(one.scope, one.id): one for one in held}

    def _is_forgotten(self, one: Record, entry: Entry, known: _Known) -> bool:
        was_imported = self._log.has(entry) and not self._log.is_of_this_run(entry)
        return was_imported and (one.scope, one.id) not in known

    def _is_new(self, one: Record, entry: Entry, known: _Known) -> bool:
        """Tell whether to write a record: not what was imported as it is, whatever became of it."""
        compared = self._rules.compared
        if self._log.has_said(entry) or self._is_forgotten(one, entry, known):
            return False
        old = known.get((one.scope, one.id))
        return old is None or compared(carried(old, one)) != compared(old)


def _batches(items: Iterable[_Kept]) -> Iterator[list[_Kept]]:
    """Yield the items in batches; the last one also when reading on fails."""
    batch: list[_Kept] = []
    try:
        for item in items:
            batch.append(item)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except InvalidInputError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _itself(record: Record) -> Record:
    return record


def _told(record: Record) -> Record:
    """Return what a foreign file says of a record, without what writing it adds.

    The time as well, since not every format has one.
    """
    return replace(
        record, created_at=_EPOCH, updated_at=None, trust=None, mentions=1, quarantine=None
    )
