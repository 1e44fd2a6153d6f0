"""Opens the store that a command is about. Only what writes may make one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.codes import NotFound
from commonplace.cli.options import CHROMA, Target, is_given, of_a_store
from commonplace.cli.output import waiting
from commonplace.errors import (
    AccessDeniedError,
    CommonplaceError,
    EmbedderMismatchError,
    ServerUnavailableError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from chromadb.api import ClientAPI

    from commonplace.client.address import Address
    from commonplace.memory import Memory

API_KEY = "COMMONPLACE_API_KEY"
_MARKS = ("owner.json", "chroma")


@contextmanager
def opened(
    target: Target, *, makes: bool = False, keeps: bool = True, embeds: bool = True
) -> Iterator[Memory]:
    """Give the memory that a command is about; with `makes`, its directory may be new.

    A new one in which nothing came to be, because of an error or a trial that does not keep it,
    is gone again. A command that does not embed works on a store of any model.
    """
    place = named(target.store)
    if is_elsewhere(place):
        with _elsewhere(target, place, makes=makes, embeds=embeds) as memory:
            yield scoped(memory, target.scope)
        return
    path = resolved(place)
    is_new = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    if not makes and not holds_store(path):
        raise NotFound(f"There is no store in {place!r}. `commonplace remember` makes one.")
    is_kept = False
    try:
        with waiting(f"opening {place}"):
            memory = _joined(path) or _owned(path, target.model, embeds=embeds)
        with memory:
            yield scoped(memory, target.scope)
            is_kept = keeps
    finally:
        if is_new and not is_kept:
            _unmade(path)


def asked(target: Target, verb: str, body: dict[str, Any], here: Callable[[Memory], Any]) -> Any:
    """Return what a verb that reads returns, as JSON: of the server if one runs, or done `here`.

    The server does what `here` does; asked for the whole, this process imports no store.
    """
    place = named(target.store)
    if is_address(place):
        key = os.environ.get(API_KEY) or None
        return _call(lambda: _address(place, key), target, verb, body)
    if is_chroma(place):
        with opened(target) as memory:
            return here(memory)
    path = resolved(place)
    if holds_store(path) and (locate := _server_of(path)):
        return _call(locate, target, verb, body)
    with opened(target) as memory:
        return here(memory)


def _call(locate: Callable[[], Address], target: Target, verb: str, body: dict[str, Any]) -> Any:
    from commonplace.client.connection import Connection
    from commonplace.client.wire import PREFIX

    sent = {name: _sent(part) for name, part in body.items()}
    with closing(Connection(locate)) as connection:
        return connection.call(f"{PREFIX}/{verb}", {**sent, "scope": target.scope or None})


def _sent(part: Any) -> Any:
    return part.isoformat() if hasattr(part, "isoformat") else part


def _address(url: str, key: str | None) -> Address:
    from commonplace.client.address import Address

    return Address(url, key)


def named(store: str | None) -> str:
    """Return the name of the store, or say how to give one."""
    if not store:
        raise click.UsageError(
            "Which store? Give --dir, a directory or the address of a server, or set "
            "COMMONPLACE_DIR."
        )
    return store


def is_address(place: str) -> bool:
    """Tell whether a store is named by its server's address."""
    return place.startswith(("http://", "https://"))


def is_chroma(place: str) -> bool:
    """Tell whether a store is named by the address of the Chroma server that holds it."""
    return place.startswith(CHROMA)


def is_elsewhere(place: str) -> bool:
    """Tell whether a store is named by any address."""
    return is_address(place) or is_chroma(place)


def client_at(target: Target) -> ClientAPI:
    """Return a client of the Chroma database that a target names."""
    from commonplace.chroma.connecting import ChromaPlace, connected

    url = named(target.store).removeprefix(CHROMA)
    headers = dict(_header(one) for one in target.headers)
    return connected(ChromaPlace(url, target.tenant, target.database, headers))


def _header(text: str) -> tuple[str, str]:
    name, sign, variable = text.partition("=")
    value = os.environ.get(variable)
    if not (name and sign and variable):
        raise click.UsageError(
            "--header-from-env is NAME=VARIABLE, such as X-Chroma-Token=CHROMA_TOKEN, not "
            f"{text!r}."
        )
    if not value:
        raise click.UsageError(f"The variable {variable!r} for the header {name!r} is not set.")
    return name, value


def of_a_directory(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a store; whatever else is missing, it must be a directory."""

    @wraps(function)
    def command(target: Target, *args: Any, **given: Any) -> Any:
        if target.store is not None and (is_given("store") or is_given("chroma")):
            refuse_elsewhere(target.store)
        return function(target, *args, **given)

    return of_a_store(command)


def directory_of(place: str | None) -> Path:
    """Return the directory of a store that is there, for what a server does not do."""
    place = named(place)
    refuse_elsewhere(place)
    path = resolved(place)
    if not holds_store(path):
        raise NotFound(f"There is no store in {place!r}.")
    return path


def refuse_elsewhere(place: str) -> None:
    """Raise UsageError for the address of a store: its files are out of reach."""
    if is_elsewhere(place):
        raise click.UsageError(f"This command takes a directory of this machine, not {place!r}.")


def resolved(place: str) -> Path:
    """Return the directory of this name."""
    from commonplace.files.paths import local_path

    if is_chroma(place):
        raise click.UsageError(
            f"This command takes a directory or the address of a server, not {place!r}. Serve "
            "that with: commonplace serve --chroma URL"
        )
    return local_path(place, "A path is the name of a directory").resolve()


def holds_store(path: Path) -> bool:
    """Tell whether a store was ever opened in a directory."""
    return any((path / mark).exists() for mark in _MARKS)


def scoped(memory: Memory, path: str) -> Memory:
    """Return the memory of a scope, which the key of a server may be too narrow for."""
    from commonplace.values.scope import Scope

    scope, own = Scope.parse(path), memory.path
    if not scope.names or scope == own:
        return memory
    if not own.contains(scope):
        raise AccessDeniedError(f"The key is for the scope {str(own)!r}, not for {str(scope)!r}.")
    return memory.scope(scope.names[len(own.names) :])


def _elsewhere(target: Target, place: str, *, makes: bool, embeds: bool) -> Memory:
    """Return the memory behind a server, or on the Chroma database that a target names."""
    if is_chroma(place):
        return _on_chroma(target, makes=makes, embeds=embeds)
    key = os.environ.get(API_KEY) or None
    return _remote(lambda: _address(place, key), None)


def _on_chroma(target: Target, *, makes: bool, embeds: bool) -> Memory:
    from commonplace.chroma.inspecting import check_collections

    client = client_at(target)
    if not check_collections(client) and not makes:
        raise NotFound(f"There is no store at {target.store!r}. `commonplace remember` makes one.")
    return _open(target.model, embeds=embeds, chroma=client)


def _joined(path: Path) -> Memory | None:
    """Return the memory behind the server of a directory: quicker than importing a store."""
    locate = _server_of(path)
    return _remote(locate, str(path)) if locate else None


def _server_of(path: Path) -> Callable[[], Address] | None:
    """Return what finds the server of a directory, or None if none answers."""
    from commonplace.files.ownership import is_server

    if not is_server(path):
        return None
    from commonplace.client.joining import answering, joined

    try:
        answering(path)
    except ServerUnavailableError:
        return None  # it ended; if not, opening says so
    return lambda: joined(path, None)


def _remote(locate: Callable[[], Address], directory: str | None) -> Memory:
    from commonplace.client.connection import Connection
    from commonplace.client.remote import RemoteEngine
    from commonplace.engine.lease import Lease
    from commonplace.memory import Memory
    from commonplace.values.records import now

    connection = Connection(locate)
    engine = RemoteEngine(connection, embedder=None, clock=now, directory=directory)
    return Memory(Lease(engine), engine.scope)


def _unmade(path: Path) -> None:
    """Remove a store that was made for nothing; what cannot be opened is left as it is."""
    from shutil import rmtree

    from commonplace.files.ownership import is_server

    if not path.exists() or is_server(path):
        return
    try:
        with _owned(path, None, embeds=False) as memory:
            is_empty = not memory.scopes(limit=1)
    except CommonplaceError:
        return
    if is_empty:
        rmtree(path)


def _owned(path: Path, embedder: str | None, *, embeds: bool = True) -> Memory:
    return _open(embedder, embeds=embeds, path=path)


def _open(embedder: str | None, *, embeds: bool, **where: Any) -> Memory:
    """Open a store; if nothing is to be embedded, also without the model that it is of."""
    from commonplace.opening.open import open

    try:
        return open(**where, embedder=embedder)
    except EmbedderMismatchError as error:
        if embeds or error.stored is None:
            raise
        from commonplace.service.absent import Absent

        return open(**where, embedder=Absent(error.stored))
