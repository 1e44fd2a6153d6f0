"""The inspector on a server: who has a key sees what that key opens."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from commonplace.inspector.app import inspector
from commonplace.inspector.pages import PREFIX
from commonplace.memory import Memory
from commonplace.service.access import Gate
from commonplace.service.keys import Keys


def add_inspector(app: FastAPI, directory: Path, names: Collection[str] = ()) -> None:
    """Serve the inspector under ``/ui`` of the server of `directory`, behind its keys."""
    app.mount(PREFIX, inspector(_keyed(app.state.gate), names, listing(directory)))


def listing(directory: Path) -> Callable[[], list[dict[str, Any]]]:
    """Return what lists the keys of a directory, without the hashes."""

    def listed() -> list[dict[str, Any]]:
        shown = map(asdict, Keys(directory).listed())
        return [{name: one[name] for name in one if name != "hash"} for one in shown]

    return listed


def _keyed(gate: Gate) -> Callable[[str], Memory]:
    def door(key: str) -> Memory:
        engine = gate.opened(key)
        return Memory(engine, engine.grant.scope)

    return door
