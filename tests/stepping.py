"""Several processes' work on one Chroma, a request at a time, in an order that a test chooses.

Each process is a thread that waits before and after every request to Chroma until it is let on,
or is killed there. What it runs is the product's own code, on a real Chroma.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from typing import Any

from chromadb.errors import ChromaError, InternalError

from commonplace.chroma.lines import Awaited, known

_REQUESTS = frozenset({"get", "query", "add", "delete", "update", "upsert"})


class Killed(BaseException):
    """The process ends here."""


class Process:
    """One thread at a time, which goes on only when it is told to."""

    def __init__(self) -> None:
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._is_killed = self._is_refused = False
        self._thread: threading.Thread | None = None
        self.is_busy = False
        self.stopped_before = ""
        """The request that it waits to send; empty after one, and at the end."""
        self.result: Any = None
        self.error: BaseException | None = None

    def start(self, work: Callable[[], object]) -> None:
        """Begin some work, up to its first request."""
        self.is_busy, self.result, self.error = True, None, None
        self._thread = threading.Thread(target=self._run, args=[work], daemon=True)
        self._thread.start()
        self._stopped.acquire()

    def step(self) -> None:
        """Let it on to where it stops next: before a request, after one, or at its end."""
        self._go.release()
        self._stopped.acquire()

    def refuse(self) -> None:
        """Let it on with an error in the place of its request, or of the answer to it."""
        self._is_refused = True
        self.step()

    def kill(self) -> None:
        """End it where it stands."""
        self._is_killed = True
        self.step()
        assert not self.is_busy

    def stop(self, before: str = "") -> None:
        """Wait until it is let on. Called by the thread itself."""
        self.stopped_before = before
        if threading.current_thread() is self._thread:
            self._stopped.release()
            self._go.acquire()
            if self._is_killed:
                raise Killed
            if self._is_refused:
                self._is_refused = False
                raise InternalError("refused")

    def _run(self, work: Callable[[], object]) -> None:
        try:
            self.result = work()
        except BaseException as error:  # noqa: BLE001  # the test looks at it
            self.error = error
        finally:
            self.is_busy = False
            self._stopped.release()


class SteppedClient:
    """A Chroma client whose requests wait for their process to be let on."""

    def __init__(self, client: Any, process: Process) -> None:
        self._client, self._process = client, process

    def get_collection(self, *given: Any, **options: Any) -> Any:
        return _Stepped(self._client.get_collection(*given, **options), self._process)

    def get_or_create_collection(self, *given: Any, **options: Any) -> Any:
        return _Stepped(self._client.get_or_create_collection(*given, **options), self._process)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class _Stepped:
    def __init__(self, collection: Any, process: Process) -> None:
        self._collection, self._process = collection, process

    def __getattr__(self, name: str) -> Any:
        known = getattr(self._collection, name)
        if name not in _REQUESTS:
            return known

        def request(*given: Any, **options: Any) -> Any:
            self._process.stop(name)
            answer = known(*given, **options)
            self._process.stop()
            return answer

        return request


class SteppedLines:
    """Lines to a client in this process: what is sent is carried out when the test lets it on.

    By turns that is before the sender goes on with its work, and when it waits for the answer.
    """

    def __init__(self, is_late: Iterable[bool] = (False, True)) -> None:
        self._is_late = cycle(is_late)

    @contextmanager
    def asking(self, collection: Any, what: str, body: Mapping[str, Any]) -> Iterator[Awaited[Any]]:
        def carried_out() -> Any:
            try:
                return getattr(collection, what)(**body)  # it stops before and after
            except ChromaError:
                return None  # as a line does: it is asked again in the usual way

        if next(self._is_late):
            yield Awaited(carried_out, lambda: False)
        else:
            yield known(carried_out())

    def answer(self, collection: Any, what: str, body: Mapping[str, Any]) -> Any:
        with self.asking(collection, what, body) as answered:
            return answered()

    def close(self) -> None:
        """Hold nothing."""
