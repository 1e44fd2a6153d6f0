"""`Memory`: a view of one store from one scope."""

from __future__ import annotations

from types import TracebackType

from commonplace.conversation.conversing import Conversing
from commonplace.errors import InvalidInputError
from commonplace.values.newer_typing import Self
from commonplace.verbs.erasing import Erasing
from commonplace.verbs.looking import Looking
from commonplace.verbs.observing import Observing
from commonplace.verbs.remembering import Remembering
from commonplace.verbs.transferring import Transferring
from commonplace.verbs.values import Values


class Memory(Erasing, Observing, Conversing, Remembering, Looking, Values, Transferring):
    """A view of one store from one scope. `commonplace.open` and `scope` make it.

    It sees its scope and everything below it. No verb leads up: whoever holds a memory can reach
    nothing else. You may use it from several threads. ``with`` closes it at the end.

    Every verb raises MemoryClosedError after `close`, and StoreError if the store cannot be read
    or written. The examples begin with a memory that is open.

    >>> alice = memory.scope("user", "alice")
    >>> _ = alice.remember("The deploy key is kept by Maria")
    >>> alice.recall("Who has the deploy key?")[0].record.text
    'The deploy key is kept by Maria'
    """

    def scope(self, *names: str | tuple[str, ...]) -> Memory:
        """Return a memory confined to the scope below this one.

        Args:
            *names: Several names, or one tuple of names, are taken as they are: pass what comes
                from outside in this way. One name is read as a path (``"user/alice"``), where a
                slash separates names.

        Raises:
            InvalidInputError: A name is empty or no text.

        >>> memory.scope("user", "alice")
        <Memory user/alice>
        """
        return Memory(self._lease, self._scope.child(*names), self._also)

    def including(self, *others: Memory) -> Memory:
        """Return this memory with what `others` see added for reading. Writing stays the same.

        Args:
            *others: Memories of the same store.

        Raises:
            InvalidInputError: One of them is no memory, or belongs to another store.

        >>> handbook = memory.scope("team", "handbook")
        >>> _ = handbook.remember("Refunds take five days")
        >>> desk = memory.scope("user", "alice").including(handbook)
        >>> desk.recall("how long does a refund take?", limit=1)[0].record.text
        'Refunds take five days'
        """
        for other in others:
            if not isinstance(other, Memory) or other._engine is not self._engine:
                raise InvalidInputError(
                    f"including takes memories of the same store, not {other!r}."
                )
        added = [scope for other in others for scope in (other._scope, *other._also)]
        return Memory(self._lease, self._scope, [*self._also, *added])

    def close(self) -> None:
        """Close the store, for this memory and all scopes of it. You may call it again.

        If the same directory was opened elsewhere in this process, it stays open there.

        >>> memory.close()
        >>> memory.count()
        Traceback (most recent call last):
        commonplace.errors.MemoryClosedError: ...
        """
        self._lease.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Memory {self._scope if self._scope.names else '(root)'}>"
