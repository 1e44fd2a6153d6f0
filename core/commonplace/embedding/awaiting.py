"""Waits for what an asynchronous embedder returns, on one event loop of this process's own.

The loop stays: clients of HTTP keep their connections to it, and fail on another.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Awaitable
from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

_portals: dict[int, BlockingPortal] = {}
_starting = Lock()


def result_of(awaitable: Awaitable[Any]) -> Any:
    """Return what `awaitable` gives. The thread waits, and the caller's event loop is not used."""
    return _portal().call(_awaited, awaitable)


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _portal() -> BlockingPortal:
    from anyio.from_thread import start_blocking_portal

    with _starting:
        # By process: a forked one has no thread of its parent's.
        if os.getpid() not in _portals:
            stack = ExitStack()
            _portals[os.getpid()] = stack.enter_context(start_blocking_portal())
            atexit.register(stack.close)
        return _portals[os.getpid()]
