"""The public surface is a snapshot: a change of it is a visible diff."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import commonplace
from commonplace import CommonplaceError, Memory, errors

PUBLIC = [
    "AccessDeniedError", "AsyncMemory", "CommonplaceError", "EmbedderMismatchError",
    "EmbeddingError", "ErasureReceipt", "InvalidInputError", "Match", "Memory",
    "MemoryClosedError", "Record", "RecordNotFoundError", "Scope", "Screening", "Source", "Stats",
    "StoreError", "StoreInUseError", "errors", "open",
]  # fmt: skip

VERBS = {
    "audit": "(self)",
    "backup": "(self, path)",
    "close": "(self)",
    "context": "(self, query, *, max_tokens, min_confidence, tokenizer, known, timezone, kinds)",
    "conversation": "(self, session, *, summariser, model, tokenizer, source)",
    "count": "(self, *, kind, where)",
    "delete": "(self, key)",
    "explain": (
        "(self, query, *, limit, kind, where, since, until, as_of, timezone, min_confidence)"
    ),
    "export": "(self, path)",
    "erase": "(self, *, reason, source, also, backups, waits)",
    "flush": "(self)",
    "forget": "(self, *ids)",
    "get": "(self, key, default, *, as_of)",
    "history": "(self, id)",
    "import_": "(self, path, *, format, collections, columns, dry_run)",
    "including": "(self, *others)",
    "keys": "(self)",
    "observe": "(self, messages, *, extractor, source)",
    "quarantined": "(self)",
    "preview": "(self, query, *, max_tokens, min_confidence, tokenizer, known, timezone, kinds)",
    "recall": "(self, query, *, limit, kind, where, since, until, as_of, timezone, min_confidence)",
    "record": "(self, id)",
    "records": "(self, *, kind, where, since, until, as_of, limit, offset)",
    "release": "(self, *ids)",
    "remember": (
        "(self, text, *, kind, importance, metadata, source, ttl, expires_at, refresh_on_use)"
    ),
    "remember_many": "(self, items)",
    "scope": "(self, *names)",
    "scopes": "(self, *, limit, offset)",
    "set": "(self, key, value)",
    "stats": "(self)",
    "sweep": "(self)",
    "unfinished": "(self)",
    "verify_audit": "(self)",
    "update": "(self, id, **changes)",
    "used": "(self, *ids)",
}


def test_help_is_there_without_what_most_commands_need() -> None:
    needless = "{'numpy', 'chromadb', 'onnxruntime'} & set(sys.modules)"
    program = f"import sys, commonplace.cli; assert not {needless}, {needless}"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_public_names_are_these() -> None:
    assert commonplace.__all__ == PUBLIC
    assert len(PUBLIC) <= 20
    assert all(hasattr(commonplace, name) for name in PUBLIC)


def test_what_is_listed_is_public() -> None:
    assert dir(commonplace) == sorted([*PUBLIC, "__version__"])


@pytest.mark.parametrize("name", ["autogen", "crewai", "langchain", "openai"])
@pytest.mark.filterwarnings("ignore")  # the frameworks' own, as each adapter's tests name them
def test_what_is_listed_of_an_adapter_is_public(name: str) -> None:
    adapter = importlib.import_module(f"commonplace_{name}")

    assert dir(adapter) == sorted(adapter.__all__)
    assert all(hasattr(adapter, name) for name in adapter.__all__)


def test_the_verbs_of_a_memory_take_these_parameters() -> None:
    public = {name: getattr(Memory, name) for name in dir(Memory) if not name.startswith("_")}
    verbs = {name: one for name, one in public.items() if callable(one)}

    assert public.keys() - verbs.keys() == {"path", "also", "directory"}
    assert {name: _parameters(verb) for name, verb in verbs.items()} == VERBS


def _parameters(verb: object) -> str:
    signature = inspect.signature(verb)  # type: ignore[arg-type]  # a method
    bare = [
        one.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty)
        for one in signature.parameters.values()
    ]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def test_every_error_is_in_the_drawn_tree_and_in_one_family() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]

    assert all(issubclass(kind, CommonplaceError) for kind in kinds)
    assert all(kind.__name__ in str(errors.__doc__) for kind in kinds)


@pytest.mark.parametrize("name", ["commonplace", "commonplace.testing", "commonplace.embedding"])
def test_importing_loads_no_database_model_or_framework(name: str) -> None:
    heavy = "chromadb onnx onnxruntime tokenizers safetensors langchain_core crewai autogen_core"
    script = f"import sys, {name}; print([m for m in '{heavy}'.split() if m in sys.modules])"

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


def test_who_opens_a_memory_and_counts_loads_nothing_that_finds_or_screens(tmp_path: Path) -> None:
    heavy = "chromadb onnxruntime tokenizers pydantic anyio regex Stemmer platformdirs"
    script = (
        "import sys, commonplace\n"
        "from commonplace.testing import HashingEmbedder\n"
        f"with commonplace.open({str(tmp_path)!r}, embedder=HashingEmbedder()) as memory:\n"
        "    assert memory.count() == 0\n"
        f"print([m for m in '{heavy} commonplace.writing.screening commonplace.recall.arrays'"
        ".split() if m in sys.modules])"
    )

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


def test_a_first_recall_among_many_records_loads_no_part_of_numpy_for_one_call() -> None:
    script = (
        "import sys, numpy, commonplace\n"
        "from commonplace.testing import HashingEmbedder\n"
        "loaded = set(sys.modules)\n"
        "with commonplace.open(':memory:', embedder=HashingEmbedder()) as memory:\n"
        "    memory.remember_many([f'Word {number}' for number in range(200)])\n"
        "    assert memory.recall('Which word?')\n"
        "print('numpy.ma' in set(sys.modules) - loaded)"
    )

    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "False"


def test_importing_sets_up_no_logging() -> None:
    script = (
        "import logging, commonplace\n"
        "assert not logging.root.handlers\n"
        "assert not logging.getLogger('commonplace').handlers\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
