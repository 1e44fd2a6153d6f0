"""Where a memory begins."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from commonplace.client.address import Address
from commonplace.embedding import MiniLM, as_embedder
from commonplace.engine.lease import Lease, Place
from commonplace.engine.local_engine import LocalEngine
from commonplace.engine.port import Engine
from commonplace.errors import InvalidInputError, ServerUnavailableError, StoreInUseError
from commonplace.files.ownership import is_served, is_server
from commonplace.files.paths import local_path
from commonplace.memory import Memory
from commonplace.opening.roots import CACHE_BYTES, Options, root_of
from commonplace.stores.in_memory import InMemoryStore
from commonplace.values.records import now
from commonplace.values.scope import Scope
from commonplace.writing.policy import Screening

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

    from commonplace.client.remote import RemoteEngine

IN_MEMORY = ":memory:"


def open(
    path: str | PathLike[str] | None = None,
    *,
    chroma: ClientAPI | None = None,
    shared: bool = False,
    api_key: str | None = None,
    embedder: object = None,
    screening: Screening | None = None,
    cache_bytes: int = CACHE_BYTES,
    clock: Callable[[], datetime] = now,
) -> Memory:
    """Open a store and return its memory.

    It is the memory of the root scope, or of the scope of `api_key`. A directory has one owner at
    a time: this process, or a server. If a server runs, `open` joins it. Opened again in the
    process that owns it, the open store is shared; it closes when everyone has closed it. It
    keeps its options: give the same ones or none. A server too has its own embedder, screening
    and cache.

    Args:
        path: A directory, which is created if needed; the address of a Commonplace server; or
            ``":memory:"`` for a store that ends with the process.
        chroma: A chromadb client, such as an HttpClient, in place of `path`.
        shared: Let any number of processes use the directory. If no server runs for it, one is
            started in the background. It ends when it had no client for a minute.
        api_key: The key that a server asks for.
        embedder: What turns texts into vectors. A name: ``"minilm"`` (all-MiniLM-L6-v2, English,
            the default), ``"multilingual"`` (multilingual-e5-small) or ``"openai:MODEL@ADDRESS"``
            (an OpenAI-compatible API). Or an object: an Embedder, a Chroma embedding function,
            embeddings of LangChain or LlamaIndex, a SentenceTransformer, or a function from a
            list of texts to a list of vectors. Without it, a store opens with the model it was
            made with, if that model ships with Commonplace.
        screening: What is redacted, refused or held back before it is stored. The default redacts
            secrets and holds back texts that give orders to a model.
        cache_bytes: The most bytes for keeping scopes in memory, where recall is fastest.
        clock: A function that returns the time; for tests.

    Raises:
        StoreInUseError: Another process owns the directory; the message names it.
        ServerUnavailableError: The server does not answer.
        AccessDeniedError: The server refuses the key.
        StoreFormatError: It is no Commonplace store, or one of a newer release.
        EmbedderMismatchError: The store was made with another embedder.
        StoreDamagedError: Files of the store cannot be read.
        StoreError: The store cannot be opened for another reason.
        InvalidInputError: An argument cannot be used.

    >>> import commonplace
    >>> with commonplace.open(":memory:") as memory:
    ...     memory.count()
    0
    """
    if (path is None) == (chroma is None):
        raise InvalidInputError("Give either a path or a chroma client.")
    address = path if isinstance(path, str) and path.startswith(("http://", "https://")) else None
    if shared and (path == IN_MEMORY or address or chroma is not None):
        raise InvalidInputError("Only a directory is opened with shared=True.")
    if api_key is not None and address is None:
        raise InvalidInputError("Only a server, such as 'https://…', is shown an api_key.")
    options = Options(embedder, screening, cache_bytes, clock)
    if address is not None:
        engine = _at(options, lambda: Address(address, api_key))
        place = Place(address, asks_key=api_key is not None)
        return Memory(Lease(engine, place), engine.scope)
    if chroma is not None:
        return Memory(_on_client(chroma, options), Scope())
    if path == IN_MEMORY:
        return Memory(_in_memory(options), Scope())
    directory = _directory(path)
    return Memory(_sharing(directory, options) if shared else _owning(directory, options), Scope())


def _directory(path: object) -> Path:
    return local_path(path, "A path is the name of a directory").resolve()


def _in_memory(options: Options) -> Engine:
    return LocalEngine(
        InMemoryStore(),
        as_embedder(MiniLM() if options.embedder is None else options.embedder),
        clock=options.clock,
        cache_bytes=options.cache_bytes,
        screening=options.screening,
    )


def _owning(directory: Path, options: Options) -> Lease:
    """Hold a directory: as this process's own, or through its server."""
    try:
        return root_of(directory).lease(options)
    except StoreInUseError:
        if not is_server(directory):
            raise
    from commonplace.client.joining import in_time

    return in_time(directory, lambda: _joining_or_owning(directory, options))


def _joining_or_owning(directory: Path, options: Options) -> Lease:
    from commonplace.client.joining import answering

    try:
        answering(directory)
    except ServerUnavailableError:
        # It may have ended by now; if not, this says so.
        if is_served(directory):
            raise
        return root_of(directory).lease(options)
    return _joining(directory, options, None)


def _sharing(directory: Path, options: Options) -> Lease:
    """Hold a directory through its server, which is started if none runs."""
    started_with = ["--cache-bytes", str(options.cache_bytes)]
    started_with += ["--screening", json.dumps(asdict(options.screening or Screening()))]
    if options.embedder is not None:
        started_with += ["--embedder", _told(options.embedder)]
    return _joining(directory, options, started_with)


def _told(embedder: object) -> str:
    """Return what a server is told of an embedder: how it is named, or else only its name."""
    name = as_embedder(embedder).name
    return embedder if isinstance(embedder, str) else name


def _joining(directory: Path, options: Options, started_with: list[str] | None) -> Lease:
    from commonplace.client.joining import joined

    engine = _at(options, lambda: joined(directory, started_with), str(directory))
    return Lease(engine, Place(str(directory), shared=started_with is not None))


def _at(
    options: Options, locate: Callable[[], Address], directory: str | None = None
) -> RemoteEngine:
    """Return an engine behind a server."""
    from commonplace.client.connection import Connection
    from commonplace.client.remote import RemoteEngine

    return RemoteEngine(
        Connection(locate),
        embedder=None if options.embedder is None else as_embedder(options.embedder),
        clock=options.clock,
        directory=directory,
    )


def _on_client(client: ClientAPI, options: Options) -> Engine:
    from commonplace.opening.on_client import engine_on

    return engine_on(
        client,
        options.embedder,
        clock=options.clock,
        screening=options.screening,
        cache_bytes=options.cache_bytes,
    )
