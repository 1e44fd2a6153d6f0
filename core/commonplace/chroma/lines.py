"""Requests to a Chroma server that are sent now, and whose answers are read when they are wanted.

Chroma's client sends a request and waits for its answer. Here the caller works in between, and what
the client does of each request beside (checks, hooks, redirects) is left out: this is for the one
read that every call makes. Nothing is tried again: without an answer the caller asks through
Chroma's client, which tells what is wrong. So each request must be one that may be made twice.
"""

from __future__ import annotations

import json
import os
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

import h11
import httpcore

if TYPE_CHECKING:
    import httpx
    from chromadb.api.models.Collection import Collection

Answer = TypeVar("Answer")

_OWN_HEADERS = frozenset({b"host", b"content-length", b"accept-encoding", b"connection"})
_IDLE_SECONDS = 30.0
_BYTES_PER_READ = 65_536
_DONE = 200


@dataclass(frozen=True, slots=True)
class Awaited(Generic[Answer]):
    """The answer to something that was asked. Called, it waits and returns that."""

    wait: Callable[[], Answer]
    has_come: Callable[[], bool]
    """Tells whether there is nothing to wait for."""

    def __call__(self) -> Answer:
        return self.wait()


class Lines:
    """Connections to one Chroma server, each used by one thread at a time."""

    def __init__(self, server: Any) -> None:
        """Connect as Chroma's own way to `server` does: its headers, certificates and timeouts."""
        self._address, self._session = server._api_url, server._session
        self._idle: list[_Line] = []
        self._is_closed = False
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def asking(
        self, collection: Collection, what: str, body: Mapping[str, Any]
    ) -> Iterator[Awaited[Any]]:
        """Send a request about a collection; give what waits for the answer and returns it.

        It returns None if there is none, or the server refuses. It may be left out. Raises
        httpx.ReadTimeout if no answer comes in time: another would not come sooner.
        """
        line = self._asked(collection, what, body)
        try:
            yield known(None) if line is None else Awaited(line.answer, line.has_come)
        finally:
            self._put_back(line)

    def answer(self, collection: Collection, what: str, body: Mapping[str, Any]) -> Any:
        """Return the answer to a request, as `asking` does."""
        with self.asking(collection, what, body) as answered:
            return answered()

    def close(self) -> None:
        """Close what is not in use, and what is once its answer was read."""
        self._is_closed = True
        _close_all(self._idle)

    def _asked(self, collection: Collection, what: str, body: Mapping[str, Any]) -> _Line | None:
        import httpx

        if self._is_closed or self._session.is_closed:
            return None
        place = f"/tenants/{collection.tenant}/databases/{collection.database}"
        path = quote(f"{place}/collections/{collection.id}/{what}")
        url, line = httpx.URL(f"{self._address}{path}"), None
        try:
            line = self._line(url)
            line.send(url, self._session.headers.raw, json.dumps(body).encode())
        except (httpcore.NetworkError, httpcore.TimeoutException):
            if line is not None:
                line.close()
            return None
        return line

    def _line(self, url: httpx.URL) -> _Line:
        while self._idle:
            line = self._idle.pop()
            if line.is_usable:
                return line
            line.close()
        return _Line(self._connected(url), self._session.timeout)

    def _connected(self, url: httpx.URL) -> httpcore.NetworkStream:
        timeout = self._session.timeout.connect
        is_secret = url.scheme == "https"
        port = url.port or (443 if is_secret else 80)
        stream = httpcore.SyncBackend().connect_tcp(url.host, port, timeout)
        if not is_secret:
            return stream
        context = (
            getattr(_pool(self._session), "_ssl_context", None) or httpcore.default_ssl_context()
        )
        return stream.start_tls(context, url.host, timeout)

    def _put_back(self, line: _Line | None) -> None:
        if line is None:
            return
        if line.is_free and not self._is_closed:
            self._idle.append(line)
        else:
            line.close()  # whoever used it next would read an answer that is not theirs


class _Line:
    """One connection, on which something is asked, and then heard."""

    def __init__(self, stream: httpcore.NetworkStream, timeout: httpx.Timeout) -> None:
        self._stream, self._timeout = stream, timeout
        self._speech = h11.Connection(h11.CLIENT)
        self._used_at = time.monotonic()
        self._process = os.getpid()

    @property
    def is_free(self) -> bool:
        """Tell whether the answer was heard, and more may be asked."""
        return self._speech.states == {h11.CLIENT: h11.IDLE, h11.SERVER: h11.IDLE}

    @property
    def is_usable(self) -> bool:
        """Tell whether it is still connected, and this process's own."""
        is_recent = time.monotonic() - self._used_at < _IDLE_SECONDS
        is_ours = self._process == os.getpid()
        return is_ours and is_recent and not self._stream.get_extra_info("is_readable")

    def send(self, url: httpx.URL, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a request. Raises httpcore's errors."""
        others = [one for one in headers if one[0].lower() not in _OWN_HEADERS]
        length = (b"content-length", str(len(body)).encode())
        asked = h11.Request(
            method="POST", target=url.raw_path, headers=[(b"host", url.netloc), *others, length]
        )
        events: list[h11.Event] = [asked, h11.Data(data=body), h11.EndOfMessage()]
        written = b"".join(self._speech.send(one) or b"" for one in events)
        self._stream.write(written, self._timeout.write)

    def answer(self) -> Any:
        """Wait for the answer; None if there is none. Raises httpx.ReadTimeout."""
        import httpx

        try:
            status, body = self._heard()
            if self._speech.their_state is h11.DONE:
                self._speech.start_next_cycle()
                self._used_at = time.monotonic()
            return json.loads(body) if status == _DONE else None
        except httpcore.TimeoutException as error:
            raise httpx.ReadTimeout(str(error)) from error
        except (httpcore.NetworkError, h11.RemoteProtocolError, ValueError):
            return None

    def has_come(self) -> bool:
        """Tell whether an answer has begun to come, or the connection was closed."""
        return bool(self._stream.get_extra_info("is_readable"))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def _heard(self) -> tuple[int, bytes]:
        status, body = 0, b""
        while not isinstance(event := self._speech.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                read = self._stream.read(_BYTES_PER_READ, self._timeout.read)
                self._speech.receive_data(read)
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
        return status, body


def known(answer: Answer) -> Awaited[Answer]:
    """Return what waits for nothing."""
    return Awaited(lambda: answer, lambda: True)


def lines_of(client: Any) -> Lines | None:
    """Return lines to the server of a Chroma client; None if it is not reached by plain HTTP/1.1.

    A client in this process has no server. Through a proxy, or with a session that its user has
    made another of, requests go the way that was set up for them.
    """
    # What chromadb and httpx call theirs: where they call it otherwise, they send it themselves.
    server = getattr(client, "_server", None)
    session = getattr(server, "_session", None)
    if session is None or session.auth is not None or any(session.event_hooks.values()):
        return None
    is_direct = type(_pool(session)) is httpcore.ConnectionPool
    is_plain = is_direct and not getattr(session, "_mounts", True) and hasattr(server, "_api_url")
    return Lines(server) if is_plain else None


def _close_all(lines: list[_Line]) -> None:
    while lines:
        lines.pop().close()


def _pool(session: httpx.Client) -> Any:
    return getattr(session._transport, "_pool", None)  # there is no other way to know
