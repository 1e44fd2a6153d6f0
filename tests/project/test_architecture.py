"""Dependencies point one way, and no module outgrows one idea."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "core" / "commonplace"
ADAPTERS = sorted((ROOT / "integrations").glob("commonplace_*"))
MODULES = sorted([*CORE.rglob("*.py"), *(ROOT / "integrations").rglob("*.py")])

FRAMEWORKS = {
    "langchain",
    "langchain_core",
    "langchain_classic",
    "langgraph",
    "crewai",
    "autogen_core",
    "autogen_agentchat",
    "agent_framework",
    "ag2",
    "autogen",
    "openai",
}
# What may import what within the core; a folder or module not named here is free to be imported.
PURE = [
    "errors",
    "values/scope",
    "values/times",
    "values/records",
    "values/json_values",
    "values/validation",
    "conversation/forms",
    "conversation/images",
    "conversation/turns",
    "conversation/window",
    "recall/filters",
    "values/rendering",
    "writing/messages",
    "writing/extraction",
    "writing/operations",
    "writing/screening",
    "writing/instructions",
    "writing/personal_data",
    "writing/trust",
]
# Everything else is in a room.
FACE = {
    "__init__.py",
    "__main__.py",
    "adapting.py",
    "aio.py",
    "errors.py",
    "memory.py",
    "ports.py",
    "testing.py",
}
EFFECTS = {
    "chromadb",
    "filelock",
    "onnxruntime",
    "threading",
    "subprocess",
    "socket",
    "os",
    "pathlib",
}


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_core_knows_no_framework_and_only_one_place_knows_chroma(path: Path) -> None:
    packages = {name.partition(".")[0] for name in imports(path)}

    if path.is_relative_to(CORE):
        assert not packages & FRAMEWORKS
        assert not {name for name in packages if name.startswith("commonplace_")}
    # Two majors of it are served: by one module of imports.
    assert "mcp" not in packages or path == CORE / "mcp" / "sdk.py"
    may_know_chroma = path.is_relative_to(CORE / "chroma") or path in {
        CORE / "embedding" / "weights.py",  # Chroma's own archive of the model, as the last resort
        # These name the client's type, and import nothing at run time.
        CORE / "opening" / "open.py",
        CORE / "opening" / "on_client.py",
        CORE / "service" / "store_serving.py",
        CORE / "cli" / "store.py",
    }
    assert may_know_chroma or "chromadb" not in packages


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_import_nothing_with_effects(name: str) -> None:
    packages = {one.partition(".")[0] for one in imports(CORE / f"{name}.py")}

    assert not packages & EFFECTS


@pytest.mark.parametrize("path", ADAPTERS, ids=name_of)
def test_an_adapter_uses_the_core_and_no_other_adapter(path: Path) -> None:
    others = {other.name for other in ADAPTERS} - {path.name}
    reached = {name for module in path.rglob("*.py") for name in imports(module)}

    assert not {name for name in reached if name.partition(".")[0] in others}
    assert not {
        name
        for name in reached
        if name.startswith(("commonplace.chroma", "commonplace.stores.in_memory"))
    }
    assert {"__init__.py", "py.typed"} <= {file.name for file in path.iterdir()}


def test_imports_between_rooms_go_one_way() -> None:
    rooms = {path.stem for path in CORE.iterdir() if path.stem not in {"__init__", "__pycache__"}}

    # Raises CycleError, which names the rooms, if there is no order of them.
    order = tuple(TopologicalSorter({room: _reached(room) for room in rooms}).static_order())

    assert order.index("chroma") < order.index("engine") < order.index("memory")
    assert {path.name for path in CORE.glob("*.py")} == FACE


def _reached(room: str) -> set[str]:
    modules = [*(CORE / room).rglob("*.py"), *CORE.glob(f"{room}.py")]
    names = (name.split(".") for path in modules for name in imports(path))
    return {name[1] for name in names if name[0] == "commonplace" and name[1:]} - {room}


def test_the_inspector_shows_what_the_verbs_tell() -> None:
    stores = ("engine", "opening", "stores", "chroma", "client", "service", "cli")
    reached = {name for path in (CORE / "inspector").rglob("*.py") for name in imports(path)}

    assert "commonplace.memory" in reached
    assert [name for name in reached if name.split(".")[1:2] and name.split(".")[1] in stores] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_stays_about_one_thing(path: Path) -> None:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]

    assert len(lines) <= 300


def test_functions_are_short() -> None:
    lengths = [length for path in MODULES for length in _function_lengths(path)]

    assert median(lengths) < 10
    assert max(lengths) <= 30


def _function_lengths(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            has_docstring = ast.get_docstring(node) is not None and len(node.body) > 1
            first = node.body[1 if has_docstring else 0]
            yield (node.end_lineno or 0) - first.lineno + 1
