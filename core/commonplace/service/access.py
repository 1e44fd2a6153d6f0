"""Who asks, and what that key allows."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Annotated, TypeAlias

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp, Receive, Scope, Send

from commonplace.engine.local_engine import LocalEngine
from commonplace.errors import AccessDeniedError, CommonplaceError, QuotaExceededError
from commonplace.service import docs_page
from commonplace.service.answers import error_answer
from commonplace.service.confined import ConfinedEngine, Grant
from commonplace.service.draining import HEALTH, READY
from commonplace.service.quotas import Quotas
from commonplace.service.rates import OwnRates, Rates

Grants: TypeAlias = Callable[[str], Grant | None]
"""What a key allows, or None if it is none."""

# What anybody may see. Their bodies are not read.
_OPEN = frozenset({HEALTH, READY, "/openapi.json"}) | docs_page.OPEN
INSPECTOR = "/ui"


class Gate:
    """Turns the key of a request into an engine that is confined to what it allows."""

    def __init__(
        self,
        engine: LocalEngine,
        grants: Grants,
        *,
        embeds: bool,
        rates: Rates | None = None,
        quotas: Quotas | None = None,
    ) -> None:
        """Let `grants` decide about keys. `embeds` tells whether `engine` has a model.

        `rates` and `quotas` are counted by this process alone if they are left out.
        """
        self.embeds = embeds
        self._engine = engine
        self._grants = grants
        self._rates = rates or OwnRates()
        self._quotas = quotas or Quotas()

    def opened(self, key: str) -> ConfinedEngine:
        """Return the engine for a key. Raises AccessDeniedError, QuotaExceededError."""
        grant = self._grants(key)
        if grant is None:
            raise AccessDeniedError(
                "The server knows no such key. Send one that `commonplace keys add` gave, as "
                "'Authorization: Bearer …' or api_key=…"
            )
        rate = grant.requests_per_minute
        if rate is not None and not self._rates.takes(grant.name, rate):
            raise QuotaExceededError(
                f"The key {grant.name!r} may ask {rate} times a minute. Wait, or ask for more."
            )
        return ConfinedEngine(self._engine, grant, self._quotas, lambda: self._dimension)

    async def admitted(self, key: str) -> ConfinedEngine:
        """Return the same without holding up the event loop: what decides is in this process."""
        return self.opened(key)

    @cached_property
    def _dimension(self) -> int | None:
        return self._engine.embed(["dimension"]).shape[1] if self.embeds else None


class Admission:
    """Lets in who shows a key, before anything of the body is read."""

    def __init__(self, app: ASGIApp) -> None:
        """Guard `app`, whose state holds the gate."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its engine, or answer it."""
        if scope["type"] == "http" and not _is_open(scope["path"]):
            gate: Gate = scope["app"].state.gate
            try:
                scope.setdefault("state", {})["engine"] = await gate.admitted(_key(scope))
            except CommonplaceError as error:
                await _refusal(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_open(path: str) -> bool:
    # The inspector asks for a key itself, in a form.
    return path in _OPEN or path == INSPECTOR or path.startswith(f"{INSPECTOR}/")


def _key(scope: Scope) -> str:
    sent = [value for name, value in scope["headers"] if name == b"authorization"]
    kind, _, key = (sent[0] if len(sent) == 1 else b"").decode("latin-1").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def _refusal(error: CommonplaceError) -> ASGIApp:
    if isinstance(error, AccessDeniedError):
        return error_answer(error, 401, {"www-authenticate": "Bearer"})
    return error_answer(error)


_BEARER = HTTPBearer(
    auto_error=False, scheme_name="key", description="A key that `commonplace keys add` gave."
)


async def _confined(request: Request, _: Annotated[object, Security(_BEARER)]) -> ConfinedEngine:
    engine: ConfinedEngine = request.state.engine
    return engine


Confined = Annotated[ConfinedEngine, Depends(_confined)]
"""The engine of a request; on the OpenAPI page, that a key is asked for."""
