"""A memory as the tools of any MCP host: over stdio, and at ``/mcp`` of the server."""
