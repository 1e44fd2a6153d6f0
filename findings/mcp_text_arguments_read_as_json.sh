#!/usr/bin/env bash
# mcp 1.30.0 and 2.3.0: a tool with the parameter `value: Any` does not get every text that it is
# sent. The text "null" arrives as None, "[1, 2]" as a list, '{"a": 1}' as an object, while "true" and "5"
# arrive as they are. So a tool that keeps what it is given keeps something else, and nothing is
# said. Only a parameter that is exactly `str` is left alone: with `str | None`, "null" becomes None.
set -euo pipefail

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cat >"$place/seen.py" <<'PYTHON'
import asyncio
from importlib.metadata import version
from typing import Any, Optional

try:
    from mcp.server.fastmcp import FastMCP as Server
except ModuleNotFoundError:
    from mcp.server.mcpserver import MCPServer as Server

SENT = ["null", "[1, 2]", '{"a": 1}', "true", "5", "plain"]
server, got = Server("seen"), []


@server.tool()
async def anything(value: Any) -> str:
    got.append(value)
    return "kept"


@server.tool()
async def text_or_nothing(value: Optional[str]) -> str:
    got.append(value)
    return "kept"


@server.tool()
async def text(value: str) -> str:
    got.append(value)
    return "kept"


async def arrived(tool, values):
    got.clear()
    for value in values:
        await server.call_tool(tool, {"value": value})
    return list(got)


seen = {
    "Any": asyncio.run(arrived("anything", SENT)),
    "str | None": asyncio.run(arrived("text_or_nothing", ["null", "plain"])),
    "str": asyncio.run(arrived("text", SENT)),
}
print("mcp", version("mcp"), seen)
assert seen == {
    "Any": [None, [1, 2], {"a": 1}, "true", "5", "plain"],
    "str | None": [None, "plain"],
    "str": SENT,
}, "the behaviour has changed"
PYTHON
for version in 1.30.0 2.3.0; do
  python3 -m venv "$place/$version"
  "$place/$version/bin/pip" install --quiet "mcp==$version"
  "$place/$version/bin/python" -W ignore "$place/seen.py"
done
