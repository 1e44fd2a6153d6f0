"""One branch as this process knows it: its log and, where they fit into memory, its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from commonplace.chroma.commit_log import Commit, CommitLog, Heard
from commonplace.chroma.lines import Awaited
from commonplace.chroma.replica import Change, Replica
from commonplace.chroma.rows import Rows, written_scope
from commonplace.chroma.shared_partition import SharedPartition
from commonplace.chroma.shared_reading import rows_where, rows_with
from commonplace.chroma.shared_rows import (
    By,
    Row,
    Stored,
    committed_rows,
    counting,
    stored_of,
)
from commonplace.ports import Entry
from commonplace.values.scope import Scope

_MOST_CHANGES = 1_000
_ATTEMPTS = 20


class Branch:
    """Brought in step by `refresh`, and then as of one commit. Not thread-safe."""

    def __init__(
        self,
        partition: SharedPartition,
        scope: Scope,
        dimension: Callable[[], int],
        most_bytes: int,
    ) -> None:
        """Know nothing yet; hold no entries if they take more than `most_bytes`."""
        self.scope, self.partition = scope, partition
        self._dimension, self._most_bytes = dimension, most_bytes
        self.replica: Replica | None = None
        self._log = CommitLog(partition, scope, dimension)
        self._is_known = False
        self._changes: list[Change] | None = None

    @property
    def bytes(self) -> int:
        """About what the entries take that are held."""
        return 0 if self.replica is None else self.replica.bytes

    def refresh(self, heard: Heard | None = None) -> bool:
        """Bring it in step; tell whether anything has changed. Costs one read if nothing has.

        What was `heard` since is not asked for again.
        """
        with self._known_after():
            if not self._is_known:
                self._read()
                return True
            return self._take(self._log.news(heard=heard), {})

    def glance(self) -> AbstractContextManager[Awaited[Heard]] | None:
        """Ask what was committed since; None if its entries are not held."""
        return self._log.glance() if self._is_known and self.replica is not None else None

    def commit(
        self, entries: Sequence[Entry], gone: Sequence[str] = (), *, anew: bool = False
    ) -> bool:
        """Store entries, and let rows count no longer, if nothing has changed since `refresh`.

        Tell whether that was so; if not, nothing is stored. It is in step then either way.
        """
        made: dict[str, Sequence[Entry]] = {}

        def rows(number: int, nonce: str) -> Rows:
            made[nonce] = entries
            return committed_rows(entries, number, nonce)

        with self._known_after():
            has_it, news = self._log.append(gone, rows, anew=anew)
            self._take(news, made)
        return has_it

    def remove_gone(self) -> None:
        """Remove the rows that count no longer."""
        self._log.remove(sorted(self._log.gone))

    @property
    def head(self) -> int:
        """The number of the last commit that is known."""
        return self._log.head

    def changes(self) -> list[Change] | None:
        """Return what has changed since this was called; None if that is not known."""
        changes, self._changes = self._changes, []
        return changes

    def read(self, where: Mapping[str, Any] | None, *, vectors: bool) -> list[Stored]:
        """Return the entries whose first row meets a condition, from the database.

        Read until nothing was committed meanwhile: half of a commit is neither old nor new.
        """
        found: list[Stored] = []
        for _ in range(_ATTEMPTS):
            rows = rows_where(self.partition, where, str(self.scope), vectors=False) or []
            found = list(stored_of(self._counting(rows), with_vectors=False))
            if vectors:
                found = with_vectors(self.partition, found)
            if not self.refresh():
                break
        return found

    @property
    def unsettled(self) -> int:
        """About how many rows are there that count no longer."""
        return len(self._log.gone)

    @contextmanager
    def _known_after(self) -> Iterator[None]:
        """Read anew next time if this fails: the log may be ahead of the entries by then."""
        try:
            yield
        except BaseException:
            self._is_known = False
            raise

    def _take(self, news: list[Commit] | None, made: Mapping[str, Sequence[Entry]]) -> bool:
        """Follow commits; `made` are the entries of those of this process, by nonce."""
        is_lost = news is None or any(one.anew for one in news)
        if is_lost or self.partition.identity != self._log.identity:
            self._read()
            return True
        if news and self.replica is not None:
            self._follow(self.replica, news, made)
        return bool(news)

    def _follow(
        self, replica: Replica, news: Sequence[Commit], made: Mapping[str, Sequence[Entry]]
    ) -> None:
        gone = [id for commit in news for id in commit.gone]
        foreign = [one for one in news if one.nonce not in made]
        wanted = {id for one in foreign for id in one.row_ids} - set(gone)
        rows = rows_with(self.partition, wanted, str(self.scope)) if wanted else []
        if len(rows) < len(wanted) and (later := self._log.news()) != []:
            # What is missing was replaced meanwhile: half of that would be neither old nor new.
            if later is None or any(one.anew for one in later):
                self._read()
            else:
                self._follow(replica, [*news, *later], made)
            return
        stored = list(stored_of(rows))
        for commit in news:
            if commit.nonce in made:
                stored += _stored_by(commit, made[commit.nonce], set(gone))
        self._replace(replica, gone, sorted(stored, key=lambda one: one.number))

    def _replace(self, replica: Replica, gone: Sequence[str], stored: Sequence[Stored]) -> None:
        changes = replica.follow(gone, stored)
        if self._changes is not None:
            self._changes += changes
            if len(self._changes) > _MOST_CHANGES:
                self._changes = None
        if replica.bytes > self._most_bytes:
            self.replica = self._changes = None

    def _read(self) -> None:
        """Read the log, then what it says that counts."""
        self._is_known = False
        self.replica = self._changes = None
        self._log = CommitLog(self.partition, self.scope, self._dimension)
        self._log.read()
        if self._most_bytes > 0 and len(self.scope.names) != 1:
            within = {"within": {"$contains": written_scope(self.scope)}}
            name, most = str(self.scope), self._most_bytes
            rows = rows_where(self.partition, within, name, vectors=True, most_bytes=most)
            self.replica = None if rows is None else Replica(stored_of(self._counting(rows)))
        self._is_known = True
        self._take(self._log.news(), {})  # what was committed meanwhile may be half of what is read

    def _counting(self, rows: Iterable[Row]) -> Iterator[Row]:
        def counts(_: Row, by: By) -> bool:
            return self._log.counts(by.number, by.nonce)

        return counting(rows, counts, self._log.gone)


def _stored_by(commit: Commit, entries: Sequence[Entry], gone: set[str]) -> Iterator[Stored]:
    """Yield what a commit of this process stored, as if it was read."""
    ids = iter(commit.row_ids)
    for entry in entries:
        own = tuple(next(ids) for _ in entry.vectors)
        if own[0] not in gone:
            yield Stored(entry, own, commit.number)


def with_vectors(partition: SharedPartition, stored: Sequence[Stored]) -> list[Stored]:
    """Return entries with the vectors that they were read without."""
    ids = [id for one in stored for id in one.row_ids]
    return list(stored_of(rows_with(partition, ids, partition.name))) if ids else []
