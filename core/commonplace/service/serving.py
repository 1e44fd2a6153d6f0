"""Servers that run until they are told to stop or nobody needs them any more."""

from __future__ import annotations

import asyncio
import hmac
import logging
import signal
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from threadpoolctl import threadpool_limits

from commonplace.engine.local_engine import LocalEngine
from commonplace.errors import CommonplaceError
from commonplace.files.ownership import DirectoryLock
from commonplace.service.access import Gate, Grants
from commonplace.service.app import application
from commonplace.service.confined import Grant
from commonplace.service.draining import Traffic
from commonplace.service.http_server import (
    GRACE_SECONDS,
    Port,
    Server,
    quiet_server,
    remote_server,
)
from commonplace.service.inspecting import add_inspector
from commonplace.service.keys import Keys
from commonplace.service.listening import Listener, local, tcp
from commonplace.values.scope import Scope

# This user's processes keep their connections while they live: so the server knows of them.
_LOCAL: dict[str, Any] = {"timeout_keep_alive": 7 * 24 * 3_600, "limit_concurrency": 2_000}
_SWEEP_SECONDS = 3_600.0

_logger = logging.getLogger("commonplace")


class Serving:
    """Servers of one engine, which they own and close at the end. What they have in common."""

    notice_seconds = 0.0
    """How long what is new is refused at least before the end, so that others take notice."""

    def __init__(
        self,
        engine: LocalEngine,
        traffic: Traffic,
        servers: list[tuple[Server, Listener]],
        close: Callable[[], None],
    ) -> None:
        """Run these servers, whose requests `traffic` counts; `close` is called at the end."""
        self._engine = engine
        self._traffic = traffic
        self._servers = servers
        self._close = close
        self._is_to_end = False
        self._end: Callable[[], None] = lambda: None

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
        """End `run`, from any thread or as the handler of a signal.

        What is under way is answered first, and what is new is refused.
        """
        self._is_to_end = True
        self._end()

    async def _run(self) -> None:
        told, loop = asyncio.Event(), asyncio.get_running_loop()
        self._end = lambda: _unless_closed(loop, told.set)
        if self._is_to_end:
            told.set()
        running = [
            asyncio.create_task(server.serve(sockets=[listener.socket]))
            for server, listener in self._servers
        ]
        beside = [asyncio.create_task(one) for one in self._beside()]
        ending = asyncio.create_task(told.wait())
        await asyncio.wait([*running, ending], return_when=asyncio.FIRST_COMPLETED)
        await self._traffic.drain(self.notice_seconds if ending.done() else 0, GRACE_SECONDS)
        for server, _listener in self._servers:
            server.should_exit = True
        for task in (*beside, ending):
            task.cancel()
        await asyncio.gather(*running)

    def _beside(self) -> list[Coroutine[Any, Any, None]]:
        """Return what is done now and then while the servers run."""
        return [repeated(_SWEEP_SECONDS, lambda: self._engine.sweep(Scope()), "The sweep")]


async def repeated(seconds: float, work: Callable[[], object], name: str) -> None:
    """Do some work after so many seconds, again and again; a failure is logged."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(work)
        except CommonplaceError:
            _logger.exception("%s failed; it is tried again in %g seconds.", name, seconds)


class Service(Serving):
    """The server of one directory.

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
        traffic = Traffic()
        with ExitStack() as undo:
            undo.callback(engine.close)
            here = local(directory)
            undo.callback(here.close)
            app = application(Gate(engine, _local(here), embeds=embeds), traffic)
            servers = [(quiet_server(app, linger=linger, **_LOCAL), here)]
            if port is not None:
                there = tcp(port.host, port.port, port.scheme)
                undo.callback(there.close)
                keys = Keys(directory)
                app = application(Gate(engine, keys.grant, embeds=embeds), traffic)
                add_inspector(app, keys, port.names)
                servers.append((remote_server(app, port), there))
            if shows is not None:
                pages, there = shows
                undo.callback(there.close)
                servers.append((quiet_server(pages), there))
            lock.publish(here.address, here.token)
            super().__init__(engine, traffic, servers, undo.pop_all().close)


def run_until_signal(service: Serving, ready: Callable[[], None] = lambda: None) -> None:
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


def _unless_closed(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call on the loop, from any thread; one that is closed has ended already."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)


def _local(here: Listener) -> Grants:
    """Admit who can reach the socket; on a port of this machine, who has its token."""
    token = here.token
    if token is None:
        return lambda _: Grant()
    return lambda key: Grant() if hmac.compare_digest(key.encode(), token.encode()) else None
