"""Change the product in one small way at a time, and tell which changes no test notices.

    pip install 'mutmut>=3.8,<4'
    python benchmarks/mutations.py rules --mutants 150 --seed 1

mutmut makes the changes and runs, of the tests that `benchmarks/mutation/NAME.cfg` selects, those
that go through the changed function. The sample is drawn evenly over the modules. What lets a test
notice nothing because nothing differs stands in `benchmarks/mutation/equivalent.tsv`.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = ROOT / "benchmarks" / "mutation"
NOTICED = {"killed", "timeout", "segfault", "suspicious"}


class Unnoticed(NamedTuple):
    """A change that every test let pass; what is the same in each version is left out."""

    function: str
    change: str


def prepare(folder: Path, name: str) -> None:
    """Lay out what mutmut wants: the package in `src`, the tests beside it, and its settings."""
    folder.mkdir(parents=True, exist_ok=True)
    links = {"src": "core", "tests": "tests", "benchmarks": "benchmarks"}  # data is read there
    for link, target in links.items():
        if not (folder / link).exists():
            (folder / link).symlink_to(ROOT / target)
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(SETTINGS / f"{name}.cfg", folder / "setup.cfg")
    shutil.rmtree(folder / "mutants" / "tests", ignore_errors=True)  # or tests that are gone stay
    os.chdir(folder)  # mutmut reads its settings where it is


def made() -> dict[str, list[str]]:
    """Make every change, and return their names by module."""
    from mutmut.__main__ import create_mutants
    from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir

    Path("mutants").mkdir(exist_ok=True)
    copy_src_dir()
    copy_also_copy_files()
    create_mutants(1)
    return {"/".join(path.parts[2:]): sorted(codes) for path, codes in known()}


def known() -> Iterator[tuple[Path, dict[str, int | None]]]:
    """Yield each module with its changes and how the tests of each ended."""
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.utils.file_utils import walk_mutatable_files

    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        yield path, data.exit_code_by_key


def sample(names: dict[str, list[str]], size: int, seed: int) -> dict[str, str]:
    """Return the modules of some changes, evenly from each module."""
    chosen = random.Random(seed)
    each = [[(one, module) for one in chosen.sample(of, len(of))] for module, of in names.items()]
    chosen.shuffle(each)
    mixed = filter(None, chain.from_iterable(zip_longest(*each)))
    return dict(list(mixed)[:size])


def results(drawn: dict[str, str]) -> dict[str, str]:
    """Return what became of each change."""
    from mutmut.stats import status_by_exit_code

    ended = {name: code for _, codes in known() for name, code in codes.items()}
    return {name: status_by_exit_code[ended[name]] for name in drawn}


def unnoticed(name: str) -> Unnoticed:
    from mutmut.mutation.diff_apply import find_mutant, get_diff_for_mutant

    lines = get_diff_for_mutant(name, path=find_mutant(name).path).splitlines()[2:]
    before, after = (
        " ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return Unnoticed(name.partition("__mutmut_")[0], f"{before}  ->  {after}")


def equivalents() -> set[Unnoticed]:
    """Return the changes that change nothing, each of which has its reason in the file."""
    rows = (SETTINGS / "equivalent.tsv").read_text("utf-8").splitlines()[1:]
    return {Unnoticed(*row.split("\t")[:2]) for row in rows}


def report(drawn: dict[str, str]) -> None:
    """Print a table by module, and what was not noticed."""
    same, counts, left = equivalents(), defaultdict[str, Counter[str]](Counter), []
    for name, became in sorted(results(drawn).items()):
        change = None if became in NOTICED else unnoticed(name)
        kind = "noticed" if change is None else "same" if change in same else "unnoticed"
        counts[drawn[name]][kind] += 1
        if kind == "unnoticed" and change is not None:
            left.append(f"{name} ({became})\n    {change.change}")
    for module, count in sorted(counts.items()):
        print(f"| {module} | {count['noticed']} | {count['unnoticed']} | {count['same']} |")
    total = sum(counts.values(), Counter[str]())
    differ = total["noticed"] + total["unnoticed"]
    print(*left, sep="\n")
    print(f"{total['noticed']} of {differ} were noticed; {total['same']} change nothing")


def main() -> None:
    """Draw, run and report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("name", choices=sorted(one.stem for one in SETTINGS.glob("*.cfg")))
    parser.add_argument("--mutants", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", type=int, default=1, help="tests at a time")
    parser.add_argument("--report", action="store_true", help="of what was run before")
    options = parser.parse_args()
    prepare(ROOT / "build" / "mutations" / options.name, options.name)
    drawn = sample(made(), options.mutants, options.seed)
    if not options.report:
        command = [str(Path(sys.executable).with_name("mutmut")), "run"]
        subprocess.run(  # noqa: S603 our own tests
            [*command, "--max-children", str(options.children), *drawn], check=True
        )
    report(drawn)


if __name__ == "__main__":
    main()
