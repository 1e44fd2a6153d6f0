"""The inspector as an application: who may look, and what answers at which address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from commonplace.errors import AccessDeniedError, CommonplaceError, InvalidInputError
from commonplace.inspector import refusals
from commonplace.inspector.asked import Asked
from commonplace.inspector.guarding import Guarded, is_foreign
from commonplace.inspector.hosts import own_names
from commonplace.inspector.keeping import Kept
from commonplace.inspector.pages import PREFIX, Page, Went, answer, link
from commonplace.inspector.screens import CHANGES, SCREENS, Screen
from commonplace.inspector.visits import Door, ForgedError, OutsideError, Visit, Visits
from commonplace.values.records import now

ListsKeys: TypeAlias = Callable[[], list[dict[str, Any]]]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_MOST_FIELDS = 50
_MOST_BYTES = 4 * 1024**2


def inspector(
    door: Door,
    names: Collection[str] = (),
    keys: ListsKeys = list,
    clock: Callable[[], datetime] = now,
) -> Starlette:
    """Return the application of the pages, which are all below ``/ui``.

    `door` tells what a key opens; `names` are those by which browsers may call this server,
    beside its address, ``localhost`` and the machine's own name; `keys` lists the keys there are,
    and `clock` tells the time.
    """
    own = _Inspector(door, keys, clock)
    return Starlette(
        routes=[
            Route("/enter", own.enter, methods=["POST"]),
            Route("/enter", own.entrance),
            Route("/leave", own.leave, methods=["POST"]),
            *(Route(f"/{path}", own.does(do), methods=["POST"]) for path, do in CHANGES.items()),
            *(Route(f"/{path}", own.shows(show)) for path, show in SCREENS.items()),
            Mount("/static", StaticFiles(directory=Path(__file__).with_name("static"))),
        ],
        exception_handlers={
            CommonplaceError: refusals.refused,
            HTTPException: refusals.unknown,
            Exception: refusals.broke,
        },
        middleware=[Middleware(Guarded, names=own_names(names))],
    )


@dataclass(frozen=True, slots=True)
class _Inspector:
    """What all requests share."""

    door: Door
    keys: ListsKeys
    clock: Callable[[], datetime]
    visits: Visits = field(default_factory=Visits)
    kept: Kept = field(default_factory=Kept)

    def shows(self, screen: Screen) -> Endpoint:
        """Return the endpoint of a screen, which changes nothing."""

        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(self._shown, request, screen)

        return endpoint

    def does(self, change: Screen) -> Endpoint:
        """Return the endpoint of a form."""

        async def endpoint(request: Request) -> Response:
            fields = await _fields(request)
            return await run_in_threadpool(self._changed, request, change, fields)

        return endpoint

    async def entrance(self, request: Request) -> Response:
        """Ask for a key."""
        return answer(request, Page("enter.html", {"error": None}))

    async def enter(self, request: Request) -> Response:
        """Begin a visit with the key in the form."""
        fields = await _fields(request)
        if is_foreign(request):
            raise ForgedError("This form came from a page of another site.")
        key = fields.get("key", "").strip()
        try:
            await run_in_threadpool(self.door, key)
        except AccessDeniedError as error:
            return answer(request, Page("enter.html", {"error": str(error)}, 401))
        return self._admitted(request, key)

    async def leave(self, request: Request) -> Response:
        """End the visit."""
        _check_form(request, self._visit(request), await _fields(request))
        self.visits.end(request.cookies.get(_cookie(request), ""))
        gone = RedirectResponse(link("enter"), 303)
        gone.delete_cookie(_cookie(request), path=PREFIX)
        return gone

    def _admitted(self, request: Request, key: str) -> Response:
        going = RedirectResponse(link(""), 303)
        going.set_cookie(
            _cookie(request),
            self.visits.begin(key),
            path=PREFIX,
            secure=_is_over_tls(request),
            httponly=True,
            samesite="strict",
        )
        return going

    def _shown(self, request: Request, screen: Screen) -> Response:
        asked = self._asked(request, request.query_params)
        return _answered(request, screen(asked), asked.visit)

    def _changed(self, request: Request, change: Screen, fields: Mapping[str, str]) -> Response:
        asked = self._asked(request, fields)
        _check_form(request, asked.visit, fields)
        try:
            return _answered(request, change(asked), asked.visit)
        finally:
            self.kept.clear()

    def _asked(self, request: Request, fields: Mapping[str, str]) -> Asked:
        visit = self._visit(request)
        return Asked(self.door(visit.key), visit, fields, self.kept, self.keys, self.clock())

    def _visit(self, request: Request) -> Visit:
        if key := _shown_key(request):
            return Visit(key)
        visit = self.visits.of(request.cookies.get(_cookie(request), ""))
        if visit is None:
            raise OutsideError(f"Show a key at {PREFIX}/enter, or as 'Authorization: Bearer …'.")
        return visit


def _answered(request: Request, shown: Page | Went, visit: Visit) -> Response:
    if isinstance(shown, Went):
        return RedirectResponse(link(shown.path, **shown.fields), 303)
    return answer(request, shown, visit.token)


async def _fields(request: Request) -> dict[str, str]:
    """Read a form. Raises InvalidInputError."""
    body = await request.body()
    if len(body) > _MOST_BYTES:
        raise InvalidInputError(f"A form has at most {_MOST_BYTES:,} bytes, not {len(body):,}.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise InvalidInputError("The form cannot be read: it is not an HTML form's.") from error
    # Browsers send the end of a line as two characters.
    return {name: value.replace("\r\n", "\n") for name, value in pairs}


def _check_form(request: Request, visit: Visit, fields: Mapping[str, str]) -> None:
    """Refuse a form that is not of a page of this visit.

    No other site can have a browser send a key in a header, so who does needs no token.
    """
    if _shown_key(request):
        return
    is_ours = compare_digest(fields.get("token", "").encode(), visit.token.encode())
    if is_foreign(request) or not is_ours:
        raise ForgedError(
            "This form is not from a page of this visit, and nothing was changed. "
            "Load the page again, and send it from there."
        )


def _shown_key(request: Request) -> str:
    """Return the key in the header of a program, "" if there is none.

    Browsers send a header of their own accord as well, after a proxy asked for a password.
    """
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def _is_over_tls(request: Request) -> bool:
    """Tell whether the browser came over TLS, by itself or as a proxy says.

    Whoever makes that up has only its own cookie sent over TLS alone.
    """
    by_proxy = request.headers.get("x-forwarded-proto", "").partition(",")[0]
    return "https" in (request.url.scheme, by_proxy.strip().lower())


def _cookie(request: Request) -> str:
    """Return the name of the cookie: browsers do not keep those of two ports apart."""
    return f"commonplace-{request.url.port or 'ui'}"
