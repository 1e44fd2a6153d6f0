"""A model's server on loopback that speaks OpenAI's wire format and answers by a script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from threaded_server import running

HERE = "127.0.0.1"


@dataclass(frozen=True)
class Call:
    """That a model calls a tool."""

    name: str
    arguments: str


class ScriptedServer(ThreadingHTTPServer):
    """Answers each request with the next text, or call of a tool; keeps what it was asked."""

    daemon_threads = True

    def __init__(self, *answers: str | Call) -> None:
        super().__init__((HERE, 0), _Handler)
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.deletes = True
        self.forms_json = True

    @property
    def address(self) -> str:
        return f"http://{HERE}:{self.server_port}/v1"


@contextmanager
def scripted(*answers: str | Call) -> Iterator[ScriptedServer]:
    server = ScriptedServer(*answers)
    with running(server):
        yield server


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        if "response_format" in asked and not self.server.forms_json:
            self._send(400, "application/json", b'{"error": {"message": "response_format"}}')
            return
        if not self.server.answers:
            self._send(500, "application/json", b'{"error": {"message": "no answer is left"}}')
            return
        answer, number = self.server.answers.pop(0), len(self.server.asked)
        is_chat = self.path.endswith("/chat/completions")
        if asked.get("stream"):
            pieces = _chunks(answer) if is_chat else _events(answer, number)
            lines = [f"event: {piece.get('type', '')}\n" if not is_chat else "" for piece in pieces]
            sent = "".join(
                f"{line}data: {json.dumps(piece)}\n\n"
                for line, piece in zip(lines, pieces, strict=True)
            )
            sent += "data: [DONE]\n\n" if is_chat else ""
            self._send(200, "text/event-stream", sent.encode())
        else:
            whole = _completion(answer) if is_chat else _response(answer, number)
            self._send(200, "application/json", json.dumps(whole).encode())

    def do_DELETE(self) -> None:
        path = self.path.removeprefix("/v1/")
        if not self.server.deletes:
            self._send(500, "application/json", b'{"error": {"message": "not now"}}')
        elif path in self.server.deleted:
            self._send(404, "application/json", b'{"error": {"message": "no such thing"}}')
        else:
            self.server.deleted.append(path)
            self._send(200, "application/json", b'{"id": "x", "object": "x", "deleted": true}')

    def log_message(self, *_: Any) -> None:
        pass

    def _send(self, status: int, type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _completion(answer: str | Call) -> dict[str, Any]:
    if isinstance(answer, Call):
        function = {"name": answer.name, "arguments": answer.arguments}
        calls = [{"id": "call_1", "type": "function", "function": function}]
        message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": calls}
    else:
        message = {"role": "assistant", "content": answer, "refusal": None}
    reason = "tool_calls" if isinstance(answer, Call) else "stop"
    choice = {"index": 0, "finish_reason": reason, "message": message, "logprobs": None}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def _chunks(answer: str | Call) -> list[dict[str, Any]]:
    deltas = [
        {"role": "assistant", "content": ""},
        *({"content": one} for one in _pieces(answer)),
        {},
    ]
    common = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return [
        {**common, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]


def _response(answer: str | Call, number: int, status: str = "completed") -> dict[str, Any]:
    reasoning = {"type": "reasoning", "id": f"rs_{number}", "summary": []}
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": status,
        "output": [reasoning, _item(answer, number)] if status == "completed" else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def _item(answer: str | Call, number: int) -> dict[str, Any]:
    if isinstance(answer, Call):
        told = {"name": answer.name, "arguments": answer.arguments, "status": "completed"}
        return {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", **told}
    part = {"type": "output_text", "text": answer, "annotations": []}
    told = {"type": "message", "role": "assistant", "status": "completed"}
    return {**told, "id": f"msg_{number}", "content": [part]}


def _events(answer: str | Call, number: int) -> list[dict[str, Any]]:
    at = {"item_id": f"msg_{number}", "output_index": 1, "content_index": 0, "logprobs": []}
    pieces: list[dict[str, Any]] = [
        {"type": "response.created", "response": _response(answer, number, "in_progress")},
        *_begun(answer, number, at),
        *({"type": "response.output_text.delta", **at, "delta": one} for one in _pieces(answer)),
        {
            "type": "response.output_item.done",
            "output_index": 1,
            "item": _item(answer, number),
        },
        {"type": "response.completed", "response": _response(answer, number)},
    ]
    return [{**piece, "sequence_number": place} for place, piece in enumerate(pieces)]


def _begun(answer: str | Call, number: int, at: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events before the first piece of a text."""
    if isinstance(answer, Call):
        return []
    reasoning = {"type": "reasoning", "id": f"rs_{number}", "summary": []}
    item = {**_item(answer, number), "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    return [
        {"type": "response.output_item.added", "output_index": 0, "item": reasoning},
        {"type": "response.output_item.added", "output_index": 1, "item": item},
        {"type": "response.content_part.added", **at, "part": part},
    ]


def _pieces(answer: str | Call) -> str:
    return answer if isinstance(answer, str) else ""
