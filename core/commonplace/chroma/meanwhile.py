"""Work that is done while Chroma works: after a request was sent, before its answer is awaited.

It takes no thread. The HTTP client of Chroma tells when it has sent a request, and the work is done
in that place. A client that tells nothing, such as one in this process, has it done afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

_SENT = "http11.send_request_body.complete"
_FEWEST_CONNECTIONS = 64
"""The work may wait for others who wait for a connection: there must be more than wait at once."""

Result = TypeVar("Result")
Answer = TypeVar("Answer")


class _Work(Generic[Result]):
    """Done once, whoever is first to want it."""

    def __init__(self, step: Callable[[], Result]) -> None:
        self._step = step
        self._is_begun = False
        self._results: list[Result] = []
        self._error: BaseException | None = None

    def begin(self) -> None:
        """Do it, unless it is begun. What it raises is kept: it is none of the request's."""
        if self._is_begun:
            return
        self._is_begun = True
        try:
            self._results.append(self._step())
        except BaseException as error:  # noqa: BLE001  # raised where the result is wanted
            self._error = error

    def result(self) -> Result:
        """Return what it gave, or raise what it raised."""
        self.begin()
        if self._error is not None:
            raise self._error
        return self._results[0]


_awaited = threading.local()


def meanwhile(request: Callable[[], Answer], step: Callable[[], Result]) -> tuple[Answer, Result]:
    """Return what a request of a client that `watched` gives, and what a step gives beside it."""
    work = _Work(step)
    _awaited.work = work
    try:
        answer = request()
    finally:
        _awaited.work = None
    return answer, work.result()


def watched(client: Any) -> None:
    """Have a Chroma client tell when it has sent a request, if it can."""
    session = getattr(getattr(client, "_server", None), "_session", None)
    most = getattr(getattr(client, "_server", None), "http_limits", None)
    if session is None or most is None:
        return
    is_roomy = most.max_connections is None or most.max_connections >= _FEWEST_CONNECTIONS
    if is_roomy and _watch not in session.event_hooks["request"]:
        session.event_hooks["request"].append(_watch)


def sent() -> bool:
    """Do the work of this thread, since its request is sent; tell whether there was any."""
    work = getattr(_awaited, "work", None)
    _awaited.work = None  # what the work itself asks is another request
    if work is not None:
        work.begin()
    return work is not None


def _watch(request: Any) -> None:
    """Have this request tell when it is sent, if there is work for then."""

    def traced(event: str, _: Mapping[str, Any]) -> None:
        if event == _SENT:
            sent()

    if getattr(_awaited, "work", None) is not None:
        request.extensions = {**request.extensions, "trace": traced}
