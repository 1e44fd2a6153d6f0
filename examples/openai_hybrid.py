"""A plain OpenAI client with a memory: conversations of its own, and those that the provider keeps.

    python examples/openai_hybrid.py [directory]

Monday's conversation is kept here: each request holds its window, within a budget of tokens.
Tuesday's is kept by the provider, which is sent the new message alone and the id of the last
response. Both know what was said in any conversation of the memory. It runs offline: a server on a
local socket speaks the wire format of Chat Completions and Responses, and answers from nothing but
what it is sent. For a real model take ``openai.OpenAI()`` as the client.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer
from threading import Thread
from typing import Any

import httpx
import openai

import commonplace
from commonplace import Memory
from commonplace_openai import MemoryClient

MODEL = "gpt-5-mini"


def monday(client: openai.OpenAI, alice: Memory) -> None:
    """Keep the conversation here, in the memory: its window is what is sent."""
    chat = alice.conversation("monday")
    chat.add({"role": "system", "content": "You help to plan dinners. Be brief."})
    turns = ["I am allergic to peanuts.", *(f"Tell me about dish number {n}." for n in range(20))]
    for text in [*turns, "What am I allergic to?"]:
        chat.add({"role": "user", "content": text})
        window: Any = chat.messages(max_tokens=500)
        reply = client.chat.completions.create(model=MODEL, messages=window)
        chat.add(reply.choices[0].message)
    print(f"[monday] user:  {text}")
    print(f"[monday] agent: {reply.choices[0].message.content}")
    print(f"         sent: {len(window)} of {len(chat.records())} messages, {window.tokens} tokens")


def tuesday(client: openai.OpenAI, alice: Memory) -> None:
    """Let the provider keep the conversation, and the memory tell it what it cannot know."""
    with MemoryClient(client, alice, session="tuesday") as remembering:
        last = None
        for text in ["Good morning!", "Which nuts must I avoid, am I allergic to any?"]:
            reply = remembering.responses.create(
                model=MODEL, instructions="Be brief.", input=text, previous_response_id=last
            )
            last = reply.id
            print(f"[tuesday] user:  {text}")
            print(f"[tuesday] agent: {reply.output_text}")


class ScriptedModel(BaseHTTPRequestHandler):
    """Stands in for a provider: it repeats what a user once stated, if it is sent that."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told = asked.get("instructions") or asked["messages"][0]["content"]
        note = re.search(r'^- "([^"?]+)" \(message, user', told, re.MULTILINE)
        answer = f"You once told me: {note[1]}" if note else "Gladly."
        is_chat = self.path.endswith("/chat/completions")
        self._send(self._completion(answer) if is_chat else self._response(answer))

    def _completion(self, answer: str) -> dict[str, Any]:
        message = {"role": "assistant", "content": answer}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return {"id": "c", "object": "chat.completion", "created": 1, "model": MODEL} | {
            "choices": [choice]
        }

    def _response(self, answer: str) -> dict[str, Any]:
        part = {"type": "output_text", "text": answer, "annotations": []}
        message = {"type": "message", "id": "msg", "role": "assistant", "status": "completed"}
        response = {"id": "resp", "object": "response", "created_at": 1, "model": MODEL}
        more = {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}
        return {**response, **more, "output": [{**message, "content": [part]}]}

    def _send(self, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request."""


@contextmanager
def scripted_client() -> Iterator[openai.OpenAI]:
    """Give a real client, whose provider is a script on a local socket."""
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "model")
        with ThreadingUnixStreamServer(place, ScriptedModel) as server:
            server.daemon_threads = True
            Thread(target=server.serve_forever, daemon=True).start()
            transport = httpx.HTTPTransport(uds=place)
            with httpx.Client(transport=transport) as http:
                yield openai.OpenAI(api_key="none", base_url="http://scripted/v1", http_client=http)
            server.shutdown()


def main(directory: str) -> None:
    with commonplace.open(directory) as store, scripted_client() as client:
        alice = store.scope("user", "alice")
        monday(client, alice)
        tuesday(client, alice)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(temporary)
