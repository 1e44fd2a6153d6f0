"""The programs that a memory can be added to, and where each keeps its configuration."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_config_path


@dataclass(frozen=True, slots=True)
class Host:
    """A host: the file of its configuration, and the member of it that names servers."""

    file: Callable[[], Path]
    section: str = "mcpServers"
    types: bool = False
    after: str = "Restart it."


def _settings(program: str) -> Path:
    return user_config_path(program, appauthor=False, roaming=True)


HOSTS = {
    "claude-desktop": Host(
        lambda: _settings("Claude") / "claude_desktop_config.json", after="Quit it and start it."
    ),
    "claude-code": Host(
        lambda: Path.cwd() / ".mcp.json",
        types=True,
        after="Claude Code asks once whether this project may use it.",
    ),
    "cursor": Host(
        lambda: Path.home() / ".cursor" / "mcp.json", after="Enable it in its settings."
    ),
    "vscode": Host(
        lambda: _settings("Code") / "User" / "mcp.json",
        section="servers",
        types=True,
        after="Start it with the command 'MCP: List Servers'.",
    ),
}


def entry(  # noqa: PLR0917  # what an entry consists of
    host: Host, agent: str, store: str, scope: str, model: str | None, key: str | None
) -> dict[str, Any]:
    """Return what a host's configuration says of a memory.

    Paths are absolute: hosts start programs elsewhere, and with few variables.
    """
    command, *first = _program()
    where = ["--scope", scope] if scope else []
    where += ["--embedder", model] if model else []
    said: dict[str, Any] = {"type": "stdio"} if host.types else {}
    said |= {"command": command, "args": [*first, "mcp", store, *where, "--agent", agent]}
    return said if key is None else {**said, "env": {"COMMONPLACE_API_KEY": key}}


def _program() -> list[str]:
    """Return the installed program.

    Where there is none, the module, isolated: else a file of the host's folder would be imported
    in the place of a package of the same name.
    """
    name = "commonplace.exe" if sys.platform == "win32" else "commonplace"
    script = Path(sysconfig.get_path("scripts")) / name
    return [str(script)] if script.exists() else [sys.executable, "-I", "-m", "commonplace"]
