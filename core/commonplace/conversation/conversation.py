"""`Conversation`: what was said in a session, as messages that fit a budget of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from inspect import iscoroutinefunction
from itertools import chain
from typing import TYPE_CHECKING, Any

from commonplace.conversation.forms import Message, carrying, checked_message, text_of
from commonplace.conversation.prompt import Prompt, Sent
from commonplace.conversation.running import RunningSummary
from commonplace.conversation.session import Session
from commonplace.conversation.summarising import Summariser
from commonplace.conversation.tokens import PRIMING, Counter
from commonplace.conversation.turns import Group, asks, grouped, turn_start
from commonplace.conversation.window import Truncated, Window
from commonplace.errors import InvalidInputError, RecordNotFoundError
from commonplace.values.records import Record, Source
from commonplace.values.rendering import Tokenizer
from commonplace.values.validation import checked_limit, checked_name, checked_source

if TYPE_CHECKING:
    from commonplace.conversation.conversing import Conversing


class Conversation:
    """A session of a memory as a list of messages. `Memory.conversation` makes it.

    Each message is a record of kind ``message`` of the memory's scope. Several objects, threads
    and processes may use one session at the same time.
    """

    def __init__(
        self,
        memory: Conversing,
        session: str,
        *,
        summariser: Summariser | None = None,
        model: str | None = None,
        tokenizer: Tokenizer | None = None,
        source: Source | None = None,
    ) -> None:
        """Hold the conversation `session`; see `Memory.conversation`."""
        for what, given in (("summariser", summariser), ("tokenizer", tokenizer)):
            if given is not None and not callable(given):
                raise InvalidInputError(f"{what} is a function of a text, not {given!r:.80}.")
            if iscoroutinefunction(given):
                raise InvalidInputError(f"{what} is called in a thread, so it is no coroutine.")
        if model is not None:
            checked_name(model, "model")
        told = checked_source(Source() if source is None else source)
        told = replace(told, session=checked_name(session, "session"))
        self._memory = memory
        self._options: dict[str, Any] = {
            "summariser": summariser,
            "model": model,
            "tokenizer": tokenizer,
            "source": source,
        }
        self._counter = Counter(model, tokenizer)
        self._session = Session(memory, told)
        self._summary = RunningSummary(memory, self._session, self._counter, summariser)

    @property
    def session(self) -> str:
        """The name of the session."""
        return self._session.name

    def add(self, message: object) -> Record | None:
        """Add a message and return its record, or None if it says nothing.

        Reasoning of a model is left out. A system message replaces the former one; it is sent
        first and never recalled. Of pictures, sounds and files a mark is stored. Their bytes are
        sent again only by this object, for its last 64 messages that have some.

        Args:
            message: A dict as in Chat Completions, an item of a response, or an object of the
                `openai` client. One with the `id` of a message that was added before is not added
                again.

        Raises:
            InvalidInputError: It is no message. Nothing was kept.
            EmbeddingError: The embedder failed.

        >>> chat = memory.conversation("session-7")
        >>> chat.add({"role": "user", "content": "Hello"}).text
        'Hello'
        """
        added = self.extend([message])
        return added[0] if added else None

    def extend(self, messages: Iterable[object]) -> list[Record]:
        """Add several messages in one batch; return the records of those that say something.

        Args:
            messages: Messages as `add` takes them.

        Raises:
            InvalidInputError: One of them is no message. Nothing was kept.
            EmbeddingError: The embedder failed.

        >>> chat = memory.conversation("session-7")
        >>> said = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
        >>> [record.text for record in chat.extend(said)]
        ['Hello', 'Hi']
        """
        if isinstance(messages, (str, bytes, dict)) or not isinstance(messages, Iterable):
            raise InvalidInputError(f"extend takes a list of messages, not {messages!r:.80}.")
        checked = [(checked_message(given), _id(given)) for given in messages]
        told = [(message, id) for message, id in checked if message is not None]
        if not told:
            return []
        known = self._known(told)
        saying = [(message, self._named(message, id, known)) for message, id in told]
        new = {id or at: (message, id) for at, (message, id) in enumerate(saying)}
        new = {key: one for key, one in new.items() if key not in known}
        written = self._session.write(list(new.values())) if new else []
        by_key = dict(zip(new, written, strict=True))
        return [known.get(id or "") or by_key[id or at] for at, (_, id) in enumerate(saying)]

    def messages(self, *, max_tokens: int, about: str | None = None) -> Window:
        """Return the messages to send to a model, within `max_tokens` tokens.

        First comes the system message. It ends with the summary of what is older, and with what
        the memory knows about the user's last message, as quoted data. Then follow the last
        messages as they were said. A tool call and its results are sent together or not at all. A
        message that is too long is shortened, and a mark in it says so.

        Args:
            max_tokens: The most tokens, those that begin the reply included.
            about: What to recall for, in place of the user's last message. "" recalls nothing.

        Returns:
            A list of dicts with three more fields: `tokens`, the count; `truncated`, what is not
            in it;
            `ids`, the ids of the records.

        Raises:
            InvalidInputError: The newest message does not fit, not even shortened.
            EmbeddingError: The embedder failed.

        >>> chat = memory.conversation("session-7")
        >>> _ = chat.add({"role": "user", "content": "Hello"})
        >>> window = chat.messages(max_tokens=500)
        >>> window.truncated.messages, window.tokens <= 500
        (0, True)
        """
        if about is not None and not isinstance(about, str):
            raise InvalidInputError(f"about is a text, not {about!r:.80}.")
        room = checked_limit(max_tokens, "max_tokens") - PRIMING
        prompt = Prompt(self._memory, self._counter, room, self._session.system())
        tail = self._session.tail(lambda groups: self._summary.is_enough(groups, prompt.room))
        summary, later = self._summary.of(self._opened(tail.groups), prompt.room)
        sent = prompt.filled(prompt.chosen(later, summary.text), summary.text, about)
        return self._window(sent, tail.total, summary.covers)

    def records(self) -> list[Record]:
        """Return the records of the conversation in the order in which they were said.

        >>> memory.conversation("session-7").records()
        []
        """
        return self._session.read()[0]

    def edit(self, id: str, content: str) -> Record:
        """Change what a message says and return its record.

        Pictures, sounds and files that it carries stay.

        Args:
            id: The id of the message's record.
            content: What it says now.

        Raises:
            RecordNotFoundError: The session has no message with this id.
            InvalidInputError: `content` is empty or no text.

        >>> chat = memory.conversation("session-7")
        >>> record = chat.add({"role": "user", "content": "Helo"})
        >>> chat.edit(record.id, "Hello").text
        'Hello'
        """
        record = self._one(id)
        before = self._session.said([record])[0].message
        message = checked_message({**before, "content": content})
        if message is None:
            raise InvalidInputError("content is empty: to take the message out, use delete.")
        self._summary.forget_if_it_covers([record])
        return self._session.rewrite(record, carrying(message, before))

    def delete(self, id: str) -> int:
        """Remove a message; return how many messages were removed.

        A tool call goes with its results, and a result with its call.

        Args:
            id: The id of the message's record.

        Raises:
            RecordNotFoundError: The session has no message with this id.

        >>> chat = memory.conversation("session-7")
        >>> chat.delete(chat.add({"role": "user", "content": "Hello"}).id)
        1
        """
        self._one(id)
        groups = grouped(self._session.said(self.records()))
        together = [group for group in groups if any(one.record.id == id for one in group)]
        gone = {one.record.id for group in together for one in group} | {id}
        return self._remove([one for one in self.records() if one.id in gone])

    def undo(self) -> int:
        """Remove the user's last message and all after it; return how many messages that was.

        >>> chat = memory.conversation("session-7")
        >>> _ = chat.add({"role": "user", "content": "Hello"})
        >>> chat.undo(), chat.undo()
        (1, 0)
        """
        tail = self._session.tail(asks)
        if not tail.groups:
            return self._remove(tail.records)
        first = tail.groups[turn_start(tail.groups)][0].record
        return self._remove(tail.records[tail.records.index(first) :])

    def pop(self) -> Message | None:
        """Remove the newest message and return it, or None if there is none.

        >>> chat = memory.conversation("session-7")
        >>> _ = chat.add({"role": "user", "content": "Hello"})
        >>> chat.pop(), chat.pop()
        ({'role': 'user', 'content': 'Hello'}, None)
        """
        records, _ = self._session.read(1)
        if not records:
            return None
        said = self._session.said(records)
        shown = self._session.opened(said, now=said)
        self._remove(records)
        return shown[0].message if shown else {"role": "user", "content": records[0].text}

    def clear(self) -> int:
        """Remove all messages of the session and its summary; return how many messages that was.

        >>> chat = memory.conversation("session-7")
        >>> _ = chat.add({"role": "user", "content": "Hello"})
        >>> chat.clear(), chat.records()
        (1, [])
        """
        self._session.forget_system()
        return self._remove(self.records())

    def branch(self, session: str, *, through: str) -> Conversation:
        """Return a new conversation that begins with a copy of this one, up to one message.

        Args:
            session: The name of the new session.
            through: The id of the last message to copy.

        Raises:
            RecordNotFoundError: The session has no message with this id.
            InvalidInputError: `session` has messages already.

        >>> chat = memory.conversation("session-7")
        >>> first = chat.add({"role": "user", "content": "Hello"})
        >>> _ = chat.add({"role": "assistant", "content": "Hi"})
        >>> [record.text for record in chat.branch("session-8", through=first.id).records()]
        ['Hello']
        """
        last = self._one(through)
        other = Conversation(self._memory, session, **self._options)
        if other._session.read(1)[1]:
            raise InvalidInputError(f"Something was said in the session {session!r} already.")
        records = self.records()
        self._session.copy(records[: records.index(last) + 1], other._session)
        return other

    def _opened(self, groups: list[Group]) -> list[Group]:
        """Return the groups with what was held back where it may be shown."""
        now = list(chain.from_iterable(groups[turn_start(groups) :]))
        opened = iter(self._session.opened(list(chain.from_iterable(groups)), now=now))
        return [tuple(next(opened) for _ in group) for group in groups]

    def _window(self, sent: Sent, total: int, covered: int) -> Window:
        window = Window(sent.messages)
        window.tokens = self._counter.messages(window) + PRIMING
        window.ids = sent.ids
        missing = total - len(frozenset(sent.ids) - {None})
        window.truncated = Truncated(
            messages=missing, summarised=min(covered, missing), shortened=sent.shortened
        )
        return window

    def _known(self, told: Sequence[tuple[Message, str | None]]) -> dict[str, Record]:
        """Return by their ids what was added before, or is kept as a record of this id.

        A framework gives back the messages of a window with the ids of their records.
        """
        given = [(message, id) for message, id in told if id]
        ids = [id for _, id in given]
        ids += [self._session.id_of_message(id, text_of(message)) for message, id in given]
        return {one.id: one for one in self._session.known(ids)} if ids else {}

    def _named(self, message: Message, id: str | None, known: dict[str, Record]) -> str | None:
        if id is None or id in known:
            return id
        return self._session.id_of_message(id, text_of(message))

    def _one(self, id: str) -> Record:
        found = self._session.known([id])
        if not found:
            raise RecordNotFoundError(f"No message with id {id!r} in the session {self.session!r}.")
        return found[0]

    def _remove(self, records: list[Record]) -> int:
        self._summary.forget_if_it_covers(records)
        self._session.remove_held(records)
        return self._memory._engine.discard(records) if records else 0

    def __repr__(self) -> str:
        return f"<Conversation {self.session!r} of {self._memory!r}>"


def _id(given: object) -> str | None:
    id = given.get("id") if isinstance(given, dict) else getattr(given, "id", None)
    return None if id is None else checked_name(id, "id")
