"""The MCP package, of either major version: what both have, under one name.

Tools are made stricter than the package makes them. It drops an argument that a tool has not, so
that a misspelt condition would admit every record; and it reads a text that looks like JSON as
JSON, so that the value ``"null"`` would be kept as null.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mcp.types import ToolAnnotations
from pydantic import ConfigDict

from commonplace import __version__

MAJOR = int(version("mcp").partition(".")[0])

if TYPE_CHECKING or MAJOR == 1:
    from mcp.server.fastmcp import FastMCP as Server
    from mcp.server.fastmcp.exceptions import ToolError
    from mcp.server.fastmcp.tools import Tool
    from mcp.server.fastmcp.utilities.func_metadata import FuncMetadata
else:
    from mcp.server.mcpserver import MCPServer as Server
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.server.mcpserver.tools import Tool
    from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata

__all__ = ["Server", "Tool", "ToolError", "http_app", "named_server", "strict_tool"]


def named_server(instructions: str, tools: list[Tool]) -> Server[Any]:
    """Return a server that speaks every version of the protocol that the package knows."""
    if MAJOR == 1:
        return Server(
            "commonplace",
            instructions,
            tools=tools,
            log_level="WARNING",
            json_response=True,
            stateless_http=True,
        )
    of_major_2: Any = Server
    return of_major_2(  # type: ignore[no-any-return]  # checked with major 1
        "commonplace",
        instructions=instructions,
        tools=tools,
        log_level="WARNING",
        version=__version__,
    )


def http_app(server: Any) -> Any:
    """Return the ASGI application of a server, which keeps nothing between two requests.

    Whose ``Host`` and ``Origin`` are admitted is checked before it.
    """
    from mcp.server.transport_security import TransportSecuritySettings

    unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    if MAJOR == 1:
        server.settings.transport_security = unchecked
        return server.streamable_http_app()
    return server.streamable_http_app(
        json_response=True, stateless_http=True, transport_security=unchecked
    )


def strict_tool(
    function: Callable[..., Any], title: str, *, reads: bool, destroys: bool, repeatable: bool
) -> Tool:
    """Return a tool that refuses arguments it does not have and takes the others as they are.

    A host may ask its user before a tool that does not only read, and above all before one that
    destroys; `repeatable` tells that a second call changes nothing more.
    """
    tool = Tool.from_function(
        function,
        title=title,
        description=" ".join(inspect.cleandoc(function.__doc__ or "").split()),
        annotations=ToolAnnotations(
            title=title,
            readOnlyHint=reads,
            destructiveHint=destroys,
            idempotentHint=repeatable,
            openWorldHint=False,
        ),
    )
    made = tool.fn_metadata
    strict: Any = type(made.arg_model.__name__, (made.arg_model,), {"model_config": _STRICT})
    tool.parameters = _untitled(strict.model_json_schema())
    tool.fn_metadata = _Exact(
        arg_model=strict,
        output_schema=_untitled(made.output_schema),
        output_model=made.output_model,
        wrap_output=made.wrap_output,
    )
    return tool


_STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class _Exact(FuncMetadata):
    """Arguments as they were sent."""

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        return data


def _untitled(schema: Any) -> Any:
    """Return a schema without the titles that only repeat its names: a model reads all of it."""
    if isinstance(schema, list):
        return [_untitled(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {key: _untitled(one) for key, one in value.items()}
        if name in ("properties", "$defs")
        else _untitled(value)
        for name, value in schema.items()
        if name != "title"
    }
