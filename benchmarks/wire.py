"""What a process asks of a Chroma server, counted where its client sends it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import httpx

from commonplace.chroma.lines import Awaited, Lines
from commonplace.embedding import MiniLM

VECTOR_BYTES = 4 * MiniLM.dimension


@dataclass(slots=True)
class Asked:
    """What some requests came to; bytes are those of the bodies.

    `units` are Chroma Cloud's: a search by vector is one, and so is each condition. Data are the
    bytes of vectors, four for each number, of texts, and of metadata as JSON.
    """

    requests: int = 0
    reads: int = 0
    units: int = 0
    rows_sent: int = 0
    rows_received: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    data_sent: int = 0
    data_received: int = 0

    def add(self, other: Asked) -> None:
        """Count those as well."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


class Wire:
    """Counts every request of this process: those of Chroma's client, and those beside it."""

    def __init__(self) -> None:
        """Count from now on."""
        self.asked = Asked()
        self.most_rows_sent = 0
        send = httpx.Client.send

        def counting(client: httpx.Client, request: httpx.Request, **options: Any) -> Any:
            response = send(client, request, **options)
            self._count(request.url.path, request.content, response.content)
            return response

        httpx.Client.send = counting  # type: ignore[assignment]  # for this process
        asking = Lines.asking

        @contextmanager
        def counting_too(
            lines: Lines, collection: Any, what: str, body: Mapping[str, Any]
        ) -> Iterator[Awaited[Any]]:
            with asking(lines, collection, what, body) as answer:

                def counted() -> Any:
                    got = answer()
                    written = json.dumps(got, separators=(",", ":")).encode()  # as the server does
                    self._count(what, json.dumps(body).encode(), written)
                    return got

                yield Awaited(counted, answer.has_come)

        Lines.asking = counting_too  # type: ignore[assignment]  # for this process

    def taken(self) -> Asked:
        """Return what was counted since this was last asked."""
        taken, self.asked = self.asked, Asked()
        return taken

    def _count(self, path: str, asked: bytes, answered: bytes) -> None:
        given, got = _json(asked), _json(answered)
        is_read = path.endswith(("get", "query"))
        is_write = path.endswith(("add", "upsert", "update"))
        sent = len(given.get("ids") or []) if is_write else 0
        self.most_rows_sent = max(self.most_rows_sent, sent)
        self.asked.add(
            Asked(
                requests=1,
                reads=int(is_read),
                units=_units(given) if is_read else 0,
                rows_sent=sent,
                rows_received=_rows(got) if is_read else 0,
                bytes_sent=len(asked),
                bytes_received=len(answered),
                data_sent=_data(given) if is_write else 0,
                data_received=_data(got) if is_read else 0,
            )
        )


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        read = json.loads(body or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _rows(got: Mapping[str, Any]) -> int:
    """Count the rows of an answer, whose columns are lists, or lists of one list."""
    ids = got.get("ids") or []
    return sum(len(one) if isinstance(one, list) else 1 for one in ids)


def _data(columns: Mapping[str, Any]) -> int:
    rows = _rows(columns)
    vectors = VECTOR_BYTES * rows if columns.get("embeddings") else 0
    texts = sum(len((one or "").encode()) for one in columns.get("documents") or [])
    said = sum(len(json.dumps(one)) for one in columns.get("metadatas") or [] if one)
    return vectors + texts + said


def _units(given: Mapping[str, Any]) -> int:
    searched = len(given.get("query_embeddings") or [])
    return max(1, searched + _conditions(given.get("where")))


def _conditions(where: Any) -> int:
    """Count the conditions on single keys."""
    if not isinstance(where, dict):
        return 0
    return sum(
        sum(map(_conditions, value)) if key in {"$and", "$or"} else 1
        for key, value in where.items()
    )
