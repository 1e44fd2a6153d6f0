"""What is overtaken is decided again, and for how long."""

from __future__ import annotations

import pytest

from commonplace import StoreError
from commonplace.stores import overtaken
from commonplace.stores.overtaken import Overtaken, decided

TOLD = r"^Other writers were faster for \d+ seconds, each time\. Nothing was written: try again"


@pytest.mark.parametrize("budget", [30.0, 0.0], ids=["in time", "read for longer than the budget"])
def test_what_was_overtaken_is_decided_until_nobody_was_faster(
    monkeypatch: pytest.MonkeyPatch, budget: float
) -> None:
    monkeypatch.setattr(overtaken, "_BUDGET_SECONDS", budget)
    faster = [Overtaken(), Overtaken()]

    def step() -> str:
        if faster:
            raise faster.pop()
        return "written"

    assert decided(step) == "written"


def test_whoever_is_always_overtaken_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overtaken, "_BUDGET_SECONDS", 0.01)

    def step() -> None:
        raise Overtaken

    with pytest.raises(StoreError, match=TOLD):
        decided(step)


def test_another_error_is_nobody_s_being_faster() -> None:
    tried: list[int] = []

    def step() -> None:
        tried.append(1)
        raise StoreError("The disk is full.")

    with pytest.raises(StoreError, match="disk"):
        decided(step)
    assert tried == [1]
