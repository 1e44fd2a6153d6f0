"""What all operations of the server have in common."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute

from commonplace.client.wire import PREFIX
from commonplace.service.answers import Answer, AnsweringRoute
from commonplace.service.bodies import known_members
from commonplace.service.shapes import ErrorShape

_ERRORS = {
    400: "The body cannot be read.",
    401: "No such key.",
    403: "Outside the scope of the key.",
    404: "No such record.",
    408: "The body was too slow.",
    409: "Vectors that the store cannot hold beside its own.",
    413: "The body is too large.",
    422: "A value that cannot be used; nothing was changed.",
    429: "More than this key may write or ask.",
    503: "The store or the model failed.",
}


def operations(prefix: str, tag: str) -> APIRouter:
    """Return a router for operations whose results are written as they are."""
    return router(
        prefix=prefix,
        tags=[tag],
        dependencies=[Depends(known_members)],
        route_class=AnsweringRoute,
    )


def router(**options: object) -> APIRouter:
    """Return a router whose routes are complete by themselves.

    An application takes them as they are. What it includes instead, FastAPI analyses a second
    time for each application, at its first request: a third of a second of a server's start.
    """
    return APIRouter(
        responses={code: {"description": d, "model": ErrorShape} for code, d in _ERRORS.items()},
        default_response_class=Answer,
        generate_unique_id_function=_operation_id,
        **options,  # type: ignore[arg-type]  # APIRouter's own
    )


def _operation_id(route: APIRoute) -> str:
    return route.path.removeprefix(PREFIX).strip("/").replace("/", "_")
