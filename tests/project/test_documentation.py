"""Every example runs: in the pages, in the docstrings, in examples/."""

from __future__ import annotations

import doctest
import importlib
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import commonplace
from commonplace.testing import HashingEmbedder
from offline import run_offline

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted([*DOCS.glob("*.md"), *DOCS.glob("concepts/*.md")])]
# Those of several frameworks are run by tests/integrations/test_six_pairs.py and .ci/frameworks.
ELSEWHERE = {"one_memory_three_frameworks.py", "one_memory_every_autogen.py"}
# Pages and modules of frameworks that have environments of their own, where .ci/frameworks runs
# the same tests.
ALONE = {
    "agent-framework.md": "agent_framework",
    "ag2.md": "ag2",
    "autogen-classic.md": "autogen",
    "commonplace_agent_framework": "agent_framework",
    "commonplace_ag2": "ag2",
    "commonplace_autogen_classic": "autogen",
    "commonplace_langchain.classic": "langchain_classic",
}
EXAMPLES = sorted(one for one in (ROOT / "examples").glob("*.py") if one.name not in ELSEWHERE)


def skip_unless_installed(name: str) -> None:
    framework = ALONE.get(name)
    if framework and find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed here; .ci/frameworks runs this beside it")


def modules() -> Iterator[str]:
    for folder in ("core", "integrations"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("name", list(modules()))
@pytest.mark.filterwarnings("ignore")  # the frameworks' own, as each adapter's tests name them
def test_the_examples_of_docstrings_run(name: str) -> None:
    skip_unless_installed(name.partition(".")[0])
    skip_unless_installed(name)
    module = importlib.import_module(name)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
            public = {name: getattr(commonplace, name) for name in commonplace.__all__}
            test.globs.update(public, commonplace=commonplace, memory=memory)
            failures, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
        assert failures == 0, test.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    skip_unless_installed(page.name)
    blocks = re.findall(
        r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks), encoding="utf-8")

    run = run_offline(script, tmp_path)

    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_runs_offline(example: Path, tmp_path: Path) -> None:
    run = run_offline(example, tmp_path)

    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


def test_every_public_name_and_verb_is_in_the_reference() -> None:
    reference = (DOCS / "reference.md").read_text(encoding="utf-8")
    verbs = [name for name in dir(commonplace.Memory) if not name.startswith("_")]

    missing = [name for name in [*commonplace.__all__, *verbs] if f"`{name}" not in reference]
    assert missing == []


def test_every_command_that_installs_this_names_its_distribution() -> None:
    """`commonplace` on the package index is somebody else's program."""
    texts = [path for path in _tree() if _is_read_by_users(path)]
    wrong = re.compile(
        r"""(?:pip\s+install|pipx\s+install|uvx|(?:tool|pip)\s+install|uv\s+add)\b[^\n`]*?[ "']"""
        r"""commonplace(?![-\w./*])|["']commonplace\["""
    )

    assert len(texts) > 100
    assert [f"{path}: {one}" for path in texts for one in wrong.findall(_text(path))] == []
    assert wrong.search('pip install "commonplace[server]"')
    assert wrong.search("pip install --upgrade commonplace")
    assert not wrong.search('pip install "commonplace-memory[server]"')


def _tree() -> Iterator[Path]:
    """Walk what is ours; an environment beside it has a hundred times as many files."""
    yield from ROOT.iterdir()
    for folder in ("core", "integrations", "docs", "examples", "benchmarks", ".ci"):
        yield from (ROOT / folder).rglob("*")


def _is_read_by_users(path: Path) -> bool:
    if path.parent == ROOT:
        return path.suffix in {".md", ".toml"}
    is_text = path.suffix in {".py", ".md", ""} and "decisions" not in path.parts
    return is_text and path.is_file()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"]
    for page in [*pages, *sorted(DOCS.glob("*/*.md"))]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
