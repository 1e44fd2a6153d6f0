"""Errors as pages: what happened, and what to do."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from commonplace.errors import (
    AccessDeniedError,
    CommonplaceError,
    InvalidInputError,
    QuotaExceededError,
    RecordNotFoundError,
)
from commonplace.inspector.pages import Page, answer, link, wants_json
from commonplace.inspector.visits import ForgedError, OutsideError

_STATUS: dict[type[CommonplaceError], int] = {
    OutsideError: 401,
    AccessDeniedError: 403,
    ForgedError: 403,
    RecordNotFoundError: 404,
    InvalidInputError: 422,
    QuotaExceededError: 429,
}
_UNAVAILABLE = 503
_MOST_CHARACTERS = 600
_logger = logging.getLogger("commonplace")


async def refused(request: Request, error: Exception) -> Response:
    """Answer an error of ours."""
    assert isinstance(error, CommonplaceError), "registered for these"
    if isinstance(error, OutsideError) and not wants_json(request):
        return _to_the_door(request)
    known = (code for kind, code in _STATUS.items() if isinstance(error, kind))
    return _page(request, next(known, _UNAVAILABLE), type(error).__name__, str(error))


async def unknown(request: Request, error: Exception) -> Response:
    """Answer what no screen has the address of, or takes in that way."""
    assert isinstance(error, HTTPException), "registered for these"
    said = f"{error.detail}: there is no such page, or it is not asked for in this way."
    return _page(request, error.status_code, "NotFound", said)


async def broke(request: Request, error: Exception) -> Response:
    """Answer a fault of ours, which the log tells of."""
    _logger.error("A page of the inspector failed.", exc_info=error)
    said = "The page failed, and nothing was changed by it; the log of the server says how."
    return _page(request, 500, "Error", said)


def _page(request: Request, status: int, kind: str, said: str) -> Response:
    short = said if len(said) <= _MOST_CHARACTERS else f"{said[:_MOST_CHARACTERS]}…"
    values = {"error": {"type": kind, "message": short}}
    return answer(request, Page("error.html", values, status))


def _to_the_door(request: Request) -> Response:
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"hx-redirect": link("enter")})
    return RedirectResponse(link("enter"), 303)
