"""Pages that are followed: their files are written, their commands run, their output compared.

In such a page a Python block that begins with ``# NAME.py`` is a file, and a console block holds
commands, each after ``$ ``, and below it what it prints. In that, ``…`` stands for any text, and
every number with a point for any other.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from offline import QUIET

BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"\A# (\w+\.py)\b.*\n")
ONLY_THIS_MACHINE = """
from pytest_socket import socket_allow_hosts
socket_allow_hosts(["127.0.0.1", "localhost"], allow_unix_socket=True)
"""


@dataclass(frozen=True)
class File:
    """A Python block with a name."""

    name: str
    text: str


@dataclass(frozen=True)
class Command:
    """A line after ``$ ``, and what the page says that it prints."""

    line: str
    shown: str


def steps(page: str) -> list[File | Command]:
    """Read the files and commands of a page, in its order."""
    found: list[File | Command] = []
    for language, body in BLOCK.findall(page):
        if language == "console":
            found += _commands(body)
        elif named := FILE.match(body):
            found.append(File(named[1], body))
    return found


def follow(page: str, folder: Path) -> None:
    """Do each step of `page` in `folder`; an AssertionError names the first that went otherwise."""
    environment = _environment(folder)
    for step in steps(page):
        if isinstance(step, File):
            (folder / step.name).write_text(step.text, encoding="utf-8")
        else:
            _run(step, folder, environment)


def _commands(body: str) -> list[Command]:
    parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    return [Command(line, shown.strip()) for line, _, shown in (p.partition("\n") for p in parts)]


def _run(step: Command, folder: Path, environment: dict[str, str]) -> None:
    ran = subprocess.run(
        ["bash", "-c", step.line],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    said = (ran.stdout + ran.stderr).strip()
    assert _pattern(step.shown).fullmatch(_flat(said)), (
        f"$ {step.line}\nprinted\n{said}\nwhere the page says\n{step.shown}"
    )


def _pattern(shown: str) -> re.Pattern[str]:
    escaped = re.escape(_flat(shown)).replace("…", ".*")
    return re.compile(re.sub(r"\d+\\\.\d+", r"[\\d.]+", escaped), re.DOTALL)


def _flat(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text)


def _environment(folder: Path) -> dict[str, str]:
    """Commands find this Python first, and reach this machine alone."""
    site = folder / ".site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(ONLY_THIS_MACHINE, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **QUIET, "PATH": path, "PYTHONPATH": str(site), "COLUMNS": "120"}
