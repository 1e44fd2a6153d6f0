"""What an agent of one framework learns, agents of the others know: other processes, no network."""

from __future__ import annotations

import re
import runpy
from itertools import permutations
from pathlib import Path

from offline import run_offline

EXAMPLE = Path(__file__).parents[2] / "examples" / "one_memory_three_frameworks.py"
PROGRAM = runpy.run_path(str(EXAMPLE))
FACTS, NAMES = PROGRAM["FACTS"], PROGRAM["NAMES"]


def test_what_each_framework_learned_the_two_others_answer_from(tmp_path: Path) -> None:
    """The first command of the README, as it is."""
    run = run_offline(EXAMPLE, tmp_path, str(tmp_path / "memory"))

    assert (run.returncode, run.stderr) == (0, "")
    for number, name in enumerate([*NAMES.values(), *NAMES.values()], start=1):
        assert f"{number}/6 {name} " in run.stdout
    assert "6 of 6 questions were answered from what another had learned." in run.stdout
    assert "What to try next" in run.stdout
    rows = [" ".join(row.split()) for row in re.split(r"\n(?= {2}\w)", run.stdout)]
    for writer, reader in permutations(FACTS, 2):
        [row] = [
            one for one in rows if one.startswith(f"{NAMES[reader]} ") and NAMES[writer] in one
        ]
        assert all(word in row for word in FACTS[writer].split())
