"""Whether the ledger in a directory is that of its Chroma database, and how far that was fed."""

from __future__ import annotations

import logging
from contextlib import closing, suppress
from pathlib import Path

from commonplace.chroma import ledger_file, ledger_seal
from commonplace.chroma.database_file import fed_in, fed_of, state_of
from commonplace.chroma.feeding import feed
from commonplace.chroma.files import ChromaFiles
from commonplace.chroma.ledger import Ledger
from commonplace.chroma.ledger_file import LEDGER, Fed, Said
from commonplace.chroma.sealing import CHROMA
from commonplace.chroma.translation import translated
from commonplace.errors import StoreDamagedError
from commonplace.values.scope import Scope

# While this file is there, the ledger may hold what Chroma does not.
UNFED = "unfed"
_COPY = "mirror.sqlite3"
_OF_FED = ("ledger", "fed")
_CHANGES_PER_STEP = 1_000
_log = logging.getLogger(__name__)


def is_new(directory: Path, chroma: ChromaFiles) -> bool:
    """Tell whether nothing was ever written in a directory."""
    return not chroma.has_database() and not any(
        (directory / name).exists() for name in (LEDGER, UNFED)
    )


def ledger_of(directory: Path, chroma: ChromaFiles) -> Ledger:
    """Open the ledger of a directory, and make one if there is none that can be believed.

    Raises StoreDamagedError if there is none and Chroma does not have everything, StoreFormatError
    for a newer one, StoreError.
    """
    file, state = directory / LEDGER, state_of(chroma.path)
    if chroma.is_being_rewritten():
        return _after_rewriting(directory, chroma)
    ledger = _read(file)
    if ledger is None:
        ledger_file.bring_over(directory / _COPY, file, state)
        ledger = _read(file)
    ledger_file.remove(directory / _COPY)
    if ledger is None:
        return _begun(directory, chroma)
    if ledger.said.beside == state:
        return ledger
    fed = fed_in(chroma.path)
    if ledger.said.belongs_to(fed):
        return _caught_up(ledger, fed)
    ledger.close()
    _refuse_older(file, chroma, ledger.said, fed)
    return _begun(directory, chroma)


def was_read(directory: Path, before: str) -> None:
    """Take note that Chroma's database was only read since it was in this state."""
    with suppress(StoreDamagedError):  # one that cannot be read is begun anew
        file = directory / LEDGER
        if not ledger_file.is_there(file) or ledger_seal.was_changed(file):
            return
        with closing(Ledger(file)) as ledger:
            if ledger.said.beside == before:
                ledger.stands_beside(state_of(directory / CHROMA))
        ledger_seal.seal(file)


def _read(file: Path) -> Ledger | None:
    """Open a ledger, None if there is none that can be read and Chroma has everything."""
    if not file.with_name(UNFED).exists() and ledger_seal.was_changed(file):
        _log.warning("The ledger %r was changed since it was closed: it is begun anew.", str(file))
        ledger_file.remove(file)
    with translated(f"opening {str(file)!r}"):
        ledger_seal.unseal(file)
    try:
        return Ledger(file) if ledger_file.is_there(file) else None
    except StoreDamagedError as error:
        if file.with_name(UNFED).exists():
            raise StoreDamagedError(f"{error} {_what_to_do(file)}") from error
        _log.warning("%s Chroma has everything that was in it, so it is begun anew.", error)
        return None


def _begun(directory: Path, chroma: ChromaFiles) -> Ledger:
    """Begin a ledger. It covers everything if there is no database yet, and else nothing."""
    file = directory / LEDGER
    _check_fed(file)
    if not chroma.has_database():
        ledger_file.make(file, None, "", "")
        ledger = Ledger(file)
        ledger.cover(Scope(), [])
        return ledger
    chroma.start()
    mark = chroma.mark
    fed = None if mark is None else fed_of(mark)
    told = None if mark is None else {name: mark[name] for name in mark if name not in _OF_FED}
    follows = "" if fed is None else str(fed)
    ledger_file.make(file, told, follows, state_of(chroma.path))
    return Ledger(file)


def _caught_up(ledger: Ledger, fed: Fed | None) -> Ledger:
    """Bring a ledger up to date with a process that ended while it had Chroma open."""
    if fed is not None and fed.name == ledger.said.name:
        ledger.skip(fed.sequence)
    if ledger.said.beside is not None:
        ledger.uncover()  # another program has opened the database since
    return ledger


def _after_rewriting(directory: Path, chroma: ChromaFiles) -> Ledger:
    """Finish what was begun. The ledger may be out of step, and have what was to be erased."""
    file = directory / LEDGER
    ledger = _read(file)
    fed = fed_in(chroma.path)
    chroma.finish_rewriting()
    if ledger is not None and ledger.said.belongs_to(fed):
        ledger = _caught_up(ledger, fed)
        while ledger.waiting.changes:  # nothing is, unless the power failed
            feed(chroma, ledger, ledger.pending(_CHANGES_PER_STEP))
        file.with_name(UNFED).unlink(missing_ok=True)
    if ledger is not None:
        ledger.close()
    _check_fed(file)
    ledger_file.remove(file)
    ledger_file.remove(directory / _COPY)
    return _begun(directory, chroma)


def _check_fed(file: Path) -> None:
    """Raise StoreDamagedError if there was a ledger with what Chroma does not have."""
    if file.with_name(UNFED).exists():
        raise StoreDamagedError(
            f"The ledger {str(file)!r} is missing, or another one is there. {_what_to_do(file)}"
        )


def _refuse_older(file: Path, chroma: ChromaFiles, said: Said, fed: Fed | None) -> None:
    if said.is_ahead_of(fed):
        if chroma.has_database():
            chroma.start()  # it may be refused for what it says of itself
        raise StoreDamagedError(
            f"The database in {str(chroma.path)!r} is older than its ledger {str(file)!r}, or "
            "missing. Put back the newer one. To go on with the older one, remove the ledger."
        )


def _what_to_do(file: Path) -> str:
    return (
        "It has writes that Chroma does not. Put it back, or restore the directory from a backup; "
        f"to go on with what Chroma has, remove {str(file.with_name(UNFED))!r}."
    )
