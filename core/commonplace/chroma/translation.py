"""The one place where Chroma's errors become ours. It imports nothing of Chroma by itself."""

from __future__ import annotations

import errno
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commonplace.errors import CommonplaceError, StoreDamagedError, StoreError, StoreFormatError

_DAMAGE = (
    *("not a database", "malformed", "corrupt", "Inconsistent hash"),
    *("Error getting embedding", "Error finding id", "Error loading hnsw index"),
    *("Error deserializing pickle", "Nothing found on disk"),
)

_FULL = (errno.ENOSPC, errno.EDQUOT)
# What SQLite says of a file that may be whole, and cannot be had for now.
_OUT_OF_REACH = ("disk is full", "I/O error", "unable to open", "readonly", "is locked")

_NO_LISTS = "did not match any variant of untagged enum MetadataValue"
"""What servers of chromadb 1.0 say of a list in metadata."""

_REFUSALS = ("forbidden", "unauthorized", "not authorized", "permission")

# An AttributeError is what a client gives that was closed.
_RAISED = (sqlite3.Error, OSError, ValueError, TypeError, KeyError, AttributeError)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise what Chroma or the file system raises within as a StoreError, the cause chained.

    `doing` completes "While …", such as ``reading user/alice``.
    """
    try:
        yield
    except CommonplaceError:
        raise
    except Exception as error:
        # A bare Exception is what its client makes of what a proxy before a server answers.
        is_known = isinstance(error, (*_RAISED, *_of_chroma("ChromaError"), *_of_httpx()))
        if not is_known and type(error) is not Exception:
            raise
        raise _translation(doing, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the Rust engine's, a bare BaseException
            raise
        raise StoreDamagedError(f"While {doing}, Chroma's engine gave up: {error}") from error


@contextmanager
def in_reach(file: Path) -> Iterator[None]:
    """Raise StoreError for what keeps SQLite from a file that may be whole: it is no damage.

    Whoever is told of damage gives up what a full disk alone keeps from them.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        if not any(sign in str(error) for sign in _OUT_OF_REACH):
            raise
        raise StoreError(
            f"{str(file)!r} cannot be read now ({error}). It need not be damaged, and nothing was "
            "changed: make room on the disk, see that this process may write there and that no "
            "other program has the file open, and try again."
        ) from error


def is_not_found(error: BaseException | None) -> bool:
    """Tell whether this is Chroma's word that there is no such collection."""
    return isinstance(error, _of_chroma("NotFoundError"))


def is_quota(error: BaseException) -> bool:
    """Tell whether this is a server's word that so much at once is more than its quota."""
    is_told = isinstance(error, _of_chroma("ChromaError")) or type(error) is Exception
    return is_told and "quota" in str(error).lower()


def is_refused(error: BaseException) -> bool:
    """Tell whether this is a server's word that what it was sent does not allow that."""
    is_plain = type(error) is Exception  # all that Chroma makes of an answer that it cannot read
    return isinstance(
        error, (*_of_chroma("AuthorizationError"), *_of_chroma("ChromaAuthError"))
    ) or (is_plain and any(sign in str(error).lower() for sign in _REFUSALS))


def status_of(error: BaseException) -> int | None:
    """Return the status of the answer that Chroma's client made an error of, if it says so.

    What a proxy answers, the client raises as a bare Exception, with the answer as its context.
    """
    context: Any = error if hasattr(error, "response") else error.__context__
    response = getattr(context, "response", None)
    return getattr(response, "status_code", None)


def _of_chroma(name: str) -> tuple[type[BaseException], ...]:
    """Return the error that Chroma calls so; none if Chroma was not imported, nor can raise it."""
    errors = sys.modules.get("chromadb.errors")
    return () if errors is None else (getattr(errors, name),)


def _of_httpx() -> tuple[type[BaseException], ...]:
    """Return what a client raises to whom no server answers; none if httpx was not imported."""
    httpx = sys.modules.get("httpx")
    return () if httpx is None else (httpx.HTTPError,)


def _translation(doing: str, error: Exception) -> StoreError:
    said = f"{type(error).__name__}: {error}"
    if any(sign in said for sign in _DAMAGE):
        return StoreDamagedError(
            f"While {doing}, a file of the store could not be read ({said}). "
            "If it is a directory's, run `commonplace doctor --repair` on that, or restore it from "
            "a backup. If it is a Chroma server's, restore the backup of that server."
        )
    if isinstance(error, OSError) and error.errno in _FULL:
        return StoreError(
            f"While {doing}, there was no room on the disk ({error}). Make some and try again."
        )
    if is_refused(error) or status_of(error) in (401, 403):
        return StoreError(
            f"While {doing}, the Chroma server refused what it was sent ({said}). Its token is "
            "wrong, was taken back, or does not allow that."
        )
    if _NO_LISTS in said:
        return StoreFormatError(
            f"While {doing}, the Chroma server refused a list in metadata ({said}). It is older "
            "than the one of chromadb 1.5.9: upgrade it with pip install --upgrade chromadb."
        )
    return StoreError(f"While {doing}, the store failed ({said}).")
