"""ZIP archives from outside: members are read in place, within limits, and never unpacked."""

from __future__ import annotations

import re
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

from commonplace.errors import InvalidInputError
from commonplace.transfer.compressed import MAX_RATIO, SMALL

MAX_UNPACKED_BYTES = 20_000_000_000


def is_archive(path: Path) -> bool:
    """Tell whether a file is a ZIP archive."""
    return path.is_file() and is_zipfile(path)


def member_names(path: Path) -> list[str]:
    """Return the file names of the members, without their folders. Raises InvalidInputError."""
    try:
        with ZipFile(path) as archive:
            return [one.filename.rpartition("/")[2] for one in archive.infolist()]
    except (BadZipFile, OSError) as error:
        raise InvalidInputError(f"{str(path)!r} cannot be read ({error}).") from error


@contextmanager
def members(path: Path, pattern: str) -> Iterator[Iterator[tuple[str, BinaryIO]]]:
    """Give name and contents of the members whose file name matches `pattern` as a whole.

    A member's folder does not matter, and each is open until the next is asked for. Raises
    InvalidInputError if there is none, for a member that unpacks to
    200 times its size, for more than 20 GB in all, and for what cannot be read.
    """
    try:
        with ZipFile(path) as archive:
            found = [one for one in archive.infolist() if _matches(one, pattern)]
            _check(found, path)
            with closing(_opened(archive, found)) as opened:  # also if reading one breaks off
                yield opened
    except (BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise InvalidInputError(
            f"{str(path)!r} is not a whole ZIP archive that can be read ({error})."
        ) from error


def _opened(archive: ZipFile, found: list[ZipInfo]) -> Generator[tuple[str, BinaryIO], None, None]:
    for one in found:
        with archive.open(one) as member:
            yield one.filename, cast("BinaryIO", member)


def _matches(one: ZipInfo, pattern: str) -> bool:
    return re.fullmatch(pattern, one.filename.rpartition("/")[2]) is not None


def _check(found: list[ZipInfo], path: Path) -> None:
    if not found:
        raise InvalidInputError(f"The archive {str(path)!r} holds no file of this format.")
    if sum(one.file_size for one in found) > MAX_UNPACKED_BYTES:
        raise InvalidInputError(
            f"The archive {str(path)!r} unpacks to more than {MAX_UNPACKED_BYTES:,} bytes, the "
            "limit. Import the files in it one by one."
        )
    for one in found:
        if one.file_size > max(SMALL, MAX_RATIO * one.compress_size):
            raise InvalidInputError(
                f"{one.filename!r} in {str(path)!r} unpacks to more than {MAX_RATIO} times its "
                "size, as no JSON text does. If you trust it, unpack it and import the file."
            )
