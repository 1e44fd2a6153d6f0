"""What is told of the operations: to those who read the page, and to those who ask for none."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from commonplace.client.wire import ENGINE, PREFIX
from commonplace.service.examples import EXAMPLES

TAGS = [
    {"name": "memory", "description": "The verbs, for programs in any language."},
    {"name": "server", "description": "How the server is, and what the key opens."},
]
_REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')


def closed(page: dict[str, Any]) -> dict[str, Any]:
    """Return a page that says that a body has no other members than those named."""
    for name, schema in page["components"]["schemas"].items():
        if name.startswith("Body_"):
            schema["additionalProperties"] = False
    return page


def public(page: dict[str, Any]) -> dict[str, Any]:
    """Return the page without what only Commonplace's own client asks for, and with examples."""
    paths = {
        path: {method: _shown(path, said) for method, said in methods.items()}
        for path, methods in page["paths"].items()
        if not path.startswith(f"{ENGINE}/")
    }
    parts = page["components"]
    schemas = {name: parts["schemas"][name] for name in _named(paths, parts["schemas"])}
    return {**page, "tags": TAGS, "paths": paths, "components": {**parts, "schemas": schemas}}


def _shown(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    example = EXAMPLES.get(path.removeprefix(f"{PREFIX}/"))
    if example is None or "requestBody" not in operation:
        return operation
    body = operation["requestBody"]
    form = {**body["content"]["application/json"], "example": example}
    return {**operation, "requestBody": {**body, "content": {"application/json": form}}}


def _named(paths: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    """Return the names of the schemas that the paths lead to, sorted."""
    found: set[str] = set()
    waiting: list[Any] = [paths]
    while waiting:
        new = set(_REFERENCE.findall(json.dumps(waiting.pop()))) - found
        found |= new
        waiting += [schemas[name] for name in new]
    return sorted(found)


def missing(path: str, known: Iterable[str]) -> str:
    """Return what to say of a path that is none: which one may be meant, and where all are."""
    shown = [one for one in known if not one.startswith(f"{ENGINE}/")]
    verb = path if path.startswith(f"{PREFIX}/") else f"{PREFIX}{path}"
    near = get_close_matches(path[:200], shown, n=1) or get_close_matches(verb[:200], shown, n=1)
    meant = f"Do you mean {near[0]!r}? " if near else ""
    return f"There is nothing at {path[:200]!r}. {meant}GET /docs shows every operation."


def other_method(method: str, path: str, allowed: str) -> str:
    """Return what to say of a method that a path does not take."""
    how = " with a JSON object as its body" if "POST" in allowed else ""
    return f"{path!r} takes no {method}: send {allowed}{how}. GET /docs shows every operation."
