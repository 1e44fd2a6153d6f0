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
    """A view of one store from one scope; made by `commonplace.open` and `scope`.

    A memory is a capability: it sees its scope and everything below it, and there is no way up.
    Safe to use from several threads.
    """

    def scope(self, *names: str | tuple[str, ...]) -> Memory:
        """Return a memory confined to the scope below this one.

        One name is read as a written path (``"user/alice"``); several names, or one tuple of
        names, are taken as they are, so that a name from outside cannot reach another scope.
        Raises InvalidInputError for a name that is empty or not text.

        >>> memory.scope("user", "alice")
        <Memory user/alice>
        """
        return Memory(self._lease, self._scope.child(*names), self._also)

    def including(self, *others: Memory) -> Memory:
        """Return this memory with what `others` see added for reading; it writes as before.

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
        """Release the store, for this memory and all scopes of it. May be called again.

        Whoever else opened the same directory in this process keeps it open.
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
