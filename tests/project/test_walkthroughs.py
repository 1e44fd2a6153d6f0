"""A reader who does each step of Start here and of the how-tos sees what the pages say."""

from __future__ import annotations

from pathlib import Path

import pytest

from walkthrough import follow, steps

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted([*(DOCS / "start").glob("*.md"), *(DOCS / "how-to").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert page.stem == "index" or steps(text)
    follow(text, tmp_path)


def test_a_step_that_prints_something_else_is_noticed(tmp_path: Path) -> None:
    page = '```python\n# one.py\nprint("a 0.25 b")\n```\n```console\n$ python one.py\n{}\n```\n'

    follow(page.format("a 0.75 b"), _new(tmp_path / "same"))
    with pytest.raises(AssertionError, match="where the page says"):
        follow(page.format("a 0.25 c"), _new(tmp_path / "other"))


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
