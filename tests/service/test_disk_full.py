"""A full disk: refused with a clear error, nothing lost, writable again once there is room."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from agent_processes import AgentError, agents

KILOBYTES = 1024


def test_a_full_disk_is_an_error_and_costs_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with agents(tmp_path, 1, "own") as [owner]:
        owner.opened().ask("write", "before", 30)
        owner.ask("limit_files", 3_000 * KILOBYTES)
        for said in ("until full", "still full"):  # the ledger's log first, and then its file
            with pytest.raises(AgentError, match="StoreError: There is no room on the disk"):
                owner.ask("write", said, 3_000)
            assert len(owner.acknowledged) > 30
            assert sorted(owner.ask("texts")) == sorted(owner.acknowledged)

        owner.ask("limit_files", resource.RLIM_INFINITY)
        assert owner.ask("write", "after", 150) == 150
        acknowledged = sorted(owner.acknowledged)
        assert owner.ask("unfindable") == []

    with agents(tmp_path, 1, "own") as [owner]:
        assert sorted(owner.opened().ask("texts")) == acknowledged
        assert owner.ask("unfindable") == []
