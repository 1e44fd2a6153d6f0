"""The server of a directory: it runs until it is told to stop or nobody needs it any more."""

from __future__ import annotations

import asyncio
import hmac
import logging
import signal
import ssl
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from threadpoolctl import threadpool_limits
from uvicorn.protocols.http.h11_impl import H11Protocol

from commonplace.engine import LocalEngine
from commonplace.errors import CommonplaceError, InvalidInputError
from commonplace.ownership import DirectoryLock
from commonplace.scope import Scope
from commonplace.service.access import Grants
from commonplace.service.app import application
from commonplace.service.confined import Grant
from commonplace.service.inspecting import add_inspector
from commonplace.service.keys import Keys
from commonplace.service.listening import Listener, local, tcp

# This user's processes keep their connections while they live: so the server knows of them.
_LOCAL: dict[str, Any] = {"timeout_keep_alive": 7 * 24 * 3_600, "limit_concurrency": 2_000}
# Others may be strangers. The files of the store need some of the 1,024 that a process may open.
_REMOTE: dict[str, Any] = {"timeout_keep_alive": 75, "limit_concurrency": 500}
_GRACE_SECONDS = 10
_SWEEP_SECONDS = 3_600.0

_logger = logging.getLogger("commonplace")


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


class Service:
    """The server of one directory: it owns the engine and closes it at the end.

    Processes of this user on this machine need no key; at `port` others need one of the
    directory's keys. With `linger`, the server ends when it had no client for so many seconds.
    """

    def __init__(
        self,
        engine: LocalEngine,
        lock: DirectoryLock,
        directory: Path,
        *,
        embeds: bool,
        port: Port | None = None,
        linger: float | None = None,
        shows: tuple[Starlette, Listener] | None = None,
    ) -> None:
        """Listen, and say where. Raises InvalidInputError if `port` cannot be had as asked.

        `shows` is an application for people, and where it listens.
        """
        self._engine = engine
        with ExitStack() as undo:
            undo.callback(engine.close)
            here = local(directory)
            undo.callback(here.close)
            app = application(engine, _local(here), embeds=embeds)
            self._servers = [(quiet_server(app, linger=linger, **_LOCAL), here)]
            if port is not None:
                there = tcp(port.host, port.port, port.scheme)
                undo.callback(there.close)
                app = application(engine, Keys(directory).grant, embeds=embeds)
                add_inspector(app, directory, port.names)
                self._servers.append((_remote_server(app, port), there))
            if shows is not None:
                pages, there = shows
                undo.callback(there.close)
                self._servers.append((quiet_server(pages), there))
            lock.publish(here.address, here.token)
            self._close = undo.pop_all().close

    @property
    def addresses(self) -> list[str]:
        """Where the server listens."""
        return [listener.address for _, listener in self._servers]

    def run(self) -> None:
        """Serve until stopped; then end what is under way and close the store."""
        try:
            # Threads of BLAS wait spinning for more to do, while the clients need the processors.
            with threadpool_limits(1, user_api="blas"):
                _loop_runner()(self._run())
        finally:
            self._close()

    def stop(self, *_: object) -> None:
        """End `run`, from any thread or as the handler of a signal."""
        for server, _listener in self._servers:
            server.should_exit = True

    async def _run(self) -> None:
        running = [
            asyncio.create_task(server.serve(sockets=[listener.socket]))
            for server, listener in self._servers
        ]
        sweeping = asyncio.create_task(self._sweep())
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        self.stop()
        sweeping.cancel()
        await asyncio.gather(*running)

    async def _sweep(self) -> None:
        """Remove what is expired, now and then."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                await asyncio.to_thread(self._engine.sweep, Scope())
            except CommonplaceError:
                _logger.exception("The sweep failed; it is tried again in an hour.")


def run_until_signal(service: Service, ready: Callable[[], None] = lambda: None) -> None:
    """Run the service until the process is told to end. `ready` is called before."""
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, service.stop)
    ready()
    service.run()


def _loop_runner() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Return what runs a coroutine on the fastest event loop that there is."""
    try:
        import uvloop
    except ModuleNotFoundError:  # on Windows
        return asyncio.run
    return uvloop.run


class _Server(uvicorn.Server):
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


def _remote_server(app: FastAPI, port: Port) -> _Server:
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


def quiet_server(app: Starlette, *, linger: float | None = None, **options: Any) -> _Server:
    """Return a server that leaves signals alone, and says nothing of each request."""
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            **options,
        )
    )
    server.linger = linger
    return server


def _local(here: Listener) -> Grants:
    """Admit who can reach the socket; on a port of this machine, who has its token."""
    token = here.token
    if token is None:
        return lambda _: Grant()
    return lambda key: Grant() if hmac.compare_digest(key.encode(), token.encode()) else None
