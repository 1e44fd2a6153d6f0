"""A copy that is made to read somebody else's database does not outlast who made it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import gettempdir
from time import monotonic

import pytest

from commonplace import InvalidInputError
from commonplace.transfer.databases import copied, reading

KILLED = """
import os, signal, sys
from pathlib import Path
from commonplace.transfer.databases import reading
with reading(Path(sys.argv[1])) as theirs:
    print(list(theirs.rows("SELECT said FROM notes")), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def journaled(tmp_path: Path) -> Path:
    """Return a database whose last row is in its log alone, as a killed program leaves it."""
    file = tmp_path / "theirs" / "notes.sqlite3"
    file.parent.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE notes (said TEXT)")
        database.execute("INSERT INTO notes VALUES ('Likes tea')")
        left = {name: Path(f"{file}{name}").read_bytes() for name in ("", "-wal")}
    for name, content in left.items():
        Path(f"{file}{name}").write_bytes(content)
    return file


def test_a_killed_reader_leaves_no_copy(journaled: Path, tmp_path: Path) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(journaled)],
        env={**os.environ, "TMPDIR": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode < 0, ran.stdout) == (True, "[('Likes tea',)]\n")
    end = monotonic() + 60
    while list(place.iterdir()):
        assert monotonic() < end, "waited for a minute"


def test_a_reader_leaves_no_copy_and_the_database_as_it_is(journaled: Path) -> None:
    before = {one.name: one.read_bytes() for one in journaled.parent.iterdir()}

    with reading(journaled) as theirs:
        assert list(theirs.rows("SELECT said FROM notes")) == [("Likes tea",)]
    with copied(journaled) as copy:
        assert copy.parent.stat().st_mode & 0o077 == 0

    assert not copy.parent.exists()
    assert {one.name: one.read_bytes() for one in journaled.parent.iterdir()} == before


def test_what_takes_more_than_half_the_room_is_not_copied(journaled: Path) -> None:
    with journaled.open("r+b") as file:
        stat = os.statvfs(gettempdir())  # where it would be copied
        try:
            file.truncate(stat.f_bavail * stat.f_frsize)  # of nothing: it takes no room itself
        except OSError:
            pytest.skip("this file system has no files of holes so large")

    with (
        pytest.raises(InvalidInputError, match=r"has to be copied.*MB are free.*TMPDIR"),
        copied(journaled),
    ):
        pass
