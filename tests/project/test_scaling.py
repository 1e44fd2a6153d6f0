"""The page on scaling says what its program computes from the figures that were measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_page_has_the_plan_that_its_program_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "benchmarks")])
    from scale_plan import LOAD, planned

    measured = ROOT / "benchmarks" / "data" / "scale.json"
    plan = planned(json.loads(measured.read_text(encoding="utf-8")), LOAD)
    assert plan in (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")


def test_a_plan_follows_its_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT / "benchmarks")])
    from scale_plan import LOAD, PLANS, Plan

    measured = json.loads((ROOT / "benchmarks" / "data" / "scale.json").read_text("utf-8"))
    case = next(one for one in measured["cases"] if one["users"] == 1 and one["each"] == 1_000)
    once, twice = (Plan(PLANS[1], {**LOAD, "turns": one}, case) for one in (20.0, 40.0))
    opening = LOAD["users"] * LOAD["sessions"] * case["verbs"]["first recall"]["requests"]
    assert twice.a_day("requests") - opening == pytest.approx(
        2 * (once.a_day("requests") - opening)
    )
    assert twice.rows == once.rows == pytest.approx(PLANS[1] * case["rows"] / 1_000)
