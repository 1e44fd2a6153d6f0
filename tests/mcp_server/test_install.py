"""`commonplace mcp install`: what a host's configuration says, and that the file keeps the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commonplace.cli.commands.mcp import mcp_command
from commonplace.errors import InvalidInputError
from commonplace.mcp.entries import with_entry, write_entry
from commonplace.mcp.hosts import HOSTS

ENTRY: dict[str, Any] = {"command": "/bin/commonplace", "args": ["mcp", "/memory"]}


MODEL = ["--embedder", "openai:tiny@http://127.0.0.1:1/v1"]


def installed(*arguments: str, **environment: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(mcp_command, ["install", *arguments], env=environment)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("host", HOSTS)
def test_the_entry_is_printed_and_nothing_is_written(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "config.json"

    code, out, err = installed(
        host, "memory", "--scope", "user/alice", "--file", str(file), "--name", "mine", *MODEL
    )

    assert code == 0
    [(section, servers)] = json.loads(out).items()
    assert section == ("servers" if host == "vscode" else "mcpServers")
    entry = servers["mine"]
    assert Path(entry["command"]).is_absolute()
    assert entry["args"][-8:] == [
        "mcp",
        str(tmp_path / "memory"),
        "--scope",
        "user/alice",
        *MODEL,
        "--agent",
        host,
    ]
    assert ("type" in entry) == (host in {"vscode", "claude-code"})
    assert str(file) in err
    assert not file.exists()


def test_a_file_is_made_added_to_and_left_alone_when_it_says_so_already(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "mcp.json"
    given = ["cursor", str(tmp_path), "--scope", "user/alice", "--file", str(file), "--write"]

    assert installed(*given)[0] == 0
    first = file.read_text()
    assert list(json.loads(first)["mcpServers"]) == ["commonplace"]
    assert installed(*given)[0] == 0
    assert file.read_text() == first
    assert [one.name for one in file.parent.iterdir()] == ["mcp.json"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", {"mcpServers": {"it": ENTRY}}),
        ("\n", {"mcpServers": {"it": ENTRY}}),
        ('{"mcpServers": {}}', {"mcpServers": {"it": ENTRY}}),
        ('{"a": "}{", "mcpServers": {"b": {"c": 1}}}', None),
        ('{"mcpServers": {"it": {"command": "old"}, "b": 1}, "a": [1]}', None),
        ('\ufeff{"a": 1}', None),
        ('{"a": {"mcpServers": {"it": 5}}}', None),
    ],
)
def test_an_entry_is_added_or_replaced_and_the_rest_stays(
    before: str, after: dict[str, Any] | None
) -> None:
    made = json.loads(with_entry(before, "mcpServers", "it", ENTRY).lstrip("\ufeff"))

    if after is None:
        after = json.loads(before.lstrip("\ufeff"))
        after.setdefault("mcpServers", {})["it"] = ENTRY
    assert made == after


COMMENTED = """// Mine, with care
{
  /* "mcpServers": {"not": "this"} */
  "inputs": [1,2 , 3,], // odd spaces
  "servers": {
    "other": { "url": "https://example.org//x", }, // "it": {}
  },
  "unknown": {"deep": null}
}
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_comments_order_and_odd_spaces_stay(end: str) -> None:
    before = COMMENTED.replace("\n", end)

    made = with_entry(before, "servers", "it", ENTRY)

    kept = iter(made.splitlines())
    assert all(line in kept for line in before.splitlines())  # in their order
    assert made.count("\n") == made.count(end)
    assert with_entry(made, "servers", "it", ENTRY) == made
    changed = with_entry(made, "servers", "it", {"command": "new"})
    assert '"command": "new"' in changed
    assert "/bin/commonplace" not in changed
    assert all(line in changed for line in before.splitlines())


@pytest.mark.parametrize(
    "broken",
    [
        '{"mcpServers": {',
        "[]",
        '"text"',
        '{"mcpServers": []}',
        '{"mcpServers": null}',
        "{} {}",
        "// nothing else",
        '{"a": 1 "b": 2}',
        "{'a': 1}",
        b"\xff\xfe{}".decode("latin-1"),
    ],
)
def test_what_is_no_object_is_refused_and_stays(tmp_path: Path, broken: str) -> None:
    file = tmp_path / "mcp.json"
    file.write_bytes(broken.encode("latin-1"))
    before = file.read_bytes()

    with pytest.raises(InvalidInputError, match=r"mcp\.json' was not changed"):
        write_entry(file, "mcpServers", "it", ENTRY)

    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_the_former_file_is_kept_with_its_mode_and_a_link_stays_one(tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles.json"
    dotfiles.write_text('{"a": 1}')
    dotfiles.chmod(0o640)
    link = tmp_path / "mcp.json"
    link.symlink_to(dotfiles)

    former = write_entry(link, "mcpServers", "it", ENTRY)

    assert link.is_symlink()
    assert json.loads(dotfiles.read_text()) == {"a": 1, "mcpServers": {"it": ENTRY}}
    assert dotfiles.stat().st_mode & 0o777 == 0o640
    assert former is not None
    assert former.read_text() == '{"a": 1}'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["emacs", "memory", "--scope", "a"], "claude-desktop, claude-code, cursor, vscode"),
        (["cursor", "memory"], "--scope user/alice"),
        (["cursor", "https://example.org", "--write"], "COMMONPLACE_API_KEY"),
    ],
)
def test_what_cannot_be_installed_says_why(
    tmp_path: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMMONPLACE_API_KEY", raising=False)
    file = tmp_path / "mcp.json"

    code, _, err = installed(*arguments, "--file", str(file))

    assert code != 0
    assert said in err
    assert not file.exists()


def test_a_server_s_key_is_written_and_not_printed(tmp_path: Path) -> None:
    file = tmp_path / "mcp.json"
    given = ["cursor", "https://example.org", "--file", str(file)]
    secret = {"COMMONPLACE_API_KEY": "cp_1_secret"}

    _, out, err = installed(*given, **secret)
    assert "secret" not in out + err
    assert json.loads(out)["mcpServers"]["commonplace"]["env"] == {"COMMONPLACE_API_KEY": "KEY"}

    assert installed(*given, "--write", **secret)[0] == 0
    entry = json.loads(file.read_text())["mcpServers"]["commonplace"]
    assert entry["env"] == secret
    assert file.stat().st_mode & 0o077 == 0
