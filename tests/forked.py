"""Runs a function in a fork of this process, for programs that kill themselves."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


def in_fork(function: Callable[[], None]) -> int:
    process = os.fork()
    if process == 0:
        try:
            function()
        except BaseException as error:  # noqa: BLE001  # the fork must end here, whatever happens
            sys.stdout.write(f"{type(error).__name__}: {error}\n")
            sys.stdout.flush()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
