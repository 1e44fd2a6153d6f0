"""The HTTP application: routes, errors, and the pages that say how it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from commonplace import __version__
from commonplace.client.wire import PREFIX
from commonplace.errors import CommonplaceError, InvalidInputError, StoreError
from commonplace.service import (
    engine_routes,
    keeping_routes,
    lifetime_routes,
    looking_routes,
    mcp_endpoint,
    verb_routes,
)
from commonplace.service.access import Admission, Confined, Gate
from commonplace.service.answers import Answer, error_answer
from commonplace.service.bodies import known_members
from commonplace.service.description import closed, missing, other_method, public
from commonplace.service.docs_page import add_docs_page
from commonplace.service.draining import HEALTH, READY, Draining, Traffic
from commonplace.service.limits import BodyLimit
from commonplace.service.metrics import Measured
from commonplace.service.routing import router
from commonplace.service.shapes import AboutJson, HealthShape

_DESCRIPTION = """Long-term memory that agents share.

A key is sent as `Authorization: Bearer …` and opens one scope: nothing above it can be reached.
MCP hosts are served at `/mcp`, with the same keys.
"""


def application(
    gate: Gate, traffic: Traffic | None = None, check: Callable[[], None] = lambda: None
) -> FastAPI:
    """Return the application that serves to whom `gate` admits.

    Its requests are counted in `traffic`. `check` raises StoreError while the store cannot be used.
    """
    app = _Application(
        title="Commonplace",
        version=__version__,
        description=_DESCRIPTION,
        servers=[{"url": "/", "description": "This server"}],
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        # Bodies hold what is remembered: no variable of the environment sends them elsewhere.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    registry = CollectorRegistry()
    app.state.gate = gate
    app.state.traffic = traffic or Traffic()
    app.state.check = check
    app.state.registry = registry
    app.state.names = ()
    for one in _ROUTERS:
        app.router.routes.extend(one.routes)
    app.router.routes.append(Route(mcp_endpoint.PATH, mcp_endpoint.McpEndpoint(), methods=["POST"]))
    add_docs_page(app)
    app.add_exception_handler(CommonplaceError, _failed)
    app.add_exception_handler(RequestValidationError, _refused)
    app.add_exception_handler(HTTPException, _unknown)
    app.add_exception_handler(Exception, _broke)
    app.add_middleware(BodyLimit)
    app.add_middleware(Admission)
    app.add_middleware(Draining)
    app.add_middleware(Measured, registry=registry)
    return app


class _Application(FastAPI):
    """An application that shows the verbs, and can describe everything."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = public(self.everything())
        return self.openapi_schema

    def everything(self) -> dict[str, Any]:
        """Return the page of all operations, those of Commonplace's own client as well."""
        self.openapi_schema = None
        page, self.openapi_schema = closed(super().openapi()), None
        return page


_own = router()


@_own.post(f"{PREFIX}/about", tags=["server"], dependencies=[Depends(known_members)])
def about(engine: Confined, request: Request) -> AboutJson:
    """Return the store's embedder, whether the server has it, and the scope of the key."""
    return {
        "version": __version__,
        "embedder": engine.embedder_name,
        "embeds": request.app.state.gate.embeds,
        "scope": str(engine.grant.scope),
        "screening": asdict(engine.screening),
    }


@_own.get(HEALTH, tags=["server"])
async def health() -> HealthShape:
    """Answer as long as the server runs: if not, it has to be started again."""
    return {"status": "ok"}


@_own.get(READY, tags=["server"])
def ready(request: Request) -> HealthShape:
    """Answer while requests can be sent here: not when the server ends or its store is away."""
    request.app.state.check()
    return {"status": "ready"}


_TEXT = {"text/plain": {"schema": {"type": "string"}}}


@_own.get("/metrics", tags=["server"], responses={200: {"content": _TEXT}})
async def metrics(engine: Confined, request: Request) -> Response:  # noqa: ARG001  # asks for a key
    """Return counts and durations of requests in the Prometheus text format."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)


# They are tried in this order.
_ROUTERS = (
    engine_routes.router,
    verb_routes.router,
    looking_routes.router,
    lifetime_routes.router,
    keeping_routes.router,
    _own,
)


async def _failed(_: Request, error: Exception) -> Answer:
    assert isinstance(error, CommonplaceError), "registered for these"
    return error_answer(error)


async def _refused(request: Request, error: Exception) -> Answer:
    assert isinstance(error, RequestValidationError), "registered for these"
    first = error.errors()[0]
    kind = request.headers.get("content-type", "")
    if first["type"] == "json_invalid":
        why = f"cannot be read as JSON: {first['ctx']['error']} at character {first['loc'][-1]}"
        return error_answer(InvalidInputError(f"The body {why}."), 400)
    if first["loc"][0] == "body" and "json" not in kind.lower():
        told = f"{kind!r}" if kind else "nothing"
        why = f"has to be sent with Content-Type: application/json. It says {told}"
        return error_answer(InvalidInputError(f"The body {why}."), 400)
    place = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ").removesuffix(".")  # ours ends with one
    return error_answer(InvalidInputError(f"{place}: {said}."))


async def _unknown(request: Request, error: Exception) -> Answer:
    assert isinstance(error, HTTPException), "registered for these"
    said, path = str(error.detail), request.url.path
    if error.status_code == 404:
        said = missing(path, [getattr(one, "path", "") for one in request.app.routes])
    elif error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "POST")
        said = other_method(request.method, path, allowed)
    return error_answer(InvalidInputError(said), error.status_code, error.headers)


async def _broke(_: Request, __: Exception) -> Answer:
    return error_answer(StoreError("The server failed at this request; its log says how."), 500)
