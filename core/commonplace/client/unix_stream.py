"""A Unix socket as a connection: httpcore leaves its own open where nobody listens."""

from __future__ import annotations

import select
import socket
from typing import Any

import httpcore


class UnixStream(httpcore.NetworkStream):
    """A connection to the server that listens at a path of this machine."""

    def __init__(self, path: str, timeout: float | None) -> None:
        """Connect within `timeout` seconds.

        Raises ConnectTimeout, or ConnectError where nobody listens; no socket is left open then.
        """
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(timeout)
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            kind = httpcore.ConnectTimeout if _timed_out(error) else httpcore.ConnectError
            raise kind(str(error)) from error

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._socket.settimeout(timeout)
            return self._socket.recv(max_bytes)
        except OSError as error:
            kind = httpcore.ReadTimeout if _timed_out(error) else httpcore.ReadError
            raise kind(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        try:
            self._socket.settimeout(timeout)
            while rest:  # each part may take as long as `timeout`
                rest = rest[self._socket.send(rest) :]
        except OSError as error:
            kind = httpcore.WriteTimeout if _timed_out(error) else httpcore.WriteError
            raise kind(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        """Tell whether something can be read, as the pool asks; nothing else is known."""
        return self._is_readable() if info == "is_readable" else None

    def _is_readable(self) -> bool:
        """Return whether a read would return at once: on an idle connection, that it is over."""
        if self._socket.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))


def _timed_out(error: OSError) -> bool:
    # On Python 3.10 and later a socket's timeout is this error.
    return isinstance(error, TimeoutError)
