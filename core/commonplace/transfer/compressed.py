"""Single compressed files, gzip and Zstandard: unpacked as they are read, within a limit."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

from commonplace.errors import InvalidInputError

ENDINGS = (".gz", ".zst")
MAX_RATIO = 200  # JSON shrinks to a fifth or a twentieth; a bomb to a thousandth
SMALL = 1_000_000  # a short text of one word may shrink to anything

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


def unpacked(file: BinaryIO, path: Path) -> BinaryIO:
    """Return a file as it is, or what is compressed in it: its first bytes tell.

    Raises InvalidInputError for Zstandard where Python cannot unpack it.
    """
    head = file.read(4)
    file.seek(0)
    if head.startswith(_GZIP):
        return _read_as(gzip.GzipFile(fileobj=file), path, ())
    if head == _ZSTD:
        return _zstandard(file, path)
    return file


def _zstandard(file: BinaryIO, path: Path) -> BinaryIO:
    try:
        import zstandard
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            f"{str(path)!r} is compressed with Zstandard. Unpack it (zstd -d), or install what "
            "reads it: pip install zstandard"
        ) from error
    stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
    return _read_as(stream, path, (zstandard.ZstdError,))


def _read_as(stream: Any, path: Path, errors: tuple[type[Exception], ...]) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(_Counted(stream, path, errors)))


class _Counted(io.RawIOBase):
    """An unpacking stream that stops where it gives more than text does."""

    def __init__(self, stream: Any, path: Path, errors: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self._stream, self._path, self._given = stream, path, 0
        self._errors: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, *errors)
        self._most = max(SMALL, MAX_RATIO * path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._stream.read(len(buffer))
        except self._errors as error:
            raise InvalidInputError(
                f"{str(self._path)!r} cannot be unpacked ({error}). It is damaged or was cut off: "
                "get it again. What stands before is imported."
            ) from error
        self._given += len(data)
        if self._given > self._most:
            raise InvalidInputError(
                f"{str(self._path)!r} unpacks to more than {MAX_RATIO} times its size, as no text "
                "does. If you trust it, unpack it and import the file."
            )
        buffer[: len(data)] = data
        return len(data)
