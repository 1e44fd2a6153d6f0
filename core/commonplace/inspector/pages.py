"""A page: the values it shows, as HTML for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from commonplace import __version__
from commonplace.inspector import shown

PREFIX = "/ui"
SECTIONS = {
    "": "Scopes",
    "records": "Records",
    "recall": "Recall",
    "quarantine": "Quarantine",
    "timeline": "Timeline",
    "map": "Map",
    "audit": "Audit",
    "health": "Health",
}
"""The screens of the menu, by their address below the prefix."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a screen shows: JSON values, and the template that shows them to people, if any."""

    template: str | None
    values: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True, slots=True)
class Went:
    """Where a form leads when it has done what it says."""

    path: str
    fields: Mapping[str, str]


class _Fields(dict[str, str]):
    """The fields of an address; what was not given is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def answer(request: Request, page: Page, token: str = "") -> Response:
    """Return a page in the form that was asked for. `token` stands in its forms."""
    if page.template is None or wants_json(request):
        return Response(_json(page.values), page.status, media_type="application/json")
    section = request.url.path.removeprefix(PREFIX).strip("/").partition("/")[0]
    html = (
        _environment()
        .get_template(page.template)
        .render(
            page.values,
            token=token,
            section=section,
            sections=SECTIONS,
            version=__version__,
            scope=page.values.get("scope"),
            asked=_Fields(request.query_params),
        )
    )
    # Half a character, of a text from elsewhere, has no bytes.
    return HTMLResponse(html.encode("utf-8", "replace"), page.status)


def wants_json(request: Request) -> bool:
    """Tell whether a program asks."""
    format = request.query_params.get("format")
    accepted = request.headers.get("accept", "")
    return format == "json" or (format is None and accepted.startswith("application/json"))


def link(path: str, /, **fields: object) -> str:
    """Return the address of a screen; what is empty is left out.

    >>> link("records", scope="user/a b", q="", page=2)
    '/ui/records?scope=user%2Fa+b&page=2'
    """
    given = {name: str(value) for name, value in fields.items() if value not in (None, "")}
    written = urlencode(given, errors="replace")
    return f"{PREFIX}/{path}" + (f"?{written}" if written else "")


@cache
def _environment() -> Environment:
    """Return the templates. What they are given is text, and never markup."""
    made = Environment(
        loader=PackageLoader("commonplace.inspector"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(link=link)
    made.filters.update(
        visible=shown.visible,
        moment=shown.moment,
        second=shown.second,
        count=shown.count,
        pretty=_pretty,
    )
    return made


def _pretty(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, allow_nan=False, separators=(",", ":")).encode("ascii")
