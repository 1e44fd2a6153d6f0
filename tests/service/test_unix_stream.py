"""A connection over a Unix socket: what it raises, and that it leaves nothing open."""

from __future__ import annotations

import gc
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path

import httpcore
import pytest

from commonplace.client.unix_stream import UnixStream


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        yield path, server


def test_what_is_written_arrives_and_what_is_answered_is_read(
    listening: tuple[str, socket.socket],
) -> None:
    path, server = listening
    stream = UnixStream(path, 5)
    there, _ = server.accept()
    with there:
        stream.write(b"asked", 5)
        assert there.recv(99) == b"asked"
        assert not stream.get_extra_info("is_readable")

        there.sendall(b"said")
        assert stream.get_extra_info("is_readable")
        assert stream.read(99, 5) == b"said"
    assert stream.read(99, 5) == b""  # the other side is gone
    stream.close()
    assert stream.get_extra_info("is_readable")


@pytest.mark.parametrize("name", ["nothing", "left"])
def test_where_nobody_listens_no_socket_is_left_open(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left"))

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(httpcore.ConnectError):
            UnixStream(str(path), 5)
        gc.collect()

    assert [one for one in warned if issubclass(one.category, ResourceWarning)] == []


def test_a_silent_or_deaf_server_is_a_timeout(listening: tuple[str, socket.socket]) -> None:
    stream = UnixStream(listening[0], 5)

    with pytest.raises(httpcore.ReadTimeout):
        stream.read(99, 0.01)
    with pytest.raises(httpcore.WriteTimeout):
        stream.write(bytes(50_000_000), 0.01)
    stream.close()
    with pytest.raises(httpcore.ReadError):
        stream.read(99, 5)
    with pytest.raises(httpcore.WriteError):
        stream.write(b"late", 5)
