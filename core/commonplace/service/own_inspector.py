"""The inspector as a program of its own: one memory, at a port of this machine."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import datetime
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from commonplace.errors import AccessDeniedError
from commonplace.inspector.app import inspector
from commonplace.inspector.pages import PREFIX, link
from commonplace.memory import Memory
from commonplace.records import now
from commonplace.service.inspecting import listing
from commonplace.service.limits import BodyLimit
from commonplace.service.listening import tcp
from commonplace.service.serving import quiet_server

_HOST = "127.0.0.1"


def run_inspector(memory: Memory, port: int, ready: Callable[[str], None]) -> None:
    """Show a memory at a port of this machine until the process is told to end.

    `ready` is called with the address, which has the key of this run: others who use the machine
    can reach the port, and see nothing. Port 0 takes a free one. Raises InvalidInputError if the
    port cannot be had.
    """
    listener, key = tcp(_HOST, port), token_urlsafe(32)
    try:
        server = quiet_server(own_inspector(memory, key))

        def stop(*_: object) -> None:
            server.should_exit = True

        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, stop)
        # No server is sent what stands after the #: the page gives it in a form.
        ready(f"{listener.address}{link('enter')}#{quote(key)}")
        asyncio.run(server.serve(sockets=[listener.socket]))
    finally:
        listener.close()


def own_inspector(memory: Memory, key: str, clock: Callable[[], datetime] = now) -> Starlette:
    """Return the inspector of one memory, which one key opens."""

    def door(given: str) -> Memory:
        if not compare_digest(given.encode(), key.encode()):
            raise AccessDeniedError(
                "That is not the key of this inspector. Open the whole address that "
                "`commonplace ui` printed."
            )
        return memory

    keys = list if memory.directory is None else listing(Path(memory.directory))
    return Starlette(
        routes=[Route("/", _to_the_pages), Mount(PREFIX, inspector(door, keys=keys, clock=clock))],
        middleware=[Middleware(BodyLimit)],
    )


async def _to_the_pages(_: Request) -> Response:
    return RedirectResponse(link(""))
