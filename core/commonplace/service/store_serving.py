"""One of any number of servers of a Chroma database: all that lasts is kept there."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from functools import partial
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from commonplace.chroma.connecting import ServerClock, check_clock
from commonplace.chroma.inspecting import check_collections
from commonplace.chroma.leases import Lease
from commonplace.chroma.notes import Notes
from commonplace.chroma.open_erasures import ERASURES, OpenErasures
from commonplace.chroma.shared_audit import AUDIT, SharedAuditLog
from commonplace.chroma.translation import translated
from commonplace.engine.local_engine import LocalEngine
from commonplace.errors import StoreError
from commonplace.opening.on_client import engine_on
from commonplace.service.absent import Absent, model_of
from commonplace.service.access import Gate
from commonplace.service.app import application
from commonplace.service.confined import ConfinedEngine
from commonplace.service.draining import Traffic
from commonplace.service.housekeeping import WORK, Housekeeping
from commonplace.service.http_server import Port, remote_server
from commonplace.service.inspecting import add_inspector
from commonplace.service.listening import tcp
from commonplace.service.rates import SharedRates
from commonplace.service.serving import Serving, repeated
from commonplace.service.shared_quotas import SharedQuotas
from commonplace.service.store_keys import KEYS, StoreKeys

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

_CHECKED_SECONDS = 1.0
_LOOKED_SECONDS = 5.0
_TIDIED_SECONDS = 60.0
CLAIMS = "commonplace-claims"


class StoreService(Serving):
    """A server of the store that a Chroma client holds.

    It keeps nothing of its own: keys, audit log and unfinished erasures are in the store, so that
    any number of servers can be behind one address, and each can end at any moment.
    """

    notice_seconds = 1.0

    def __init__(
        self,
        client: ClientAPI,
        engine: LocalEngine,
        erasures: OpenErasures,
        port: Port,
        *,
        embeds: bool,
    ) -> None:
        """Listen at `port`. Raises InvalidInputError if it cannot be had as asked."""
        traffic = Traffic()
        keys, claims = StoreKeys(Notes(client, KEYS)), Notes(client, CLAIMS)
        clock = ServerClock(client)
        self._rates = SharedRates(claims, clock)
        self._house = Housekeeping(engine, erasures, claims, Lease(claims, WORK), clock)
        with ExitStack() as undo:
            undo.callback(engine.close)
            undo.callback(self._house.end)
            there = tcp(port.host, port.port, port.scheme)
            undo.callback(there.close)
            gate = _WaitingGate(
                engine,
                keys.grant,
                embeds=embeds,
                rates=self._rates,
                quotas=SharedQuotas(claims, clock),
            )
            app = application(gate, traffic, _Check(client))
            add_inspector(app, keys, port.names)
            servers = [(remote_server(app, port), there)]
            super().__init__(engine, traffic, servers, undo.pop_all().close)

    def _beside(self) -> list[Coroutine[Any, Any, None]]:
        """Hold the lease beside the work that is done with it, which may take longer than it."""
        house = self._house
        return [
            repeated(_LOOKED_SECONDS, house.go_on, "Holding the lease"),
            repeated(_LOOKED_SECONDS, house.finish_erasures, "Finishing erasures"),
            repeated(_TIDIED_SECONDS, house.sweep, "The sweep"),
            repeated(_TIDIED_SECONDS, partial(house.tidy, self._rates), "Tidying"),
        ]


def store_service(
    client: ClientAPI, port: Port, embedder: str | None, **options: Any
) -> StoreService:
    """Return a server of the store that `client` holds, after a look at what is there.

    `embedder` names a model, or the clients' own; without it the server embeds with the store's.
    `options` are what `engine_on` takes beside. Raises StoreFormatError, EmbedderMismatchError,
    AccessDeniedError, InvalidInputError, StoreError; then nothing was changed.
    """
    check_collections(client)
    model = model_of(embedder)
    audit = SharedAuditLog(client)
    engine = engine_on(client, model, audit=audit, serves=True, **options)
    for name in (KEYS, AUDIT, ERASURES, CLAIMS):
        Notes(client, name).make()
    return StoreService(client, engine, audit.erasures, port, embeds=not isinstance(model, Absent))


class _WaitingGate(Gate):
    """A gate whose keys are elsewhere: to ask for one takes a while."""

    async def admitted(self, key: str) -> ConfinedEngine:
        return await run_in_threadpool(self.opened, key)


class _Check:
    """Looks whether the Chroma server answers, and its clock is right; not for each who asks."""

    def __init__(self, client: Any, ticks: Callable[[], float] = monotonic) -> None:
        """Ask with `client`."""
        self._client = client
        self._ticks = ticks
        self._lock = Lock()
        self._found: tuple[float, StoreError | None] | None = None

    def __call__(self) -> None:
        """Raise StoreError if the store cannot be used, as it was found a moment ago."""
        with self._lock:
            if self._found is None or self._ticks() - self._found[0] > _CHECKED_SECONDS:
                self._found = self._ticks(), self._looked()
        if self._found[1] is not None:
            raise self._found[1]

    def _looked(self) -> StoreError | None:
        try:
            with translated("asking the Chroma server for its time"):
                check_clock(self._client)
        except StoreError as error:
            return error
        return None
