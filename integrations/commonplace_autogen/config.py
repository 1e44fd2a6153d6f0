"""A `SharedMemory` as JSON: what can be dumped of it, and how it is opened again."""

from __future__ import annotations

import os
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from typing_extensions import Self

import commonplace
from commonplace import InvalidInputError, Memory, Scope
from commonplace.adapting import OnError, place_of
from commonplace.recall.packing import RELEVANT

USERS = ("user", "user_proxy")
_WHERE = {"directory", "shared", "server", "scope", "including", "group"}


class SharedMemoryConfig(BaseModel):
    """A `SharedMemory` on a directory or a server. Its embedder is the one of the open store.

    `directory` is opened as it was: by this process or, with `shared`, through its server. `server`
    is an http(s) address instead, whose key is in the environment variable `api_key_env`.
    """

    # A misspelt `scope` that is passed over would open the whole store.
    model_config = ConfigDict(extra="forbid")

    directory: str | None = None
    shared: bool = False
    server: str | None = None
    api_key_env: str | None = None
    scope: list[str] = []
    including: list[list[str]] = []
    group: list[str] | None = None
    write_back: bool = False
    session: str | None = None
    max_tokens: int = 400
    min_confidence: float = RELEVANT
    users: list[str] = list(USERS)
    emit_events: bool = False
    on_error: OnError = "log"

    @model_validator(mode="after")
    def _names_one_store(self) -> Self:
        if (self.directory is None) == (self.server is None):
            raise ValueError("Give either a directory or a server.")
        if self.server is not None and self.shared:
            raise ValueError("Only a directory is shared; a server serves many as it is.")
        return self

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of `SharedMemory`."""
        return self.model_dump(exclude=_WHERE)


def described(memory: Memory, *, api_key_env: str | None, **options: Any) -> SharedMemoryConfig:
    """Return what opens `memory` again, in this process or another.

    Raises InvalidInputError for a store that nothing names, and for a key without a variable.
    """
    place = place_of(memory)
    if place.asks_key and api_key_env is None:
        raise InvalidInputError(
            f"{memory!r} shows its server a key, and a key is never dumped. Say which environment "
            "variable holds it: SharedMemory(memory, api_key_env='COMMONPLACE_KEY')."
        )
    is_directory = memory.directory is not None
    return SharedMemoryConfig(
        directory=place.path if is_directory else None,
        server=None if is_directory else place.path,
        shared=place.shared,
        api_key_env=api_key_env,
        scope=list(memory.path.names),
        including=[list(scope.names) for scope in memory.also],
        **options,
    )


def opened(config: SharedMemoryConfig) -> tuple[Memory, Memory | None]:
    """Open the store that `config` names, and return the memory of its scopes, and its group's.

    Raises InvalidInputError for what names no scope, a variable that is not set, or a scope beyond
    the key's, and then holds nothing; and what `commonplace.open` raises.
    """
    own, *others = (Scope(tuple(names)) for names in (config.scope, *config.including))
    group = None if config.group is None else Scope(tuple(config.group))
    root = commonplace.open(
        config.directory or config.server, shared=config.shared, api_key=_key(config.api_key_env)
    )
    try:
        memory = _within(root, own).including(*(_within(root, other) for other in others))
        return memory, None if group is None else _within(root, group)
    except InvalidInputError:
        root.close()
        raise


def _key(variable: str | None) -> str | None:
    if variable is None:
        return None
    if not (key := os.environ.get(variable)):
        raise InvalidInputError(
            f"The environment variable {variable!r}, which holds the key of the memory's server, "
            "is not set."
        )
    return key


def _within(root: Memory, scope: Scope) -> Memory:
    """Return the memory of a scope that is written from the store's root, as `root` reaches it."""
    if not root.path.contains(scope):
        raise InvalidInputError(f"{root!r}, which the key opens, does not hold {str(scope)!r}.")
    below = scope.names[len(root.path.names) :]
    return root.scope(below) if below else root
