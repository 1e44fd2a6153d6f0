"""The command line as a program: in a pipe, on a terminal, interrupted, and left alone."""

from __future__ import annotations

import json
import os
import re
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import commonplace
from clock import Clock
from commonplace.cli.app import COMMANDS, app
from commonplace.cli.commands.moving import FORMATS
from commonplace.service.http_server import Port
from commonplace.service.keys import Keys
from commonplace.testing import HashingEmbedder
from commonplace.transfer.importing import FORMATS as READ
from serving import serving

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")
pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "command-line.md"
ROWS = re.findall(
    r"^\| `(.*?)` \| (?:`(.*)`)? ?\| (\d+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
)
PROGRAM = Path(sys.executable).with_name("commonplace")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory that a server in this process serves."""
    place = tmp_path_factory.mktemp("served") / "store"
    with serving(place, HashingEmbedder(), Clock()):
        yield place


@pytest.fixture
def directory(served: Path) -> Iterator[Path]:
    """That directory, in which other tests leave nothing."""
    yield served
    with commonplace.open(served) as memory:
        memory.erase(reason="the test is over")


@pytest.fixture
def nia(directory: Path) -> Path:
    """It, with a record of Nia."""
    with commonplace.open(directory) as memory:
        memory.scope("user/nia").remember("Nia has the key to the shed")
    return directory


def environment(directory: Path | None, **variables: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if "COMMONPLACE" not in name}
    own = {name: value for name, value in own.items() if name not in {"COLUMNS", "LINES"}}
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    place = {} if directory is None else {"COMMONPLACE_DIR": str(directory)}
    return {**own, "PATH": path, **place, **variables}


def run(
    *words: object, directory: Path | None = None, said: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "commonplace", *map(str, words)],
        capture_output=True,
        text=True,
        input=said,
        env=environment(directory, **variables),
        check=False,
    )


def shown(
    command: list[str], directory: Path, answer: bytes = b"", **variables: str
) -> tuple[int, str]:
    """Run a command on a terminal of 100 columns; return its code and what is seen there."""
    import fcntl
    import termios

    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        words = [sys.executable, "-m", "commonplace", *command]
        os.execve(
            sys.executable, words, environment(directory, TERM="xterm", **variables)
        )  # no shell
    if answer:
        os.write(terminal, answer)
    seen = b""
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()


def test_the_table_of_the_page_is_what_happens(directory: Path, tmp_path: Path) -> None:
    last = ""
    for command, printed, code in ROWS:
        words = command.replace("\\|", "|").replace("ID", last)
        done = subprocess.run(
            ["/bin/sh", "-c", words],
            capture_output=True,
            text=True,
            env=environment(directory),
            cwd=tmp_path,
            check=False,
        )
        assert done.returncode == int(code), (command, done.stderr)
        expected = ".*".join(map(re.escape, printed.split("…")))
        assert re.fullmatch(expected + r"\s*", done.stdout, re.DOTALL), (command, done.stdout)
        assert done.stderr.count("\n") <= 1, (command, done.stderr)
        assert (code in {"0", "5"}) or done.stderr.startswith("commonplace: "), command
        last = (re.findall(r'"id": "([0-9a-f-]+)"', done.stdout) or [last])[0]
    assert not (tmp_path / "none").exists()
    table = PAGE.read_text(encoding="utf-8").partition("| command |")[2]
    assert len(ROWS) == table.count("\n| ") > 40


def test_the_page_has_every_command() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [
        name for name in COMMANDS if f"commonplace {name}" not in page and f"`{name}`" not in page
    ] == ["download-model"]


def test_the_help_of_each_command_is_as_listed() -> None:
    import click

    ctx = click.Context(app)
    for name, (_, said) in COMMANDS.items():
        command = app.get_command(ctx, name)
        assert command is not None
        assert str(command.help).split("\n\n")[0].replace("\n", " ") == said


def test_the_formats_that_the_help_names_are_those_that_are_read() -> None:
    assert FORMATS == READ


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["completion", "zsh"]])
def test_little_is_imported_to_say_what_there_is(words: list[str]) -> None:
    heavy = [
        "numpy",
        "chromadb",
        "onnxruntime",
        "httpcore",
        "rich",
        "typer",
        "dateutil",
        "commonplace.values.records",
    ]
    script = (
        "import sys\nfrom commonplace.cli import main\n"
        f"sys.argv = ['commonplace', *{words}]\n"
        "try: main()\nexcept SystemExit as end: code = end.code\n"
        f"print([one for one in {heavy} if one in sys.modules], code, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stderr == "[] 0\n"
    assert done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(shell: str) -> None:
    assert "commonplace" in run("completion", shell).stdout
    asked = {
        "_COMMONPLACE_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "commonplace re",
        "COMP_CWORD": "1" if shell != "fish" else "re",
    }
    done = subprocess.run(
        [PROGRAM], capture_output=True, text=True, env=environment(None, **asked), check=False
    )

    assert {"remember", "recall", "restore"} <= set(re.findall(r"[a-z-]+", done.stdout))


def test_records_are_json_lines_in_a_pipe_and_a_table_on_a_terminal(nia: Path) -> None:
    with commonplace.open(nia) as memory:
        memory.scope("user/nia").update(
            memory.records()[0].id, text="Nia has the key to the shed" + ", and lends it" * 9
        )
    piped = run("list", directory=nia)
    code, seen = shown(["list", "--scope", "user/nia"], nia)
    _, asked = shown(["list", "--json"], nia)

    [record] = map(json.loads, piped.stdout.splitlines())
    assert record["text"].endswith("lends it")
    assert code == 0
    assert "Nia has the key" in seen
    assert record["id"] in seen
    assert "{" not in seen
    assert json.loads(asked) == record


def test_no_colour_is_shown_where_none_is_wanted(nia: Path) -> None:
    _, plain = shown(["recall", "key", "--explain"], nia, NO_COLOR="1")
    _, bold = shown(["list"], nia)

    assert "\x1b[1m" in bold
    assert "\x1b[3" not in plain
    assert "words" in plain


def test_hostile_texts_do_nothing_to_a_terminal(directory: Path) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J\u202edlrow [red]bold[/red] \x9b31m"
    with commonplace.open(directory) as memory:
        memory.scope("mallory").remember(hostile)

    _, seen = shown(["list", "--scope", "mallory"], directory, NO_COLOR="1")

    assert not re.findall("[\x07\x9b\u202e]|\x1b\\]|\x1b\\[2J", seen)
    assert r"\x1b" in seen
    assert "[red]" in seen


def test_a_terminal_is_asked_before_much_is_removed(nia: Path) -> None:
    refused, seen = shown(["forget", "--kind", "fact"], nia, answer=b"n\n")
    assert (refused, "Forget 1 records" in seen) == (130, True)
    assert run("list", directory=nia).stdout

    agreed, _ = shown(["forget", "--kind", "fact"], nia, answer=b"y\n")

    assert agreed == 0
    assert run("list", directory=nia).stdout == ""


def test_who_stops_reading_hears_nothing(nia: Path) -> None:
    with commonplace.open(nia) as memory:
        memory.scope("many").remember_many([f"This is the statement {n} " * 50 for n in range(200)])
    with subprocess.Popen(
        [sys.executable, "-m", "commonplace", "list", "--limit", "500"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(nia),
    ) as listing:
        assert listing.stdout is not None
        assert listing.stderr is not None
        listing.stdout.readline()
        listing.stdout.close()
        said = listing.stderr.read()

    assert (listing.returncode, said) == (141, b"")


def test_an_interrupted_command_says_so_in_a_word(nia: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "commonplace", "remember", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(nia, PYTHONUNBUFFERED="1"),
        # Whoever runs the tests in the background has it ignored.
        preexec_fn=_interruptible,  # noqa: PLW1509  # no other thread runs here
    ) as waiting:
        assert waiting.stdin is not None
        waiting.stdin.write("half a ")
        waiting.stdin.flush()
        _until_it_reads(waiting.pid)
        waiting.send_signal(signal.SIGINT)
        out, said = waiting.communicate()

    assert (waiting.returncode, out, said) == (130, "", "commonplace: interrupted\n")


def _interruptible() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _until_it_reads(pid: int) -> None:
    """Return when a process has nothing to do but to wait for its standard input."""
    while "pipe" not in Path(f"/proc/{pid}/wchan").read_text(encoding="utf-8"):
        os.sched_yield()


READING = [
    "list", "recall", "scopes", "stats", "get", "show", "forget", "export", "sweep", "erase",
    "audit", "backup", "doctor", "quarantine list",
]  # fmt: skip


@pytest.mark.parametrize("name", READING)
def test_nothing_is_made_by_looking_moving_or_erasing(tmp_path: Path, name: str) -> None:
    words: dict[str, list[object]] = {
        "recall": ["x"], "get": ["x"], "show": ["x"], "forget": ["x"],
        "export": [tmp_path / "x"], "backup": [tmp_path / "x"],
        "erase": ["user", "--reason", "x"],
    }  # fmt: skip
    done = run(*name.split(), *words.get(name, []), directory=tmp_path / "typo")

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("commonplace: There is no store in ")
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_was_made_for_nothing_is_gone(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")

    for words in (["remember", ""], ["import", tmp_path / "bad.json"], ["set", "", "1"]):
        done = run(*words, directory=tmp_path / "new")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)

    assert [one.name for one in tmp_path.iterdir()] == ["bad.json"]


def test_a_server_is_asked_with_a_key_for_its_scope_alone(tmp_path: Path) -> None:
    key = Keys(tmp_path).add(commonplace.Scope.parse("user/nia"))
    with serving(tmp_path, HashingEmbedder(), Clock(), Port("127.0.0.1", 0)) as service:
        address = next(one for one in service.addresses if one.startswith("http"))
        asked: dict[str, Any] = {"COMMONPLACE_API_KEY": key, "COMMONPLACE_DIR": address}

        assert run("remember", "Likes tea", "--scope", "user/nia", **asked).returncode == 0
        assert json.loads(run("recall", "tea", **asked).stdout)["record"]["scope"] == "user/nia"
        assert run("list", "--scope", "user/nia", **asked).stdout.count("\n") == 1
        for words in (["list", "--scope", "user"], ["remember", "x", "--scope", "user/bob"]):
            refused = run(*words, **asked)
            assert (refused.returncode, refused.stderr.count("\n")) == (4, 1)
        unknown = run("list", "--server", address, COMMONPLACE_API_KEY="cp_1_2")
        assert (unknown.returncode, unknown.stderr.count("\n")) == (4, 1)
        assert run("doctor", **asked).returncode == 2


def test_where_the_store_and_the_scope_stand_decides_once(nia: Path) -> None:
    other = {"COMMONPLACE_SCOPE": "user/bob"}

    assert run("list", "--scope", "user/nia", directory=nia, **other).stdout
    assert run("list", directory=nia, **other).stdout == ""
    assert run("export", nia, "-", "--dir", nia).returncode == 2
    assert run("backup", nia, "x.backup", "--scope", "user/nia").returncode == 2
    erased = run("erase", nia, "user/nia", "--reason", "x", directory=nia / "none", **other)
    assert json.loads(erased.stdout)["scope"] == "user/nia"
    assert json.loads(run("erase", "--reason", "x", directory=nia, **other).stdout)["records"] == 0
    assert run("erase", "--reason", "x", directory=nia).returncode == 2
