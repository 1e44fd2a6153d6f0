"""Archives from outside, unpacked into a folder of their own: ZIP and tar, within limits."""

from __future__ import annotations

import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import mktime
from typing import IO, NamedTuple, cast
from zipfile import BadZipFile, ZipFile, is_zipfile

from commonplace.errors import InvalidInputError
from commonplace.transfer.archives import MAX_UNPACKED_BYTES
from commonplace.transfer.compressed import ENDINGS, MAX_RATIO, SMALL
from commonplace.transfer.reading import Skipped, opened

_PIECE = 1_000_000
_MAGIC = slice(257, 262)  # where a tar file says "ustar"
_TAR_ENDINGS = (".tar", ".tgz", ".tzst", *(f".tar{one}" for one in ENDINGS))
_BROKEN = (BadZipFile, tarfile.TarError, zlib.error, NotImplementedError, RuntimeError, EOFError)


class Budget:
    """How many bytes may still be unpacked: shared by an archive and those within it."""

    def __init__(self, path: Path) -> None:
        """Allow what the archive at `path` may unpack to."""
        self._path = path
        most = max(SMALL, MAX_RATIO * path.stat().st_size)
        self._left = self._most = min(most, MAX_UNPACKED_BYTES)

    def spend(self, count: int) -> None:
        """Count bytes that were unpacked. Raises InvalidInputError if there are too many."""
        self._left -= count
        if self._left < 0:
            raise InvalidInputError(
                f"{str(self._path)!r} unpacks to more than {self._most:,} bytes, {MAX_RATIO} times "
                "its size or the limit. If you trust it, unpack it and import the folder."
            )


class _Member(NamedTuple):
    """A file of an archive. `content` is None for what is no file, such as a link."""

    name: str
    changed: float | None
    content: IO[bytes] | None


def is_packed(path: Path) -> bool:
    """Tell whether a file is an archive that `unpacked` unpacks."""
    return path.is_file() and (is_zipfile(path) or _is_tar(path))


@contextmanager
def unpacked(path: Path, budget: Budget) -> Iterator[tuple[Path, list[Skipped]]]:
    """Give a folder with the files of an archive, and what of it was left out, with reasons.

    The folder has the name and time of the archive and is removed afterwards. Nothing is written
    outside of it, and no link is made. Raises InvalidInputError for what cannot be read, and for
    more bytes than `budget` has.
    """
    with TemporaryDirectory(prefix="commonplace-") as parent:
        folder = Path(parent) / _stem(path.name)
        folder.mkdir()
        members = _zip_members(path) if is_zipfile(path) else _tar_members(path)
        try:
            written = [(one.name, _write(one, folder, budget)) for one in members]
        except (*_BROKEN, OSError) as error:
            raise InvalidInputError(
                f"{str(path)!r} cannot be unpacked ({error}). If it is whole, unpack it yourself "
                "and import the folder."
            ) from error
        os.utime(folder, (path.stat().st_mtime, path.stat().st_mtime))
        yield folder, [Skipped(f"{path}: {name}", reason) for name, reason in written if reason]


def _is_tar(path: Path) -> bool:
    if not path.name.lower().endswith(_TAR_ENDINGS):
        return False
    try:
        with opened(path) as file:
            return file.read(_MAGIC.stop)[_MAGIC] == b"ustar"
    except InvalidInputError:
        return False  # whoever reads it will say why it cannot be read


def _zip_members(path: Path) -> Iterator[_Member]:
    with ZipFile(path) as archive:
        for one in archive.infolist():
            if not one.is_dir():
                changed = mktime((*one.date_time, 0, 0, -1)) if one.date_time[0] > 1980 else None
                with archive.open(one) as content:
                    yield _Member(one.filename, changed, content)


def _tar_members(path: Path) -> Iterator[_Member]:
    with opened(path) as file, tarfile.open(fileobj=cast("IO[bytes]", file), mode="r|") as archive:
        for one in archive:
            if not one.isdir():
                yield _Member(
                    one.name, one.mtime, archive.extractfile(one) if one.isreg() else None
                )


def _write(member: _Member, folder: Path, budget: Budget) -> str | None:
    """Write a member below the folder; return why not."""
    parts = [one for one in member.name.replace("\\", "/").split("/") if one not in ("", ".")]
    if member.content is None:
        return "it is a link or a device, not a file"
    if not parts or ".." in parts or member.name.startswith("/") or ":" in parts[0]:
        return "its name leads out of the archive"
    target = folder.joinpath(*parts)
    if target.exists():
        return "the archive holds another file of this name"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        while piece := member.content.read(_PIECE):
            budget.spend(len(piece))
            file.write(piece)
    if member.changed is not None:
        os.utime(target, (member.changed, member.changed))
    return None


def _stem(name: str) -> str:
    """Return the name of an archive without what tells that it is one."""
    lower = name.lower()
    ending = next((one for one in sorted(_TAR_ENDINGS, key=len)[::-1] if lower.endswith(one)), None)
    return (name[: -len(ending)] if ending else Path(name).stem) or "archive"


def free_of(text: str, folder: Path, path: Path) -> str:
    """Return a text that names files of the folder as files of the archive."""
    return text.replace(f"{folder}{os.sep}", f"{path}: ").replace(str(folder), str(path))
