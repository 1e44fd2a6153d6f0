"""Results and errors as HTTP answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from commonplace.client.wire import error_to_json
from commonplace.errors import (
    AccessDeniedError,
    BlockedContentError,
    CommonplaceError,
    EmbedderMismatchError,
    InvalidInputError,
    QuotaExceededError,
    RecordNotFoundError,
)

_STATUS: dict[type[CommonplaceError], int] = {
    BlockedContentError: 422,
    InvalidInputError: 422,
    RecordNotFoundError: 404,
    AccessDeniedError: 403,
    QuotaExceededError: 429,
    EmbedderMismatchError: 409,
}
# Whatever else goes wrong is the store's or the model's, and may be over by the next request.
_UNAVAILABLE = 503

# An error may quote what was sent, of which there can be much.
_MOST_CHARACTERS = 2_000


class Answer(JSONResponse):
    """JSON in ASCII: half a surrogate pair in what was sent can be quoted back."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class AnsweringRoute(APIRoute):
    """An operation whose result is written as it is, and in the operation's own thread.

    FastAPI would check it and copy it first; the tests do that, by the page's description.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Answer with what `endpoint` returns."""

        @wraps(endpoint)
        def answering(*args: Any, **kwargs: Any) -> Answer:
            return Answer(endpoint(*args, **kwargs))

        super().__init__(path, answering, **options)


def error_answer(
    error: CommonplaceError, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an error as an answer that a client turns into the same error."""
    known = (code for kind, code in _STATUS.items() if isinstance(error, kind))
    said = error_to_json(error)
    said["error"]["message"] = _shortened(said["error"]["message"])
    return Answer(said, status or next(known, _UNAVAILABLE), headers)


def _shortened(message: str) -> str:
    return message if len(message) <= _MOST_CHARACTERS else f"{message[:_MOST_CHARACTERS]}…"
