"""Several that keep the same: each call goes to the next of them, as behind a balancer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle
from typing import TYPE_CHECKING, Any, cast, get_args

import commonplace
from commonplace import Memory
from commonplace.chroma.notes import Notes
from commonplace.engine.port import Engine
from commonplace.service.store_keys import KEYS, StoreKeys
from commonplace.values.records import Origin
from commonplace.values.scope import Scope
from several_servers import in_threads

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

SERVERS = 2


class ByTurns:
    """Stands for each of several in turn; what is no method is that of the first."""

    def __init__(self, several: Sequence[Any]) -> None:
        self.several = several
        self._turns = cycle(several)

    def __getattr__(self, name: str) -> Any:
        known = getattr(self.several[0], name)
        return getattr(next(self._turns), name) if callable(known) else known

    def close(self) -> None:
        for one in self.several:
            one.close()


@contextmanager
def two_servers(client: ClientAPI, **options: Any) -> Iterator[Callable[[object], Memory]]:
    """Serve a database twice within; give what opens a memory whose requests go by turns."""
    with ExitStack() as closing:
        addresses = closing.enter_context(in_threads(SERVERS, client, **options))
        key = StoreKeys(Notes(client, KEYS)).add(Scope(), origins=get_args(Origin))

        def opened(embedder: object) -> Memory:
            memories = [
                commonplace.open(address, api_key=key, embedder=embedder, **_of_clients(options))
                for address in addresses
            ]
            engines = ByTurns([memory._engine for memory in memories])
            memory = Memory(cast("Engine", engines), Scope())
            closing.callback(memory.close)
            return memory

        yield opened


def _of_clients(options: dict[str, Any]) -> dict[str, Any]:
    return {"clock": options["clock"]} if "clock" in options else {}
