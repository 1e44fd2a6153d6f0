"""The site is built from docs/, offline, and anything that it warns about is an error."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

import commonplace

pytest.importorskip(
    "myst_parser", reason="the myst-parser that goes with CrewAI's markdown-it-py needs Python 3.11"
)

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = build(DOCS, folder)
    assert built.returncode == 0, built.stderr
    return folder


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    return subprocess.run(
        [*command, "-d", str(target / ".trees"), str(source), str(target)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_page_is_in_the_navigation(site: Path) -> None:
    """A page in no toctree is a warning, and so an error; here: none is left out of the build."""
    pages = {path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")}
    built = {path.relative_to(site).with_suffix("") for path in site.rglob("*.html")}

    assert pages <= built


def test_every_public_name_and_verb_is_in_the_api(site: Path) -> None:
    page = (site / "api.html").read_text(encoding="utf-8")
    verbs = [f"Memory.{name}" for name in dir(commonplace.Memory) if not name.startswith("_")]

    missing = [
        name
        for name in [*commonplace.__all__, *verbs]
        if not re.search(rf'id="commonplace\.[\w.]*\b{re.escape(name)}"', page)
    ]
    assert missing == ["errors"]  # the module, whose classes are listed one by one
    assert set(errors()) <= set(re.findall(r'id="commonplace\.errors\.(\w+)"', page))


@pytest.mark.parametrize("name", ["autogen", "crewai", "langchain", "openai"])
@pytest.mark.filterwarnings("ignore")  # the frameworks' own, as each adapter's tests name them
def test_every_public_name_of_an_adapter_is_in_the_api(site: Path, name: str) -> None:
    adapter = f"commonplace_{name}"
    page = (site / "api.html").read_text(encoding="utf-8")

    public = importlib.import_module(adapter).__all__
    assert [one for one in public if f'id="{adapter}.{one}"' not in page] == []


def errors() -> list[str]:
    return [name for name in vars(commonplace.errors) if name.endswith("Error")]


def test_a_page_loads_nothing_from_another_host(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = unescape(page.read_text(encoding="utf-8"))
        assert not re.findall(r"<(?:script|img|iframe)[^>]+src=\"(?:https?:)?//[^\"]+", text), page
        assert not re.findall(r"<link[^>]+stylesheet[^>]+href=\"(?:https?:)?//", text), page


def test_a_link_to_nowhere_breaks_the_build(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_bytes((DOCS / "conf.py").read_bytes())
    (source / "_static").mkdir()
    (source / "index.md").write_text("# One\n\n[gone](gone.md)\n", encoding="utf-8")

    built = build(source, tmp_path / "site")

    assert built.returncode != 0
    assert "gone.md" in built.stderr
