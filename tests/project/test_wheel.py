"""What is installed from the wheel: every module, honest metadata, a first program that runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.metadata import Metadata

import commonplace

ROOT = Path(__file__).parents[2]
DISTRIBUTION = "commonplace-memory"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    directory = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [built] = directory.glob("*.whl")
    return built


def about(wheel: Path, file: str) -> bytes:
    return ZipFile(wheel).read(f"commonplace_memory-{commonplace.__version__}.dist-info/{file}")


def test_the_wheel_holds_every_module_its_data_and_nothing_else(wheel: Path) -> None:
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}

    packages = [ROOT / "core" / "commonplace", *(ROOT / "integrations").glob("commonplace_*")]
    expected = {
        file.relative_to(package.parent).as_posix()
        for package in packages
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert names == expected
    assert {f"{package.name}/py.typed" for package in packages} <= names
    assert any(name.endswith(".json") for name in names)


def test_the_inspector_is_small_and_what_is_not_ours_has_its_licence(wheel: Path) -> None:
    files = {
        one.filename: one for one in ZipFile(wheel).infolist() if "/inspector/" in one.filename
    }

    assert sum(one.file_size for one in files.values()) < 200_000
    assert {f"commonplace/inspector/static/htmx.{one}" for one in ("min.js", "LICENSE")} <= set(
        files
    )


def test_the_metadata_is_valid_and_says_what_is_installed(wheel: Path) -> None:
    written = about(wheel, "METADATA")
    metadata = Metadata.from_email(written, validate=True)

    assert (metadata.name, str(metadata.version)) == (DISTRIBUTION, commonplace.__version__)
    assert metadata.license_expression == "MIT"
    assert metadata.license_files == ["LICENSE"]
    assert about(wheel, "licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert metadata.description_content_type == "text/markdown"
    assert metadata.description == (ROOT / "README.md").read_text(encoding="utf-8")
    assert b"commonplace = commonplace.cli:main" in about(wheel, "entry_points.txt")


def test_the_extra_all_is_all_the_extras_that_go_together(wheel: Path) -> None:
    needed: dict[str, set[str]] = {}
    for one in Metadata.from_email(about(wheel, "METADATA")).requires_dist or []:
        for extra in re.findall(r"extra == [\"']([\w-]+)", str(one.marker)):
            needed.setdefault(extra, set()).add(f"{one.name}{one.specifier}")

    everything = needed.pop("all")
    # These have environments of their own: their releases may exclude those of the others. The
    # weights of the multilingual model take 91 MB.
    separate = ("agent-framework", "ag2", "autogen-classic", "multilingual")
    alone = [needed.pop(extra) for extra in separate]
    assert all(alone)
    assert needed.keys() == {"langchain", "crewai", "autogen", "openai", "mcp", "server"}
    assert everything == set().union(*needed.values())


def test_the_newest_heading_of_the_changelog_is_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert re.findall(r"^## \[(\d.*?)\]", changelog, re.MULTILINE)[0] == commonplace.__version__


def test_the_wheel_runs_the_first_program_of_the_readme(wheel: Path, tmp_path: Path) -> None:
    """In an environment that has the dependencies, and of Commonplace this file alone."""
    python = _new_environment(tmp_path / "environment")
    install = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    _run(python, *install, cwd=tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    program = tmp_path / "program.py"
    program.write_text(re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[0], encoding="utf-8")
    place = "import commonplace; print(commonplace.__version__, commonplace.__file__)"

    printed = _run(python, str(program), cwd=tmp_path)
    version, file = _run(python, "-c", place, cwd=tmp_path).split()

    assert version == commonplace.__version__
    assert Path(file).is_relative_to(tmp_path / "environment")
    assert "Works at Acme as a data engineer" in printed


def _new_environment(place: Path) -> Path:
    """Make an environment that sees what is installed here, but nothing that is linked here."""
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    python = place / ("Scripts" if os.name == "nt" else "bin") / "python"
    own = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(_run(python, "-c", own, cwd=place).strip())
    # A path named in a .pth file is searched last, and the .pth files in it are not followed.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


def _run(python: Path, *arguments: str, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(
        [str(python), *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout
