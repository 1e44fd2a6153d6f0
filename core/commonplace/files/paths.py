"""Paths that a user gives: to a file or folder of this machine."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path
from urllib.parse import unquote, urlsplit

from commonplace.errors import InvalidInputError

# Drives of Windows have one letter. A Path has lost the second slash.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|(?:file|https?):", re.IGNORECASE)
# Up to the last @: people write passwords into addresses as they are, with slashes and others.
_PASSWORD = re.compile(r"(?<=/)([^/@:]*):.*@", re.DOTALL)
_HOST = re.compile(r"(?:[\w-]{1,63}\.)*[\w-]{1,63}:\d{2,5}/?", re.ASCII)


def local_path(path: object, what: str = "A path is the name of a file or folder") -> Path:
    """Return a path as it is meant, ``~`` read as the user's home.

    Raises InvalidInputError, beginning with `what`, for what is no path, and for a URL.
    """
    if not isinstance(path, (str, PathLike)) or not str(path) or "\x00" in str(path):
        raise InvalidInputError(f"{what}, not {path!r}.")
    if _URL.match(written := str(path)):
        shown = without_password(written)
        raise InvalidInputError(f"{what}, not the URL {shown!r}. {_instead(written)}")
    if _HOST.fullmatch(written) and not Path(written).exists():
        raise InvalidInputError(
            f"{what}, and {written!r} is the address of a host. A server's begins with http:// or "
            f"https://; a file or folder of that name is './{written}'."
        )
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise InvalidInputError(f"{what}, and {written!r} is none here: {error}") from error


def without_password(url: str) -> str:
    """Return an address as errors may show it: they are logged."""
    return _PASSWORD.sub(r"\1:***@", url)


def _instead(url: str) -> str:
    if url.lower().startswith("file:"):
        return f"Give the path alone: {unquote(urlsplit(url).path)!r}."
    if url.lower().startswith(("http:", "https:")):
        return "Only a store is opened at an address, and a file has to be downloaded first."
    return "Only http and https addresses are opened, of a Commonplace server."
