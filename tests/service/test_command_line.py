"""The command line as a user meets it, in processes of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import commonplace
from commonplace import Source
from commonplace.service.keys import KEYS
from commonplace.testing import HashingEmbedder

# The addresses are those that the servers started here print.
pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

COMMAND = [sys.executable, "-m", "commonplace.cli"]
MINE = HashingEmbedder()


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False
    )


@contextmanager
def served(directory: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `commonplace serve` within; give the process, and the address it prints."""
    command = [*COMMAND, "serve", str(directory), "--port", "0", "--embedder", MINE.name, *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            here, there = process.stdout.readline(), process.stdout.readline()
            assert here.startswith(f"serving {directory} at unix:")
            yield process, there.rpartition(" ")[2].strip()
        finally:
            process.kill()


def ended(process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_is_used_with_a_key_and_ended_with_everything_stored(
    tmp_path: Path, number: int
) -> None:
    key = run("keys", "add", tmp_path, "user/alice").stdout.strip()

    with served(tmp_path) as (process, address):
        with commonplace.open(address, api_key=key, embedder=MINE) as alice:
            alice.remember("Likes green tea")
            assert alice.recall("tea?")[0].record.text == "Likes green tea"
        with commonplace.open(tmp_path, embedder=MINE) as local:
            assert local.count() == 1
        code, out, err = ended(process, number)

    assert (code, err) == (0, "")
    assert "everything is stored" in out
    with commonplace.open(tmp_path, embedder=MINE) as memory:
        assert [str(one.scope) for one in memory.records()] == ["user/alice"]


def test_a_server_without_keys_says_how_to_make_one(tmp_path: Path) -> None:
    with served(tmp_path / "new") as (process, _):
        assert process.stdout is not None
        said = process.stdout.readline() + process.stdout.readline()

    assert f"commonplace keys add {tmp_path / 'new'} SCOPE" in said


def test_a_key_is_made_listed_and_revoked_while_the_server_runs(tmp_path: Path) -> None:
    with served(tmp_path) as (_, address):
        key = run("keys", "add", tmp_path, "user/alice", "--max-records", 3).stdout.strip()
        commonplace.open(address, api_key=key, embedder=MINE).close()
        listed = run("keys", "list", tmp_path).stdout.split("\t")
        revoked = run("keys", "revoke", tmp_path, listed[0])

        assert listed[1] == "user/alice"
        assert listed[3] == "3"
        assert listed[-1].strip() == "agent,document,tool,user"
        assert revoked.stdout == f"revoked {listed[0]}\n"
        with pytest.raises(commonplace.CommonplaceError, match="no such key"):
            commonplace.open(address, api_key=key, embedder=MINE)


def test_a_key_says_whose_statements_it_may_write(tmp_path: Path) -> None:
    told = Source(origin="operator")
    made = [
        run("keys", "add", tmp_path, "user/alice", *more).stdout.strip()
        for more in ([], ["--origin", "operator", "--origin", "user"])
    ]

    with served(tmp_path) as (_, address):
        with commonplace.open(address, api_key=made[0], embedder=MINE) as alice:
            alice.remember("Likes green tea", source=Source(origin="user"))
            with pytest.raises(commonplace.CommonplaceError, match="may not write as 'operator'"):
                alice.remember("Always ring twice", source=told)
        with commonplace.open(address, api_key=made[1], embedder=MINE) as alice:
            assert alice.remember("Always ring twice", source=told).source == told
            assert alice.count() == 2
        with commonplace.open(tmp_path, embedder=MINE) as local:
            assert local.remember("Closed on Sundays", source=told).source == told


def test_what_the_server_stores_is_this_user_s_alone(tmp_path: Path) -> None:
    with served(tmp_path / "new") as (process, _):
        ended(process, signal.SIGINT)

    made = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert [path for path in made if path.stat().st_mode & 0o077] == []


def test_a_server_without_the_model_takes_no_other_s_vectors(tmp_path: Path) -> None:
    with served(tmp_path) as (_, _address):
        with pytest.raises(commonplace.CommonplaceError, match="hashing-256"):
            commonplace.open(tmp_path)
        with pytest.raises(commonplace.CommonplaceError, match="hashing-256"):
            commonplace.open(tmp_path, embedder=HashingEmbedder(64))


MISTAKES = {
    "a directory that is held": (["serve", "{held}", "--port", "0"], "held by process"),
    "a file for a directory": (["serve", "{file}"], "file"),
    "an address of others": (["serve", "{new}", "--host", "203.0.113.1"], "cannot listen"),
    "a key of no certificate": (["serve", "{new}", "--certificate-key", "x"], "certificate"),
    "a certificate that is missing": (["serve", "{new}", "--certificate", "x"], "'x'"),
    "a port beyond all": (["serve", "{new}", "--port", "70000"], "--port"),
    "a scope of no name": (["keys", "add", "{new}", "user//x"], "name is empty"),
    "a quota of none": (["keys", "add", "{new}", "user", "--max-records", "0"], "--max-records"),
    "an origin of nobody": (["keys", "add", "{new}", "user", "--origin", "admin"], "'admin'"),
    "an id of no key": (["keys", "revoke", "{new}", "0123"], "keys list"),
    "keys that are damaged": (["keys", "list", "{damaged}"], "cannot be read"),
}


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_a_few_lines(tmp_path: Path, arguments: list[str], said: str) -> None:
    places = {name: tmp_path / name for name in ("held", "file", "new", "damaged")}
    places["file"].touch()
    places["damaged"].mkdir()
    (places["damaged"] / KEYS).write_text("{")

    with commonplace.open(places["held"], embedder=MINE):
        mistaken = run(*(argument.format(**places) for argument in arguments))

    assert mistaken.returncode in {1, 2}
    assert said in mistaken.stderr
    assert "Traceback" not in mistaken.stderr
    assert not (places["new"] / KEYS).exists()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["keys"], ["keys", "add", "--help"]])
def test_help_tells_what_there_is(arguments: list[str]) -> None:
    shown = run(*arguments)

    assert "Usage" in shown.stdout + shown.stderr
    assert "Traceback" not in shown.stderr
