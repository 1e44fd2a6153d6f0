"""HTTP servers: how long they wait, how much they take, and for whom they listen."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from commonplace.errors import InvalidInputError

# Others may be strangers. The files of the store need some of the 1,024 that a process may open.
_REMOTE: dict[str, Any] = {"timeout_keep_alive": 75, "limit_concurrency": 500}
GRACE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Port:
    """A port for other machines; with a certificate, over TLS.

    The file of the certificate may hold its private key as well. `names` are those by which
    browsers may call it, beside its address and the machine's own name.
    """

    host: str
    port: int
    certificate: Path | None = None
    certificate_key: Path | None = None
    names: tuple[str, ...] = ()

    @property
    def scheme(self) -> str:
        """How its address begins."""
        return "http" if self.certificate is None else "https"


class Server(uvicorn.Server):
    """A server that leaves signals alone, and ends when it is not used."""

    linger: float | None = None
    _used_at = 0.0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def on_tick(self, counter: int) -> bool:
        if self.server_state.connections or not self._used_at:
            self._used_at = monotonic()
        if self.linger is not None and monotonic() - self._used_at > self.linger:
            self.should_exit = True
        return await super().on_tick(counter)


class Protocol(H11Protocol):
    """HTTP that does not wait for ever for the head of a request, and bounds its size."""

    head_seconds = 20.0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before: object = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._head_came()
        elif before is None or self.cycle.response_complete:
            self._await_head()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def remote_server(app: FastAPI, port: Port) -> Server:
    """Return the server for a port. Raises InvalidInputError for a certificate of no use."""
    if port.certificate is None and port.certificate_key is not None:
        raise InvalidInputError("A certificate's key is of no use without the certificate.")
    server = quiet_server(
        app,
        http=Protocol,
        ssl_certfile=port.certificate,
        ssl_keyfile=port.certificate_key,
        **_REMOTE,
    )
    try:
        server.config.load()
    except (OSError, ssl.SSLError) as error:
        raise InvalidInputError(
            f"The certificate {str(port.certificate)!r} cannot be used ({error}). Give PEM files "
            "of a certificate and its private key, without a passphrase."
        ) from error
    return server


def quiet_server(app: Starlette, *, linger: float | None = None, **options: Any) -> Server:
    """Return a server that leaves signals alone, and says nothing of each request."""
    server = Server(
        uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            **options,
        )
    )
    server.linger = linger
    return server
