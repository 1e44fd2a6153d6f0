"""Run CrewAI's own tests of its memory, and a public contract suite, on this library's storage.

``python tests/crewai_upstream.py`` downloads CrewAI's source distribution of the installed version
and the contract suite, and runs both in a temporary folder. What CrewAI's tests demand and is
otherwise here on purpose is named in `crewai_upstream_storage`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path

CONTRACT = "crewai-memory-core==0.1.0"

CONTRACT_TESTS = """
import commonplace
import pytest
from commonplace_crewai import CommonplaceStorage
from crewai_memory_core.contract import *
from crewai_memory_core.testing import FakeEmbedder


class Model:
    name = "fake-64"
    dimension = 64

    def embed_documents(self, texts):
        import numpy as np

        return np.array(FakeEmbedder(64)(list(texts)), np.float32)

    def embed_query(self, text):
        return self.embed_documents([text])[0]


@pytest.fixture
def backend():
    with commonplace.open(":memory:", embedder=Model()) as memory:
        yield CommonplaceStorage(memory)
"""


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="crewai-upstream-") as folder:
        place = Path(folder)
        _download(place)
        # CrewAI's tests look for this package, and then for its storage, which the plugin has.
        (place / "qdrant_edge.py").touch()
        (place / "test_contract.py").write_text(CONTRACT_TESTS, encoding="utf-8")
        own = ["-p", "crewai_upstream_storage", "tests/memory", *arguments]
        return max(_status(place, own), _status(place, ["test_contract.py"]))


def _status(place: Path, arguments: list[str]) -> int:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).resolve().parent), str(place)]),
        "CREWAI_STORAGE_DIR": str(place / "storage"),
        "CREWAI_TESTING": "true",
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_TRACING_ENABLED": "false",
    }
    run = [sys.executable, "-W", "ignore", "-m", "pytest", "-q", "-W", "ignore", "-c", os.devnull]
    run += [f"--rootdir={place}", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider"]
    return subprocess.run([*run, *arguments], env=environment, cwd=place, check=False).returncode


def _download(place: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(place)]
    crewai = f"crewai=={version('crewai')}"
    subprocess.run([*pip, "--no-binary", "crewai", crewai], check=True)
    subprocess.run([*pip, CONTRACT], check=True)
    with tarfile.open(next(place.glob("crewai-*.tar.gz"))) as archive:
        for member in archive.getmembers():
            member.name = member.name.partition("/")[2]
            if member.name.startswith("tests/memory"):
                archive.extract(member, place, filter="data")
    with zipfile.ZipFile(next(place.glob("crewai_memory_core-*.whl"))) as wheel:
        wheel.extractall(place)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
