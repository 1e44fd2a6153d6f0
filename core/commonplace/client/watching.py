"""Waits long for an answer, but only while the server gives signs of life."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

import httpcore

from commonplace.client.unix_stream import UnixStream


class Watching(httpcore.NetworkBackend):
    """Connections on which an answer may take as long as it does, while `is_alive` says so.

    A bulk import may take minutes, and a suspended server never answers: only asking it something
    else tells one from the other.
    """

    def __init__(self, is_alive: Callable[[], bool], silence_seconds: float) -> None:
        """Call `is_alive` whenever nothing has arrived for `silence_seconds`."""
        self._is_alive = is_alive
        self._silence_seconds = silence_seconds
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return self._watched(
            self._plain.connect_tcp(host, port, timeout, local_address, socket_options)
        )

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002  # the pool gives none here
    ) -> httpcore.NetworkStream:
        return self._watched(UnixStream(path, timeout))

    def _watched(self, stream: httpcore.NetworkStream) -> httpcore.NetworkStream:
        return _Watched(stream, self._is_alive, self._silence_seconds)


class _Watched(httpcore.NetworkStream):
    """A connection whose reads look after the server."""

    def __init__(
        self,
        stream: httpcore.NetworkStream,
        is_alive: Callable[[], bool],
        silence_seconds: float,
    ) -> None:
        self._stream = stream
        self._is_alive = is_alive
        self._silence_seconds = silence_seconds

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        ends_at = monotonic() + (timeout or 0.0)
        while True:
            remaining = ends_at - monotonic()
            try:
                return self._stream.read(max_bytes, min(max(remaining, 0), self._silence_seconds))
            except httpcore.ReadTimeout:
                if remaining <= self._silence_seconds or not self._is_alive():
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Watched(secured, self._is_alive, self._silence_seconds)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
