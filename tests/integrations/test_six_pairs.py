"""What an agent of one framework learns, agents of the others know: other processes, no network."""

from __future__ import annotations

import runpy
import shutil
from itertools import permutations
from pathlib import Path

import pytest

from offline import run_offline

EXAMPLE = Path(__file__).parents[2] / "examples" / "one_memory_three_frameworks.py"
FACTS = runpy.run_path(str(EXAMPLE))["FACTS"]


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give for each framework a directory in which its agent alone has learned something."""
    directories = {name: tmp_path_factory.mktemp(name) for name in FACTS}
    for framework, directory in directories.items():
        run = run_offline(EXAMPLE, directory, str(directory / "memory"), "learn", framework)
        assert run.returncode == 0, run.stderr
    return directories


@pytest.mark.parametrize(("writer", "reader"), list(permutations(FACTS, 2)))
def test_what_one_framework_learned_another_answers_from(
    learned: dict[str, Path], tmp_path: Path, writer: str, reader: str
) -> None:
    directory = shutil.copytree(learned[writer] / "memory", tmp_path / "memory")

    run = run_offline(EXAMPLE, tmp_path, str(directory), "ask", reader)

    assert run.returncode == 0, run.stderr
    assert f"answers: {FACTS[writer]}" in run.stdout
    assert f"learned by {writer}, confidence" in run.stdout
