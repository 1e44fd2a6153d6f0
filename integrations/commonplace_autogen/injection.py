"""What the model is shown of a memory: in the view of a context, never in the context."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

from autogen_core.model_context import ChatCompletionContext, ChatCompletionContextState
from autogen_core.models import AssistantMessage, LLMMessage, SystemMessage, UserMessage

SOURCE = "memory"


class View:
    """What one agent reads of its context, with the blocks that memories show beside its messages.

    AutoGen calls a memory before a turn and never after it, and what is put into a context stays:
    in later turns, in the window, in the saved state. So the block is not put into it. It is added
    when the agent reads the context.
    """

    def __init__(self, context: ChatCompletionContext, users: Collection[str]) -> None:
        """Read from `context`, whose users' messages have one of these sources."""
        self._read = context.get_messages
        self._save = context.save_state
        self._users = users
        self._blocks: dict[str, str] = {}
        self._add = context.add_message
        self._heard: dict[str, Callable[[LLMMessage], Awaitable[None]]] = {}

    async def __call__(self) -> list[LLMMessage]:
        """Return the messages, with one message of the memory before the last user message."""
        messages = await self._read()
        block = "\n".join(block for block in self._blocks.values() if block)
        # A window may show nothing of what was asked; a context that was cleared holds nothing.
        is_asked = messages or (block and await self.kept())
        return with_block(messages, block, self._users) if block and is_asked else messages

    async def asked(self) -> str:
        """Return the last text of a user, or "" if there is none.

        In a team the last message is another agent's, and the task may have left the agent's
        window: then all that the context keeps is searched. If none of its messages is a user's by
        name, the last text of anyone is what was asked.
        """
        shown = await self._read()
        message = last_user_message(shown, self._users)
        if message is None:
            message = last_user_message(await self.kept(), self._users)
        return user_text(message or last_user_message(shown, None))

    async def kept(self) -> list[LLMMessage]:
        """Return all messages of the context, those beyond its window too."""
        return ChatCompletionContextState.model_validate(await self._save()).messages

    async def texts(self) -> list[str]:
        """Return the texts of users and agents that the model is shown anyway."""
        shown = await self._read()
        return [user_text(one) for one in shown if isinstance(one, UserMessage)] + [
            one.content
            for one in shown
            if isinstance(one, AssistantMessage) and isinstance(one.content, str)
        ]

    def show(self, owner: str, block: str) -> None:
        """Show this block in the place of the former one of the same owner."""
        self._blocks[owner] = block

    def tell(self, owner: str, hear: Callable[[LLMMessage], Awaitable[None]]) -> None:
        """Tell `hear`, in the place of the former one of the same owner, what is added."""
        self._heard[owner] = hear

    async def add(self, message: LLMMessage) -> None:
        """Add a message to the context, and tell who hears it."""
        await self._add(message)
        for hear in list(self._heard.values()):
            await hear(message)


def view_of(context: ChatCompletionContext, users: Collection[str]) -> View:
    """Return the view through which the context is read from now on; there is one."""
    view = context.get_messages
    if not isinstance(view, View):
        view = View(context, users)
        # The one place where an agent reads its context, whatever the context's class.
        context.get_messages = view  # type: ignore[method-assign]
        context.add_message = view.add  # type: ignore[method-assign]
    return view


def with_block(
    messages: Sequence[LLMMessage], block: str, users: Collection[str]
) -> list[LLMMessage]:
    """Return the messages with the block just before the last user message.

    As a user message it is accepted by clients that allow one system message only; before the
    user's own it never parts a tool call from its result. If the user's message has left the
    window, the last message of another agent stands for it, or the window's beginning.
    """
    last = last_user_message(messages, users) or last_user_message(messages, None)
    position = next(
        (at for at, message in enumerate(messages) if message is last),
        next((at for at, one in enumerate(messages) if not isinstance(one, SystemMessage)), 0),
    )
    return [*messages[:position], UserMessage(content=block, source=SOURCE), *messages[position:]]


def last_user_message(
    messages: Sequence[LLMMessage], users: Collection[str] | None
) -> UserMessage | None:
    """Return the last message with text whose source is one of `users`, or of anyone if None."""
    for message in reversed(messages):
        if (
            isinstance(message, UserMessage)
            and (users is None or message.source in users)
            and user_text(message).strip()
        ):
            return message
    return None


def user_text(message: UserMessage | None) -> str:
    """Return the text of a message, without its images."""
    if message is None:
        return ""
    parts = [message.content] if isinstance(message.content, str) else message.content
    return "\n".join(part for part in parts if isinstance(part, str))
