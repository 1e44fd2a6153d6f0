"""The scripts of `.ci` run tests that are there: pytest ends without a test where one is not."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [one for one in sorted((ROOT / ".ci").iterdir()) if one.is_file()]
_TESTS = re.compile(r"(?<!\S)tests/[\w/{},.-]+\.py\b")


@pytest.mark.parametrize("script", SCRIPTS, ids=[one.name for one in SCRIPTS])
def test_what_a_script_runs_is_there(script: Path) -> None:
    named = _TESTS.findall(script.read_text())
    expanded = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {' '.join(named)}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert [one for one in expanded if not (ROOT / one).exists()] == []
