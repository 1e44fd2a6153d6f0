"""The page of the operations, with scripts of its own: it asks no other host for any."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

PAGE = "/docs"
_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")
OPEN = frozenset({PAGE, *(f"{PAGE}/{file}" for file in _FILES)})
"""What anybody may fetch."""


def add_docs_page(app: FastAPI) -> None:
    """Serve the page under ``/docs``."""
    app.get(PAGE, include_in_schema=False)(_page)
    app.mount(PAGE, StaticFiles(packages=[("fastapi_offline", "static")]))


async def _page() -> HTMLResponse:
    script, style, icon = (f"{PAGE}/{file}" for file in _FILES)
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Commonplace",
        swagger_js_url=script,
        swagger_css_url=style,
        swagger_favicon_url=icon,
    )
