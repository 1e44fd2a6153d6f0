"""A door before a Chroma server: it passes requests on, and answers some itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TypeAlias

Answer: TypeAlias = tuple[int, bytes] | None
Guard: TypeAlias = Callable[[str, str], Answer]
"""Takes a method and a path; returns status and JSON, or None to pass the request on."""
LOST: Answer = (502, b"the answer was lost")
"""Passes a request on, and answers this all the same."""

HERE = "127.0.0.1"


@contextmanager
def door(port: int, guard: Guard) -> Iterator[str]:
    """Give the address of a door before the server at `port`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _passed_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = guard(self.command, self.path)
            if answer is None or answer is LOST:
                done = self._asked(body)
            status, said = answer or done
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def _asked(self, body: bytes) -> tuple[int, bytes]:
            connection = HTTPConnection(HERE, port)
            headers = {"content-type": "application/json"}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            said = answer.status, answer.read()
            connection.close()
            return said

        do_GET = do_POST = do_PUT = do_DELETE = _passed_on  # noqa: N815  # http.server's

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HERE, 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{HERE}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
