"""Requests to a server: repeated when it went away, from any thread and any forked process."""

from __future__ import annotations

import json
import os
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import httpcore
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential

from commonplace.client.address import UNIX, Address
from commonplace.client.watching import Watching
from commonplace.client.wire import error_from_json
from commonplace.errors import InvalidInputError, ServerUnavailableError, StoreError

REPEATED = "x-commonplace-repeated"
# A request waits for the writes before it, and a bulk import embeds for long.
ANSWER_SECONDS = 900.0
# A server that gives no sign of life for so long is suspended, or its machine is gone.
SILENCE_SECONDS = 15.0
_CONNECT_SECONDS = 5.0
_RETRY_SECONDS = 45.0
_GONE = (httpcore.NetworkError, httpcore.ConnectTimeout, httpcore.RemoteProtocolError)


class _EndingError(ServerUnavailableError):
    """The server says that it ends: it did nothing, and another may take its place."""


def _may_come_back(error: BaseException) -> bool:
    """Tell whether to try again: a certificate that is not trusted will not be the next time."""
    is_gone = isinstance(error, _GONE) and not isinstance(error.__cause__, ssl.SSLError)
    return is_gone or isinstance(error, _EndingError)


class Connection:
    """The way to one server. Safe to use from several threads."""

    def __init__(
        self,
        locate: Callable[[], Address],
        *,
        silence_seconds: float = SILENCE_SECONDS,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        """Ask `locate` where the server is, now and whenever it went away.

        A request that got no answer since the server went away is sent again for `retry_seconds`.
        """
        self._locate = locate
        self._silence_seconds = silence_seconds
        self._retry_seconds = retry_seconds
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._failure: tuple[float, StoreError] | None = None
        self._process = os.getpid()

    def call(self, path: str, body: Mapping[str, Any]) -> Any:
        """Post `body` and return the answer. A request that got none is sent again.

        Raises the error that the server reports, or ServerUnavailableError.
        """
        retrying = Retrying(
            retry=retry_if_exception(_may_come_back),
            stop=stop_after_delay(self._retry_seconds),
            wait=wait_exponential(multiplier=0.02, max=1.0),
            reraise=True,
        )
        try:
            for attempt in retrying:
                with attempt:
                    repeated = attempt.retry_state.attempt_number > 1
                    return self._sent(path, body, repeated=repeated)
        except _GONE as error:
            raise ServerUnavailableError(
                f"The memory's server does not answer ({type(error).__name__}: {error}). "
                "Is it running, and reachable from here?"
            ) from error
        raise AssertionError("tenacity ends by returning or raising")

    def close(self) -> None:
        """Let the server go. May be called again; a later call connects anew."""
        self._leave_parent()
        with self._lock:
            if self._line is not None:
                self._line.close()
            self._line = None

    def _sent(self, path: str, body: Mapping[str, Any], *, repeated: bool) -> Any:
        line = self._connected()
        try:
            status, said = line.post(path, body, {REPEATED: "1"} if repeated else {})
        except (httpcore.ReadTimeout, httpcore.WriteTimeout) as error:
            raise ServerUnavailableError(
                f"The memory's server does not answer: no sign of it for "
                f"{self._silence_seconds:g} s. It may be suspended or out of memory."
            ) from error
        except (*_GONE, _EndingError):
            self._drop(line)
            raise
        if status == 200:
            return said
        raise error_from_json(said)

    def _connected(self) -> Line:
        self._leave_parent()
        asked_at = monotonic()
        with self._lock:
            if self._line is None:
                if self._failure is not None and self._failure[0] > asked_at:
                    raise self._failure[1]  # while this thread waited, another has tried in vain
                try:
                    self._line = Line(self._locate(), silence_seconds=self._silence_seconds)
                except StoreError as error:
                    self._failure = monotonic(), error
                    raise
            return self._line

    def _leave_parent(self) -> None:
        """Begin anew in a forked process: the parent's sockets and lock are not this one's."""
        if self._process != os.getpid():
            self._begin()

    def _drop(self, line: Line) -> None:
        with self._lock:
            if self._line is line:
                self._line = None


class Line:
    """HTTP with the server at one address."""

    def __init__(
        self,
        address: Address,
        seconds: float = ANSWER_SECONDS,
        *,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        """Wait for an answer at most `seconds`, and for a sign of life `silence_seconds`.

        Raises InvalidInputError for no address.
        """
        is_local = address.url.startswith(UNIX)
        if not is_local and re.search(r"[\s\x00-\x1f]", address.url):
            raise InvalidInputError(f"{address.url!r} is not the address of a server.")
        self._base = "http://commonplace" if is_local else address.url.rstrip("/")
        self._headers = [("content-type", "application/json")]
        if address.key:
            self._headers.append(("authorization", f"Bearer {address.key}"))
        self._address = address
        connect = min(seconds, _CONNECT_SECONDS)
        timeout = {"connect": connect, "read": seconds, "write": silence_seconds, "pool": seconds}
        self._extensions = {"timeout": timeout}
        self._pool = httpcore.ConnectionPool(
            uds=address.url.removeprefix(UNIX) if is_local else None,
            max_connections=None,
            network_backend=Watching(lambda: self._gives_sign(silence_seconds), silence_seconds),
        )

    def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        """Return the status and what was answered, as a JSON value or else as text."""
        return self._request("POST", path, json.dumps(body, allow_nan=False).encode(), headers)

    def is_healthy(self) -> bool:
        """Tell whether a server answers here in time."""
        try:
            return self._request("GET", "/health", None, {})[0] == 200
        except (*_GONE, httpcore.TimeoutException):
            return False

    def _gives_sign(self, within: float) -> bool:
        another = Line(self._address, within, silence_seconds=within)
        try:
            return another.is_healthy()
        finally:
            another.close()

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _request(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, Any]:
        try:
            answer = self._pool.request(
                method,
                f"{self._base}{path}",
                headers=[*self._headers, *headers.items()],
                content=content,
                extensions=self._extensions,
            )
        except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError, ValueError) as error:
            raise InvalidInputError(f"No server can be at {self._base!r} ({error}).") from error
        if answer.status == 503 and any(
            name.lower() == b"retry-after" for name, _ in answer.headers
        ):
            raise _EndingError("The memory's server is ending, and none has taken its place.")
        try:
            return answer.status, json.loads(answer.content)
        except ValueError:
            return answer.status, answer.content[:200].decode(errors="replace")
