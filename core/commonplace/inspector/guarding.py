"""What holds for every answer: whom it may go to, and what a browser may do with it."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from commonplace.inspector.hosts import is_known

_HEADERS = {
    # Scripts and styles are files of ours; nothing is asked of another host or shown within one.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex",
}


class Guarded:
    """Answers only requests to a host of ours, and tells browsers what a page of ours does."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        """Guard `app`, which is reached by an address, or by one of `names`."""
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        host = Headers(scope=scope).get("host", "") if scope["type"] == "http" else ""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                # What is remembered is kept by no browser; files of ours are, as long as they last.
                headers.setdefault("cache-control", "no-store")
            await send(message)

        if is_known(host, self._names):
            await self._app(scope, receive, sending)
        else:
            await _misdirected(host)(scope, receive, sending)


def is_foreign(request: Request) -> bool:
    """Tell whether a page of another site sent this, as far as the browser says."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    is_elsewhere = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    return site not in {"same-origin", "none"} or is_elsewhere


def _misdirected(host: str) -> PlainTextResponse:
    return PlainTextResponse(
        f"This server is not known as {host[:100]!r}. Use its address, or start it with "
        f"--name and the name that it has.\n",
        421,
    )
