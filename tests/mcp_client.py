"""The real MCP client of the major that is installed, asked in one way."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

MAJOR = int(version("mcp").partition(".")[0])
ERAS = ["handshake"] if MAJOR == 1 else ["handshake", "stateless"]
"""How a client of this major can begin: by a handshake, or since 2026-07-28 without one."""


class Answer(NamedTuple):
    failed: bool
    data: dict[str, Any]
    text: str


class Host:
    """What a host does with a server."""

    def __init__(self, session: Any) -> None:
        self.session = session

    async def tools(self) -> list[dict[str, Any]]:
        listed = (await self.session.list_tools()).tools
        return [one.model_dump(by_alias=True, exclude_none=True, mode="json") for one in listed]

    async def call(self, name: str, **arguments: Any) -> Answer:
        got = (await self.session.call_tool(name, arguments)).model_dump(by_alias=True, mode="json")
        text = "".join(one["text"] for one in got["content"])
        return Answer(got["isError"], got["structuredContent"] or {}, text)

    async def recalled(self, query: str, **arguments: Any) -> list[str]:
        answer = await self.call("recall", query=query, **arguments)
        assert not answer.failed, answer.text
        return [one["text"] for one in answer.data["matches"]]


@asynccontextmanager
async def over_http(app: Any, key: str, era: str = "handshake") -> AsyncIterator[Host]:
    """Ask an application at ``/mcp``, without sockets."""
    if MAJOR == 1:
        import httpx
    else:
        import httpx2 as httpx  # type: ignore[no-redef]
    url = "http://127.0.0.1:8710/mcp"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=("127.0.0.1", 123)),
        headers={"authorization": f"Bearer {key}"},
        timeout=60,
    ) as http:
        transport = streamable_http_client(url, http_client=http)
        async with _speaking(transport, era) as host:
            yield host


@asynccontextmanager
async def over_stdio(
    arguments: list[str], errors: Path, era: str = "handshake", **environment: str
) -> AsyncIterator[Host]:
    """Start a server as a host does: with few variables, and in another folder."""
    parameters = StdioServerParameters(
        command=sys.executable, args=arguments, env=environment, cwd=errors.parent
    )
    with errors.open("a") as log:
        async with _speaking(stdio_client(parameters, errlog=log), era) as host:
            yield host


@asynccontextmanager
async def kept_open(connecting: AbstractAsyncContextManager[Host]) -> AsyncIterator[Host]:
    """Keep a connection in a task of its own: a fixture begins and ends in different ones."""
    opened: asyncio.Future[Host] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def keep() -> None:
        async with connecting as host:
            opened.set_result(host)
            await over.wait()

    keeping = asyncio.create_task(keep())
    keeping.add_done_callback(lambda _: opened.done() or opened.cancel())
    try:
        yield await opened
    finally:
        over.set()
        await keeping


@asynccontextmanager
async def _speaking(transport: Any, era: str) -> AsyncIterator[Host]:
    if era == "stateless":
        from mcp import Client  # type: ignore[attr-defined]  # of major 2

        async with Client(transport) as client:
            yield Host(client)
        return
    async with transport as streams, ClientSession(streams[0], streams[1]) as session:
        await session.initialize()
        yield Host(session)
