"""The inspector as a program of its own: one memory, at a port of this machine."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe
from typing import TypeVar
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from commonplace.embedding.naming import is_shipped
from commonplace.engine.local_engine import LocalEngine
from commonplace.errors import AccessDeniedError, EmbedderMismatchError
from commonplace.files.ownership import DirectoryLock, is_served
from commonplace.inspector.app import inspector
from commonplace.inspector.asked import within
from commonplace.inspector.pages import PREFIX, link
from commonplace.memory import Memory
from commonplace.opening.local import owned
from commonplace.opening.open import open
from commonplace.opening.roots import CACHE_BYTES
from commonplace.service.absent import Absent
from commonplace.service.http_server import quiet_server
from commonplace.service.inspecting import listing
from commonplace.service.keys import Keys
from commonplace.service.limits import BodyLimit
from commonplace.service.listening import Listener, tcp
from commonplace.service.serving import Service, run_until_signal
from commonplace.values.records import now
from commonplace.values.scope import Scope

_HOST = "127.0.0.1"

Opened = TypeVar("Opened")


def show_directory(directory: Path, scope: Scope, port: int, ready: Callable[[str], None]) -> None:
    """Show the store of a directory until the process is told to end, as `show` does.

    If nobody has it open, this process is its server meanwhile, so that agents can join it. Raises
    StoreInUseError, StoreFormatError, StoreDamagedError, StoreError, and as `show` does.
    """
    if is_served(directory):
        with whatever_embeds(lambda model: open(directory, embedder=model, shared=True)) as memory:
            show(within(memory, scope), port, ready)
        return
    with ExitStack() as undo:
        listener, key = tcp(_HOST, port), token_urlsafe(32)
        undo.callback(listener.close)
        engine, lock = whatever_embeds(lambda model: _owned(directory, model))
        undo.callback(engine.close)
        pages = own_inspector(Memory(engine, scope), key)
        embeds = is_shipped(engine.embedder_name)
        service = Service(engine, lock, directory, embeds=embeds, shows=(pages, listener))
        run_until_signal(service, lambda: ready(_entrance(listener, key)))


def show(memory: Memory, port: int, ready: Callable[[str], None]) -> None:
    """Show a memory at a port of this machine until the process is told to end.

    `ready` is called with the address, which has the key of this run: others who use the machine
    can reach the port, and see nothing. Port 0 takes a free one. Raises InvalidInputError if the
    port cannot be had.
    """
    listener, key = tcp(_HOST, port), token_urlsafe(32)
    server = quiet_server(own_inspector(memory, key))

    def stop(*_: object) -> None:
        server.should_exit = True

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, stop)
    try:
        ready(_entrance(listener, key))
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

    keys = list if memory.directory is None else listing(Keys(Path(memory.directory)))
    return Starlette(
        routes=[Route("/", _to_the_pages), Mount(PREFIX, inspector(door, keys=keys, clock=clock))],
        middleware=[Middleware(BodyLimit)],
    )


async def _to_the_pages(_: Request) -> Response:
    return RedirectResponse(link(""))


def whatever_embeds(opening: Callable[[object], Opened]) -> Opened:
    """Return what `opening` gives for the embedder that the store is of.

    Without that model all can be seen, and only questions cannot be asked.
    """
    try:
        return opening(None)
    except EmbedderMismatchError as error:
        if error.stored is None:
            raise
        return opening(Absent(error.stored))


def _owned(directory: Path, embedder: object) -> tuple[LocalEngine, DirectoryLock]:
    return owned(directory, embedder, clock=now, cache_bytes=CACHE_BYTES, serves=True)


def _entrance(listener: Listener, key: str) -> str:
    # No server is sent what stands after the #: the page gives it in a form.
    return f"{listener.address}{link('enter')}#{quote(key)}"
