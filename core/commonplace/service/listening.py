"""Where a server listens: a socket for this user alone, and if asked a port for other machines."""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from commonplace.client.address import UNIX
from commonplace.errors import InvalidInputError
from commonplace.files.private_file import make_private, make_private_folder

RUN = "run"
# The shortest limit of the common systems on the path of a socket, its end included.
_MAX_SOCKET_PATH = 100


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket, its address, and the token that it asks for, if any."""

    socket: socket.socket
    address: str
    token: str | None = None

    def close(self) -> None:
        """Stop listening, and remove the socket's file."""
        self.socket.close()
        if self.address.startswith(UNIX):
            path = Path(self.address.removeprefix(UNIX))
            with suppress(OSError):
                path.unlink()
                path.parent.rmdir()


def local(directory: Path) -> Listener:
    """Listen for this user's processes on this machine."""
    if hasattr(socket, "AF_UNIX"):
        return _unix(directory)
    listening = tcp("127.0.0.1", 0)
    return Listener(listening.socket, listening.address, secrets.token_urlsafe(32))


def tcp(host: str, port: int, scheme: str = "http") -> Listener:
    """Listen on a port; 0 takes a free one. Raises InvalidInputError if it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=1_024)
    except (OSError, OverflowError, UnicodeError) as error:
        raise InvalidInputError(
            f"The server cannot listen on {host!r}, port {port} ({error}). Give an address of this "
            "machine and a free port; port 0 takes any."
        ) from error
    shown = f"[{host}]" if family == socket.AF_INET6 else host
    return Listener(listening, f"{scheme}://{shown}:{listening.getsockname()[1]}")


def _unix(directory: Path) -> Listener:
    # Some systems ignore the permissions of a socket but none those of the directory around it.
    private = directory / RUN
    make_private_folder(private)
    make_private(private)
    path = private / "socket"
    if len(os.fsencode(path)) > _MAX_SOCKET_PATH:
        path = Path(tempfile.mkdtemp(prefix="commonplace-")) / "socket"
    with suppress(FileNotFoundError):
        path.unlink()  # of a server that was killed: this process holds the directory's lock
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    path.chmod(0o600)
    listening.listen(1_024)
    return Listener(listening, f"{UNIX}{path}")
