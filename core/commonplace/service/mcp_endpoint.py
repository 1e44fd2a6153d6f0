"""``/mcp`` of the server: the memory of the key that is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextvars import ContextVar
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from commonplace.errors import AccessDeniedError, StoreError
from commonplace.memory import Memory
from commonplace.service.answers import error_answer

if TYPE_CHECKING:
    from commonplace.mcp.sdk import Server
    from commonplace.mcp.tools import MemoryOf
    from commonplace.service.confined import ConfinedEngine

PATH = "/mcp"

_engine: ContextVar[ConfinedEngine] = ContextVar("engine of the request")


def _memory() -> Memory:
    """Return the memory of the request that is being answered."""
    engine = _engine.get()
    return Memory(engine, engine.grant.scope)


class McpEndpoint:
    """Answers each request by itself: there is no session that could be idle too long.

    What it needs is imported at the first request, which most servers never have.
    """

    def __init__(self) -> None:
        """Answer from the first request on."""
        self._app: ASGIApp | None = None
        self._running: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that was let in with its key."""
        if refusal := _foreign(scope):
            await error_answer(AccessDeniedError(refusal), 403)(scope, receive, send)
            return
        try:
            app = await self._started()
        except ModuleNotFoundError as error:
            missing = StoreError(
                f"The server needs {error.name!r} for MCP. Install it there with: "
                'pip install "commonplace-memory[mcp]"'
            )
            await error_answer(missing, 501)(scope, receive, send)
            return
        _engine.set(scope["state"]["engine"])
        await app(scope, receive, send)

    async def _started(self) -> ASGIApp:
        async with self._starting:
            if self._app is None:
                self._app = await self._start()
            return self._app

    async def _start(self) -> ASGIApp:
        server_of, http_app = await asyncio.to_thread(_imported)
        app = http_app(server_of(_memory))
        ready = asyncio.Event()

        async def run() -> None:
            async with app.router.lifespan_context(app):
                ready.set()
                await asyncio.Event().wait()  # until the loop ends, and cancels it

        self._running = asyncio.create_task(run())
        await ready.wait()
        started: ASGIApp = app
        return started


def _imported() -> tuple[Callable[[MemoryOf], Server[Any]], Callable[[Any], Any]]:
    from commonplace.mcp.sdk import http_app
    from commonplace.mcp.server import server_of

    return server_of, http_app


def _foreign(scope: Scope) -> str:
    """Return why a request may come from a page of another site, "" if it does not.

    A name of a stranger's that leads to this machine is the way past a browser's rules.
    """
    headers = Headers(scope=scope)
    host, origin = headers.get("host", ""), headers.get("origin")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        return f"The page {origin!r} may not ask this server: it is of another origin."
    listening = scope.get("server") or ("", None)
    name = _without_port(host)
    if _is_loopback(listening[0]) and not (_is_loopback(name) or name in _names(scope)):
        return (
            f"This server listens on this machine alone and is not called {host!r}. If a proxy "
            f"passes its name on, start the server with --name {name or 'NAME'}."
        )
    return ""


def _names(scope: Scope) -> Collection[str]:
    names: Collection[str] = scope["app"].state.names
    return names


def _without_port(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # half an address
        return ""


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
