"""The inspector on a server: who has a key sees what that key opens."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.routing import Route

from commonplace.inspector.app import inspector
from commonplace.inspector.pages import PREFIX
from commonplace.memory import Memory
from commonplace.service.access import Gate
from commonplace.service.keys import KeyRing


def add_inspector(app: FastAPI, keys: KeyRing, names: Collection[str] = ()) -> None:
    """Serve the inspector under ``/ui`` of a server, behind its keys.

    `names` are those by which browsers and MCP hosts may call the server.
    """
    app.state.names = frozenset(name.lower() for name in names)
    # Not absolute: a server behind a proxy does not know by which scheme it was asked.
    app.router.routes.append(Route(PREFIX, lambda _: RedirectResponse(f"{PREFIX}/")))
    app.mount(PREFIX, inspector(_keyed(app.state.gate), names, listing(keys)))


def listing(keys: KeyRing) -> Callable[[], list[dict[str, Any]]]:
    """Return what lists the keys, without the hashes."""

    def listed() -> list[dict[str, Any]]:
        shown = map(asdict, keys.listed())
        return [{name: one[name] for name in one if name != "hash"} for one in shown]

    return listed


def _keyed(gate: Gate) -> Callable[[str], Memory]:
    def door(key: str) -> Memory:
        engine = gate.opened(key)
        return Memory(engine, engine.grant.scope)

    return door
