"""Other memories behind one small face, each on its own library, store and defaults.

All are given the same embedder, and the name of a user for what is said or asked. Nobody's
telemetry runs, no key is asked for, no language model is there. What is not said here is left as
the library has it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, Protocol
from uuid import uuid4

import commonplace
from commonplace.ports import Embedder
from embedders import as_chroma, as_langchain

DIMENSION = 384
MOST_FOUND = 8
EVERY_SIZE = 10_000_000


class Peer(Protocol):
    """A memory. `most_records` is the size beyond which filling it alone takes hours."""

    name: ClassVar[str]
    most_records: ClassVar[int]

    def __init__(self, directory: Path, embedder: Embedder) -> None: ...

    def add(self, user: str, text: str) -> None:
        """Keep one text."""

    def add_many(self, user: str, texts: Sequence[str]) -> None:
        """Keep many, the fastest way there is."""

    def recall(self, user: str, query: str, limit: int = MOST_FOUND) -> list[str]:
        """Return up to `limit` texts of this user, best first."""

    def close(self) -> None:
        """Leave the store as another process can open it."""


def silence_telemetry(directory: Path) -> None:
    """Switch off what the libraries would send. They read it when they are imported."""
    os.environ |= {
        "ANONYMIZED_TELEMETRY": "False",
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_STORAGE_DIR": str(directory),
        "LANGCHAIN_TRACING_V2": "false",
        "MEM0_DIR": str(directory),
        "MEM0_TELEMETRY": "False",
        "OTEL_SDK_DISABLED": "true",
    }


class Ours(Peer):
    """Commonplace as `open` gives it: screening, deduplication and all signals are on."""

    name = "Commonplace"
    most_records = EVERY_SIZE

    def __init__(self, directory: Path, embedder: Embedder) -> None:
        self._memory = commonplace.open(directory, embedder=embedder)

    def add(self, user: str, text: str) -> None:
        self._memory.scope("user", user).remember(text)

    def add_many(self, user: str, texts: Sequence[str]) -> None:
        self._memory.scope("user", user).remember_many(texts)

    def recall(self, user: str, query: str, limit: int = MOST_FOUND) -> list[str]:
        matches = self._memory.scope("user", user).recall(query, limit=limit)
        return [match.record.text for match in matches]

    def close(self) -> None:
        self._memory.close()


class RawChroma(Peer):
    """One Chroma collection with a filter on the user, as most memories on Chroma do it."""

    name = "raw Chroma"
    most_records = EVERY_SIZE

    def __init__(self, directory: Path, embedder: Embedder) -> None:
        self._embedder = embedder
        self._client = chroma_client(directory)
        self._collection = self._client.get_or_create_collection(
            "raw", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )

    def add(self, user: str, text: str) -> None:
        self.add_many(user, [text])

    def add_many(self, user: str, texts: Sequence[str]) -> None:
        self._collection.add(
            ids=[str(uuid4()) for _ in texts],
            embeddings=self._embedder.embed_documents(texts),
            documents=list(texts),
            metadatas=[{"user": user}] * len(texts),
        )

    def recall(self, user: str, query: str, limit: int = MOST_FOUND) -> list[str]:
        found = self._collection.query(
            query_embeddings=self._embedder.embed_query(query)[None],
            n_results=limit,
            where={"user": user},
        )
        return list(found["documents"][0])

    def close(self) -> None:
        self._client.close()


class LangChainChroma(Peer):
    """langchain-chroma, the vector store that LangChain's memories are built on."""

    name = "langchain-chroma"
    most_records = 100_000

    def __init__(self, directory: Path, embedder: Embedder) -> None:
        from langchain_chroma import Chroma

        self._client = chroma_client(directory)
        self._store: Any = Chroma(client=self._client, embedding_function=as_langchain(embedder))

    def add(self, user: str, text: str) -> None:
        self.add_many(user, [text])

    def add_many(self, user: str, texts: Sequence[str]) -> None:
        self._store.add_texts(list(texts), metadatas=[{"user": user} for _ in texts])

    def recall(self, user: str, query: str, limit: int = MOST_FOUND) -> list[str]:
        found = self._store.similarity_search(query, limit, filter={"user": user})
        return [document.page_content for document in found]

    def close(self) -> None:
        self._client.close()


class CrewAILance(Peer):
    """CrewAI's storage on LanceDB, asked directly.

    CrewAI's `Memory` above it runs a flow for each text and writes at each recall; it is slower.
    """

    name = "CrewAI on LanceDB"
    most_records = 100_000

    def __init__(self, directory: Path, embedder: Embedder) -> None:
        from crewai.memory.storage.lancedb_storage import LanceDBStorage

        self._embedder = embedder
        self._storage = LanceDBStorage(path=directory / "lance", vector_dim=DIMENSION)

    def add(self, user: str, text: str) -> None:
        self.add_many(user, [text])

    def add_many(self, user: str, texts: Sequence[str]) -> None:
        from crewai.memory.types import MemoryRecord

        vectors = self._embedder.embed_documents(texts).tolist()
        self._storage.save(
            [
                MemoryRecord(content=text, scope=f"/user/{user}", embedding=vector)
                for text, vector in zip(texts, vectors, strict=True)
            ]
        )

    def recall(self, user: str, query: str, limit: int = MOST_FOUND) -> list[str]:
        vector = self._embedder.embed_query(query).tolist()
        found = self._storage.search(vector, scope_prefix=f"/user/{user}", limit=limit)
        return [record.content for record, _ in found]

    def close(self) -> None:
        """Nothing is held open."""


class AutoGenChroma(Peer):
    """AutoGen's `ChromaDBVectorMemory`, with the user in the metadata. It has no bulk add."""

    name = "AutoGen ChromaDBVectorMemory"
    most_records = 10_000

    def __init__(self, directory: Path, embedder: Embedder) -> None:
        from autogen_ext.memory import chromadb as autogen

        self._loop = asyncio.new_event_loop()
        self._memory = autogen.ChromaDBVectorMemory(
            autogen.PersistentChromaDBVectorMemoryConfig(
                persistence_path=str(directory),
                k=MOST_FOUND,
                embedding_function_config=autogen.CustomEmbeddingFunctionConfig(
                    function=as_chroma, params={"embedder": embedder}
                ),
            )
        )

    def add(self, user: str, text: str) -> None:
        from autogen_core.memory import MemoryContent, MemoryMimeType

        said = MemoryContent(content=text, mime_type=MemoryMimeType.TEXT, metadata={"user": user})
        self._loop.run_until_complete(self._memory.add(said))

    def add_many(self, user: str, texts: Sequence[str]) -> None:
        for text in texts:
            self.add(user, text)

    def recall(self, user: str, query: str, limit: int = MOST_FOUND) -> list[str]:
        found = self._loop.run_until_complete(self._memory.query(query, where={"user": user}))
        # It finds as many as it was made for.
        return [str(content.content) for content in found.results[:limit]]

    def close(self) -> None:
        self._loop.run_until_complete(self._memory.close())
        self._loop.close()


class LangGraphSqlite(Peer):
    """LangGraph's `SqliteStore` with sqlite-vec, a namespace for each user."""

    name = "LangGraph SqliteStore"
    most_records = EVERY_SIZE

    def __init__(self, directory: Path, embedder: Embedder) -> None:
        from langgraph.store.sqlite import SqliteStore

        self._closing = ExitStack()
        opened = SqliteStore.from_conn_string(
            str(directory / "store.db"), index=langgraph_index(embedder)
        )
        self._store: Any = self._closing.enter_context(opened)
        self._store.setup()

    def add(self, user: str, text: str) -> None:
        self._store.put(("user", user), str(uuid4()), {"text": text})

    def add_many(self, user: str, texts: Sequence[str]) -> None:
        from langgraph.store.base import PutOp

        self._store.batch([PutOp(("user", user), str(uuid4()), {"text": text}) for text in texts])

    def recall(self, user: str, query: str, limit: int = MOST_FOUND) -> list[str]:
        found = self._store.search(("user", user), query=query, limit=limit)
        return [item.value["text"] for item in found]

    def close(self) -> None:
        self._closing.close()


class LangGraphInMemory(LangGraphSqlite):
    """LangGraph's `InMemoryStore`, which finds the same and needs no extension of SQLite."""

    name = "LangGraph InMemoryStore"
    most_records = 10_000

    def __init__(self, directory: Path, embedder: Embedder) -> None:  # noqa: ARG002  # in memory
        from langgraph.store.memory import InMemoryStore

        self._closing = ExitStack()
        self._store = InMemoryStore(index=langgraph_index(embedder))

    def add_many(self, user: str, texts: Sequence[str]) -> None:
        """Add one by one: a batch that holds a text twice raises."""
        for text in texts:
            self.add(user, text)


class Mem0Chroma(Peer):
    """mem0 on Chroma with `infer=False`, which needs no model. It embeds and adds one by one."""

    name = "mem0 on Chroma"
    most_records = 10_000

    def __init__(self, directory: Path, embedder: Embedder) -> None:
        from mem0 import Memory

        store = {"client": chroma_client(directory), "path": str(directory)}
        self._memory: Any = Memory.from_config(
            {
                "vector_store": {"provider": "chroma", "config": store},
                "embedder": {"provider": "langchain", "config": {"model": as_langchain(embedder)}},
                # Made, and never asked.
                "llm": {"provider": "openai", "config": {"api_key": "none is needed"}},
                "history_db_path": str(directory / "history.db"),
            }
        )

    def add(self, user: str, text: str) -> None:
        self._memory.add(text, user_id=user, infer=False)

    def add_many(self, user: str, texts: Sequence[str]) -> None:
        said = [{"role": "user", "content": text} for text in texts]
        self._memory.add(said, user_id=user, infer=False)

    def recall(self, user: str, query: str, limit: int = MOST_FOUND) -> list[str]:
        found = self._memory.search(query, top_k=limit, filters={"user_id": user})
        return [str(one["memory"]) for one in found["results"]]

    def close(self) -> None:
        self._memory.close()


def langgraph_index(embedder: Embedder) -> Any:
    """Return what LangGraph's stores are to search by."""
    return {"dims": DIMENSION, "embed": as_langchain(embedder), "text_fields": ["text"]}


def chroma_client(directory: Path) -> Any:
    """Return a Chroma client on a directory."""
    import chromadb

    settings = chromadb.config.Settings(anonymized_telemetry=False)
    return chromadb.PersistentClient(directory, settings=settings)


ALL: tuple[type[Peer], ...] = (
    Ours,
    RawChroma,
    LangGraphSqlite,
    LangChainChroma,
    CrewAILance,
    AutoGenChroma,
    Mem0Chroma,
)
MEMORIES = {peer.name: peer for peer in ALL}
