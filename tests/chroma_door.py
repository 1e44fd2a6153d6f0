"""A door before a Chroma server: it passes requests on, and answers some itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from threading import Thread
from typing import TypeAlias

Answer: TypeAlias = tuple[int, bytes] | None
Guard: TypeAlias = Callable[[str, str], Answer]
"""Takes a method and a path; returns status and JSON, or None to pass the request on."""
LOST: Answer = (502, b"the answer was lost")
"""Passes a request on, and answers this all the same."""

HERE = "127.0.0.1"


TOKEN = "X-Chroma-Token"


@contextmanager
def door(
    port: int, guard: Guard, *, token: str | None = None, tls: SSLContext | None = None
) -> Iterator[str]:
    """Give the address of a door before the server at `port`.

    Only those pass who send a `token`, if there is one; the door speaks `tls` if it is given.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _passed_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            is_let_in = token is None or self.headers.get(TOKEN) == token
            answer = guard(self.command, self.path) if is_let_in else (401, b"no such token")
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
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # who does not trust it hangs up
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"{'http' if tls is None else 'https'}://{HERE}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
