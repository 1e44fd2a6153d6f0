"""What becomes of a Chroma client, and of a ledger, in a forked process."""

from __future__ import annotations

import os
import weakref
from ctypes import py_object, pythonapi
from functools import partial


def keep_in_forks(one: object) -> None:
    """Let forked copies of `one` never be destroyed.

    Chroma's engine waits, when it is destroyed, for its threads, and SQLite for locks that they
    hold; a forked process has none of them, so it would never end.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=partial(_keep, weakref.ref(one)))


def _keep(reference: weakref.ref[object]) -> None:
    one = reference()
    if one is not None:
        pythonapi.Py_IncRef(py_object(one))
