"""A picture of figures has the figures of its table."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def test_a_picture_has_the_figures_of_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(DOCS.parent / "benchmarks")])
    from plots import pictures

    for name, picture in pictures(DOCS).items():
        drawn = (DOCS / "images" / name).read_text(encoding="utf-8")
        missing = [label for label in picture.labels() if f">{label}</text>" not in drawn]
        assert missing == [], f"{name} is older than its table: python benchmarks/plots.py docs"
