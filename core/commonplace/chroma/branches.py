"""The branches that a process knows, and which of them are in step within an operation."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from commonplace.chroma.branch import Branch
from commonplace.chroma.commit_log import Heard
from commonplace.chroma.shared_rows import branch_of
from commonplace.stores.overtaken import Overtaken
from commonplace.values.scope import Scope

_MOST_BRANCHES = 10_000


class Branches:
    """At most `most_bytes` of entries, least recently used out first."""

    def __init__(self, made: Callable[[Scope], Branch], most_bytes: int) -> None:
        """Know none yet; `made` makes one that knows nothing."""
        self._made, self._most_bytes = made, most_bytes
        self._held: OrderedDict[Scope, Branch] = OrderedDict()
        self._in_step: dict[Scope, int] = {}
        self._assumed: set[Scope] = set()
        self._depth = 0
        self.lock = threading.RLock()
        """Held by whoever reads or changes a branch."""

    @contextmanager
    def operation(self) -> Iterator[None]:
        """Within it each branch is brought in step once; outside, with every call."""
        with self.lock:
            self._depth += 1
        try:
            yield
        finally:
            with self.lock:
                self._depth -= 1
                if not self._depth:
                    self._in_step.clear()
                    self._assumed.clear()

    def known(self, scope: Scope) -> Branch | None:
        """Return the branch of a scope, in step or not; None if nothing is held of it."""
        held = self._held.get(branch_of(scope))
        return None if held is None or held.replica is None else held

    def of(self, scope: Scope) -> Branch:
        """Return the branch of a scope, in step; within an operation, as of its first use."""
        key = branch_of(scope)
        if key not in self._held:
            self._held[key] = self._made(key)
        self._held.move_to_end(key)
        branch = self._held[key]
        if key not in self._in_step:
            self._refresh(branch)
        return branch

    def hear(self, scope: Scope, heard: Heard) -> None:
        """Bring a branch in step, within this operation, by what was heard since it began."""
        with self.lock:
            held = self.known(scope)
            if held is not None and heard.rows is not None:
                self._refresh(held, heard)

    def assume(self, scope: Scope) -> None:
        """Take what is held of a branch as current, within this operation: `write` finds out."""
        with self.lock:
            held = self.known(scope)
            if held is not None and held.scope not in self._in_step:
                self._in_step[held.scope] = held.head
                self._assumed.add(held.scope)

    def confirm(self) -> None:
        """Bring in step what was taken as current."""
        with self.lock:
            for key in self._assumed:
                self._in_step.pop(key, None)
            self._assumed.clear()

    def check(self, branch: Branch) -> None:
        """Raise Overtaken if it has changed since it was brought in step in this operation."""
        if self._in_step.get(branch.scope, branch.head) != branch.head:
            self.overtaken(branch.scope)  # a later reading showed more than an earlier one

    def check_assumed(self, written: Iterable[Scope]) -> None:
        """Raise Overtaken if what was taken as current is not, beside what was written."""
        for scope in self._assumed.difference(written):
            if self._held[scope].refresh():
                self.overtaken(scope)

    def moved(self, branch: Branch) -> None:
        """Take over that a write of this operation has changed it."""
        if branch.scope in self._in_step:
            self._in_step[branch.scope] = branch.head

    def overtaken(self, scope: Scope) -> NoReturn:
        """Have what was decided about a branch decided again, on what is read anew."""
        self._in_step.pop(scope, None)
        self._assumed.discard(scope)
        raise Overtaken

    def _refresh(self, branch: Branch, heard: Heard | None = None) -> None:
        branch.refresh(heard)
        self._make_room()
        if self._depth:
            self._in_step[branch.scope] = branch.head

    def _make_room(self) -> None:
        """Let go of what was used least lately, and not of what is in use now."""
        held = sum(one.bytes for one in self._held.values())
        for key in list(self._held)[:-1]:
            if held <= self._most_bytes and len(self._held) <= _MOST_BRANCHES:
                return
            if key not in self._in_step:
                held -= self._held.pop(key).bytes
