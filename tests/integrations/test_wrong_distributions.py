"""Four products are called AutoGen: whoever installed another one is told which this is for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import commonplace
from commonplace.testing import HashingEmbedder

CLASSIC = "autogen/__init__.py"  # of pyautogen, ag2 and autogen-agentchat in their older releases
LEFT_OVER = "autogen/"  # what is left of it when ag2 is upgraded beside autogen
AGENTS = "class Agent: ...\nclass ConversableAgent: ...\n"


@contextmanager
def imports_forgotten(adapter: str) -> Iterator[None]:
    """Forget what is imported of the adapter and of its framework meanwhile."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in (adapter, "autogen", "ag2", "agent_framework"):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("adapter", "installed", "told"),
    [
        ("commonplace_autogen_classic", LEFT_OVER, "reinstall autogen"),
        ("commonplace_autogen_classic", "ag2/__init__.py", "ag2 1.x by commonplace_ag2"),
        ("commonplace_ag2", CLASSIC, "commonplace_autogen_classic"),
        ("commonplace_ag2", "ag2/__init__.py", "commonplace-memory[ag2]"),
        ("commonplace_agent_framework", CLASSIC, "commonplace-memory[agent-framework]"),
        ("commonplace_agent_framework", "agent_framework/__init__.py", "1.23 or newer"),
    ],
)
def test_another_autogen_is_told_from_the_one_that_is_needed(
    adapter: str, installed: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / installed
    place.parent.mkdir(parents=True, exist_ok=True)
    if installed == LEFT_OVER:
        place.mkdir()
    else:
        place.write_text(AGENTS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    with imports_forgotten(adapter), pytest.raises(ModuleNotFoundError) as raised:
        importlib.import_module(adapter)
    assert told in str(raised.value)
    assert "pip install" in str(raised.value)


def test_an_autogen_without_tools_has_hooks_and_is_told_what_tools_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / CLASSIC
    place.parent.mkdir()
    place.write_text(AGENTS, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    with (
        commonplace.open(":memory:", embedder=HashingEmbedder()) as memory,
        imports_forgotten("commonplace_autogen_classic"),
    ):
        classic = importlib.import_module("commonplace_autogen_classic")
        assert classic.SharedMemory(memory)
        with pytest.raises(ModuleNotFoundError, match=r"commonplace-memory\[autogen-classic\]"):
            classic.memory_tools(memory)


def test_a_fault_of_an_adapter_is_not_taken_for_a_missing_framework(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ag2").mkdir()
    (tmp_path / "ag2" / "__init__.py").write_text("import not_there", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ModuleNotFoundError, match="No module named 'not_there'"):
        importlib.import_module("commonplace_ag2")
