"""Each row of the tables for those who come from another memory is run."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "coming-from.md"
ROW = re.compile(r"^\| `(.+?)` \| `(.+?)` \|", re.MULTILINE)
SECTIONS = dict(part.split("\n", 1) for part in PAGE.read_text(encoding="utf-8").split("\n## ")[1:])
OPENING = PAGE.read_text(encoding="utf-8").split("\n## ")[0]


def blocks(text: str) -> str:
    return "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


async def run(code: str, names: dict[str, Any]) -> Any:
    """Run a row, which may await, and return what its expression gives."""
    tree = ast.parse(code)
    if isinstance(tree.body[-1], ast.Expr):
        tree.body[-1] = ast.parse(f"_ = {ast.unparse(tree.body[-1])}").body[0]
    names["_"] = None
    done = eval(compile(tree, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    if inspect.isawaitable(done):
        await done
    return names["_"]


@pytest.fixture
def names() -> Any:
    opened: dict[str, Any] = {}
    exec(blocks(OPENING), opened)
    yield opened
    opened["memory"].close()


@pytest.mark.filterwarnings("ignore")  # the frameworks' own, as each adapter's tests name them
@pytest.mark.parametrize("section", list(SECTIONS))
async def test_each_row_runs(section: str, names: dict[str, Any]) -> None:
    text = SECTIONS[section]
    exec(blocks(text), names)
    rows = ROW.findall(text)

    assert len(rows) >= 4
    for _, ours in rows:
        await run(ours, names)


async def test_rows_that_look_the_same_return_the_same(names: dict[str, Any]) -> None:
    text = SECTIONS["LangGraph's stores"]
    exec(blocks(text), names)
    theirs, ours = dict(names), dict(names)
    opening, *rows = ROW.findall(text)
    await run(opening[0], theirs)
    await run(opening[1], ours)

    for before, now in rows:
        assert await run(before, theirs) == await run(now, ours)
