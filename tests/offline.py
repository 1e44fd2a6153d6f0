"""Scripts run in processes of their own that can reach no network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

QUIET = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_TESTING": "true",
    "PYTHONWARNINGS": "ignore",
}

BLOCKED = """
import runpy, sys
from pytest_socket import disable_socket
disable_socket(allow_unix_socket=True)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run_offline(script: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, str(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, **QUIET},
    )
