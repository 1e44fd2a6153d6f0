"""How a server ends: what is under way is answered, and what is new is sent elsewhere."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Receive, Scope, Send

from commonplace.errors import ServerUnavailableError
from commonplace.service.answers import error_answer

HEALTH = "/health"
READY = "/health/ready"
_AGAIN_SECONDS = 1
_ENDING = {"retry-after": str(_AGAIN_SECONDS), "connection": "close"}


class Traffic:
    """What is under way on a server, and whether it takes more. Used on one event loop."""

    def __init__(self) -> None:
        """Take what comes."""
        self.is_ending = False
        self._under_way = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    def __enter__(self) -> None:
        """Count a request that begins."""
        self._under_way += 1
        self._is_idle.clear()

    def __exit__(self, *_: object) -> None:
        """Count a request that ends."""
        self._under_way -= 1
        if not self._under_way:
            self._is_idle.set()

    async def drain(self, least: float, most: float) -> None:
        """Refuse what is new for at least so many seconds, and until nothing is under way.

        It is at most `most` seconds more.
        """
        self.is_ending = True
        await asyncio.sleep(least)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._is_idle.wait(), most)


class Draining:
    """Counts the requests of an application, and refuses them while its server ends."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard `app`, whose state holds the traffic."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer that another server has to be asked."""
        if scope["type"] != "http" or scope["path"] == HEALTH:
            await self._app(scope, receive, send)
            return
        traffic: Traffic = scope["app"].state.traffic
        if traffic.is_ending:
            await _refusal()(scope, receive, send)
            return
        with traffic:
            await self._app(scope, receive, send)


def _refusal() -> ASGIApp:
    ending = ServerUnavailableError(
        "This server is ending, and takes no more requests. Send it again: another takes it, or "
        "this one when it has started anew."
    )
    return error_answer(ending, 503, _ENDING)
