"""Change one small thing at a time, and see whether the tests named for it notice.

    python benchmarks/mutations.py --changes 60 --minutes 30
    python benchmarks/mutations.py --modules service/quotas.py --changes 99

A change turns a comparison, a sign, a number, a truth value or a word of logic of one module into
its neighbour, in a copy of the package in a temporary folder, and runs the module's tests with it.
The sample is drawn evenly over the modules and is the same in every run with the same seed.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "core" / "commonplace"
TESTS = {
    "service/quotas.py": ["core/test_edges.py"],
    "keeping/audit_chain.py": ["core/test_edges.py", "core/keeping/test_audit.py"],
    "recall/packing.py": ["core/test_edges.py", "core/test_packing.py"],
    "values/validation.py": ["core/test_edges.py", "core/test_bad_input.py", "core/test_values.py"],
    "values/scope.py": ["core/test_edges.py", "core/test_isolation.py"],
    "writing/repetition.py": ["core/test_repetition.py", "core/test_history.py"],
    "writing/wording.py": ["core/test_repetition.py"],
    "recall/standing.py": ["core/recall/test_standing.py", "core/test_uses.py"],
    "recall/fusion.py": ["core/recall/test_fusion.py", "core/test_recalling.py"],
    "service/access.py": ["service/test_keys.py", "service/test_security.py"],
    "stores/in_memory.py": ["core/test_store_contract.py"],
}
SECONDS = 240
NEIGHBOURS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Change(NamedTuple):
    """The node of that number in a module's tree, changed."""

    module: str
    node: int


def changes(module: str) -> Iterator[Change]:
    """Yield the changes that can be made in a module."""
    tree = ast.parse((PACKAGE / module).read_text("utf-8"))
    for number, node in enumerate(ast.walk(tree)):
        if changed(node):
            yield Change(module, number)


def changed(node: ast.AST) -> bool:
    """Turn a node into its neighbour; False if it has none."""
    if isinstance(node, ast.Compare | ast.BoolOp | ast.BinOp):
        old = node.ops[0] if isinstance(node, ast.Compare) else node.op
        new = NEIGHBOURS.get(type(old))
        if new is None:
            return False
        if isinstance(node, ast.Compare):
            node.ops[0] = new()  # type: ignore[call-overload]  # of any operator
        else:
            node.op = new()  # type: ignore[assignment]  # of any operator
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        node.value = not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        node.value = node.value + 1
    elif isinstance(node, ast.Name) and node.id in NAMES:
        node.id = NAMES[node.id]
    else:
        return False
    return True


def applied(change: Change) -> tuple[str, str]:
    """Return a module's source with a change, and a line that tells what it is."""
    tree = ast.parse((PACKAGE / change.module).read_text("utf-8"))
    before = ast.unparse(tree).splitlines()
    node = list(ast.walk(tree))[change.node]
    changed(node)
    after = ast.unparse(tree).splitlines()
    line = getattr(node, "lineno", 0)
    pairs = [(a, b) for a, b in zip(before, after, strict=False) if a != b]
    told = f"{pairs[0][0].strip()}  ->  {pairs[0][1].strip()}" if pairs else "?"
    return "\n".join(after) + "\n", f"{change.module}:{line}: {told}"


def is_noticed(core: Path, module: str, source: str) -> bool:
    """Tell whether the tests of a module fail with this source, in the copy at `core`."""
    file = core / "commonplace" / module
    file.write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-n0", "-p", "no:randomly", "-p", "no:cacheprovider"]
    tests = [str(ROOT / "tests" / name) for name in TESTS[module]]
    paths = os.pathsep.join([str(core), os.environ.get("PYTHONPATH", "")])
    try:
        done = subprocess.run(  # noqa: S603 our own tests
            [*command, "-x", "-q", *tests],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": paths},
            timeout=SECONDS,
            capture_output=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        shutil.copy(PACKAGE / module, file)
    return done.returncode != 0


def sample(modules: list[str], size: int, seed: int) -> list[Change]:
    """Return some changes, evenly from each module."""
    chosen = random.Random(seed)
    each = [chosen.sample(all_of, len(all_of)) for all_of in map(list, map(changes, modules))]
    mixed = filter(None, chain.from_iterable(zip_longest(*each)))
    return list(mixed)[:size]


def main() -> None:
    """Print what no test noticed, and how many were noticed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--modules", nargs="*", default=list(TESTS), choices=list(TESTS))
    parser.add_argument("--changes", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    end, noticed, tried = time.monotonic() + 60 * options.minutes, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PACKAGE, Path(folder) / "commonplace")
        for module in options.modules:
            if is_noticed(Path(folder), module, (PACKAGE / module).read_text("utf-8")):
                parser.error(f"the tests of {module} fail without any change")
        for change in sample(options.modules, options.changes, options.seed):
            if time.monotonic() > end:
                break
            source, told = applied(change)
            tried += 1
            if is_noticed(Path(folder), change.module, source):
                noticed += 1
            else:
                print(told, flush=True)
    print(f"{noticed} of {tried} changes were noticed")


if __name__ == "__main__":
    main()
