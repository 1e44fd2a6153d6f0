"""What a network does to requests: they are tried again, within a budget. Every one may be.

Reads change nothing; rows are added under ids that no other writer uses; what is absent is removed
without a word. So a request whose answer was lost comes to the same when it is repeated.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from tenacity import (
    Retrying,
    before_sleep_log,
    retry_if_exception,
    stop_after_delay,
    wait_random_exponential,
)

from commonplace.chroma.translation import status_of
from commonplace.errors import StoreError

Result = TypeVar("Result")

BUDGET_SECONDS = 20.0
"""So long a request is tried again before its error is given on."""

TIMEOUT_SECONDS = 60.0
"""So long a client waits for an answer that has no timeout of its own."""

_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 2.0
_PASSING = frozenset({408, 425, 429, 502, 503, 504})

_UNFINISHED = "Nothing found on disk", "Error finding id", "Error getting embedding"
"""What a Chroma server answers who reads an index that it is just writing."""

_log = logging.getLogger(__name__)


class Patience:
    """Tries a request again while what hinders it may pass."""

    def __init__(self, budget_seconds: float | None = None) -> None:
        """Spend at most about so long on one request, by default `BUDGET_SECONDS`."""
        self._retrying = Retrying(
            retry=retry_if_exception(may_pass),
            stop=stop_after_delay(budget_seconds or BUDGET_SECONDS),
            wait=wait_random_exponential(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS),
            before_sleep=before_sleep_log(_log, logging.WARNING),
            reraise=True,
        )

    def with_(self, step: Callable[[], Result]) -> Result:
        """Return what the step gives, at last; raise its last error when the budget is spent."""
        return self._retrying.copy()(step)


def may_pass(error: BaseException) -> bool:
    """Tell whether an error of a Chroma client is of the network, or of a server that is busy."""
    if isinstance(error, StoreError):
        return error.__cause__ is not None and may_pass(error.__cause__)
    if any(said in str(error) for said in _UNFINISHED):
        return True
    status = status_of(error)
    if status is not None:
        return status in _PASSING
    passing = (*_of("httpx", "TransportError"), *_of("chromadb.errors", "RateLimitError"))
    return isinstance(error, (ConnectionError, *passing))


def bounded(client: Any) -> None:
    """Give a client a timeout that has none, as Chroma's HttpClient."""
    session = getattr(getattr(client, "_server", None), "_session", None)
    if session is not None and set(session.timeout.as_dict().values()) == {None}:
        session.timeout = TIMEOUT_SECONDS


def _of(module: str, name: str) -> tuple[type[BaseException], ...]:
    loaded = sys.modules.get(module)
    return () if loaded is None else (getattr(loaded, name),)
