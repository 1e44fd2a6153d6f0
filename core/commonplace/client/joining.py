"""Finds the server of a directory, and starts one where none runs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TypeVar

from filelock import FileLock, Timeout
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential

from commonplace.client.address import Address
from commonplace.client.connection import Line
from commonplace.client.wire import error_from_json
from commonplace.errors import CommonplaceError, ServerUnavailableError, StoreInUseError
from commonplace.files.ownership import is_served, owner_of, unusable
from commonplace.files.private_file import make_private_file, make_private_folder
from commonplace.values.records import now

STARTING = "starting.lock"
LOG = "server.log"
JOIN_SECONDS = 45.0
_HEALTH_SECONDS = 2.0
# What its own faults end it by, such as SIGSEGV, is not among them: it would come again.
_ENDED_FROM_OUTSIDE = {
    -getattr(signal, name)
    for name in ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP")
    if hasattr(signal, name)
}

T = TypeVar("T")


class _NotYetError(ServerUnavailableError):
    """The server does not answer so far."""


class _KilledError(ServerUnavailableError):
    """The server was ended from outside while it started: the next one may not be."""


def joined(
    directory: Path, options: Sequence[str] | None, seconds: float = JOIN_SECONDS
) -> Address:
    """Return the address of the directory's server.

    If none runs, one is started with `options`, however many processes ask at once; None starts
    none. Raises StoreInUseError if a process that serves nobody owns the directory, and
    ServerUnavailableError if no server answers within `seconds`.
    """
    if options is None:
        return in_time(directory, lambda: answering(directory), seconds)
    return in_time(directory, lambda: _found_or_started(directory, options, seconds), seconds)


def in_time(directory: Path, attempt: Callable[[], T], seconds: float = JOIN_SECONDS) -> T:
    """Return what `attempt` does, made again as long as the directory's server does not answer.

    Raises ServerUnavailableError if it does not within `seconds`.
    """
    try:
        return _waiting(seconds)(attempt)
    except (_NotYetError, Timeout) as error:
        owner = owner_of(directory)
        holder = f"process {owner.pid} ({owner.program})" if owner else "an unnamed process"
        raise ServerUnavailableError(
            f"The server of {str(directory)!r}, {holder}, has not answered for {seconds:g} s. "
            f"It may be suspended: end it and try again. Its log is {LOG} there."
        ) from error


def answering(directory: Path) -> Address:
    """Return the address published in the directory.

    Raises ServerUnavailableError if there is no answer from there.
    """
    owner = owner_of(directory)
    if owner is None or owner.address is None:
        raise _NotYetError(f"No server of {str(directory)!r} has said where it is.")
    address = Address(owner.address, owner.token)
    line = Line(address, _HEALTH_SECONDS)
    try:
        if line.is_healthy():
            return address
    finally:
        line.close()
    raise _NotYetError(f"The server at {owner.address} does not answer.")


def _waiting(seconds: float) -> Retrying:
    return Retrying(
        retry=retry_if_exception_type(_NotYetError),
        stop=stop_after_delay(seconds),
        wait=wait_exponential(multiplier=0.02, max=0.2),
        reraise=True,
    )


def _found_or_started(directory: Path, options: Sequence[str], seconds: float) -> Address:
    try:
        return answering(directory)
    except _NotYetError:
        with _one_at_a_time(directory, seconds):
            if is_served(directory):
                return answering(directory)
            try:
                return _started(directory, options, seconds)
            except _KilledError as error:
                raise _NotYetError(str(error)) from error


@contextmanager
def _one_at_a_time(directory: Path, seconds: float) -> Iterator[None]:
    lock = FileLock(directory / STARTING, mode=0o600, timeout=seconds, thread_local=False)
    try:
        make_private_folder(directory)
        lock.acquire()
    except OSError as error:
        if isinstance(error, Timeout):
            raise
        raise unusable(directory, error) from error
    try:
        yield
    finally:
        lock.release()


def _started(directory: Path, options: Sequence[str], seconds: float) -> Address:
    _begin_log(directory)
    with (directory / LOG).open("ab") as log:
        said_before = log.tell()
        process = subprocess.Popen(  # noqa: S603  # our own module, with a list of arguments
            [sys.executable, "-m", "commonplace.service.background", str(directory), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory.anchor,  # not the client's, which holds other modules and may go away
            start_new_session=True,
        )
    # Whoever started it outlives it, perhaps, and must take note of its end.
    Thread(target=process.wait, name="commonplace-server-ended", daemon=True).start()
    return _waiting(seconds)(_answering_unless_ended, directory, process, said_before)


def _begin_log(directory: Path) -> None:
    """Make the server's log and write to it: on a full disk no server could say why it ends."""
    try:
        make_private_file(directory / LOG)
        with (directory / LOG).open("a", encoding="utf-8") as log:
            print(f"{now().isoformat(timespec='seconds')} a server is started", file=log)
    except OSError as error:
        raise unusable(directory, error) from error


def _answering_unless_ended(
    directory: Path, process: subprocess.Popen[bytes], said_before: int
) -> Address:
    try:
        return answering(directory)
    except _NotYetError:
        if process.poll() is None:
            raise
        error = _last_words(directory, said_before)
        if isinstance(error, StoreInUseError) and is_served(directory):
            return answering(directory)  # another server was faster
        if process.returncode in _ENDED_FROM_OUTSIDE:
            raise _KilledError(str(error)) from None
        raise error from None


def _last_words(directory: Path, said_before: int) -> CommonplaceError:
    """Return why a server that was started ended at once: the last line of its log."""
    with (directory / LOG).open("rb") as log:
        log.seek(said_before)
        lines = log.read().decode(errors="replace").splitlines()
    try:
        return error_from_json(json.loads(lines[-1]))
    except (ValueError, IndexError):
        said = lines[-1] if lines else "it said nothing"
        return ServerUnavailableError(
            f"The server of {str(directory)!r} ended as it was started ({said}). "
            f"Its log is {LOG} there."
        )
