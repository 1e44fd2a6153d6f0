"""A server of embeddings on loopback in OpenAI's wire format, whose model is a script.

It is what a real one is to a client: HTTP, limits, refusals, answers in another order, base64.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from commonplace.testing import HashingEmbedder

HERE = "127.0.0.1"
DIMENSION = 16


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Asked = dict[str, Any]
Script = Callable[[Asked], Answer | None]


def refusal(message: str, status: int = 400, code: str | None = None) -> Answer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return Answer({"error": error}, status)


def busy(status: int = 429, retry_after: str = "0") -> Answer:
    return Answer({"error": {"message": "slow down"}}, status, {"retry-after": retry_after})


def vectors(texts: list[str], dimension: int = DIMENSION) -> list[list[float]]:
    return [[float(number) for number in row] for row in _model(dimension).embed_documents(texts)]


def embeddings(texts: list[str], dimension: int = DIMENSION) -> list[dict[str, Any]]:
    return [
        {"object": "embedding", "index": place, "embedding": vector}
        for place, vector in enumerate(vectors(texts, dimension))
    ]


def answer(data: list[dict[str, Any]]) -> Answer:
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return Answer({"object": "list", "data": data, "model": "scripted", "usage": usage})


def in_base64(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            **one,
            "embedding": base64.b64encode(np.asarray(one["embedding"], "<f4").tobytes()).decode(),
        }
        for one in data
    ]


class EmbeddingsServer(ThreadingHTTPServer):
    """Embeds what it is asked, unless the script answers first; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HERE, 0), _Handler)
        self.scripts: list[Script | Answer] = []
        self.asked: list[Asked] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []

    @property
    def address(self) -> str:
        return f"http://{HERE}:{self.server_port}/v1"

    def first(self, *answers: Answer) -> None:
        """Give these answers to the next requests."""
        self.scripts.extend(answers)

    def answer_to(self, asked: Asked) -> Answer:
        script = self.scripts.pop(0) if self.scripts else None
        given = script(asked) if callable(script) else script
        return given or answer(embeddings(asked["input"], asked.get("dimensions", DIMENSION)))


class LimitedServer(EmbeddingsServer):
    """Refuses more texts than `texts` at once, and longer ones than `characters`."""

    def __init__(self, texts: int = 1000, characters: int = 1_000_000) -> None:
        super().__init__()
        self._texts, self._characters = texts, characters

    def answer_to(self, asked: Asked) -> Answer:
        if len(asked["input"]) > self._texts:
            return refusal(f"batch size {len(asked['input'])} > maximum {self._texts}", 422)
        if max(map(len, asked["input"])) > self._characters:
            return refusal("This model's maximum context length is exceeded.")
        return super().answer_to(asked)


class _Handler(BaseHTTPRequestHandler):
    server: EmbeddingsServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        self.server.keys.append(self.headers.get("Authorization"))
        self.server.paths.append(self.path)
        given = self.server.answer_to(asked)
        body = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
        self.send_response(given.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in given.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def _model(dimension: int) -> HashingEmbedder:
    return HashingEmbedder(dimension)
