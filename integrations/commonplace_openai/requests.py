"""What a request says, where it is told what is known, and what its reply says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Item = dict[str, Any]
Arguments = dict[str, Any]
Kept = tuple[str, str]
"""What a provider keeps: its kind, such as ``response``, and its id."""

_SYSTEM = ("system", "developer")
_TEXTS = ("text", "input_text", "output_text")


class Reply(Protocol):
    """A reply that comes in pieces."""

    def take(self, piece: Any) -> None:
        """Take the next piece."""
        ...

    @property
    def id(self) -> str | None:
        """Its id, once one has come."""
        ...

    def said(self) -> list[Item]:
        """Return what it said so far, as messages."""
        ...


class Api(Protocol):
    """One of the two ways in which a model is asked."""

    def said(self, arguments: Arguments) -> list[Item]:
        """Return the messages of a request."""
        ...

    def informed(self, arguments: Arguments, block: str) -> Arguments:
        """Return the arguments of a request that tells the model what is in `block` as well."""
        ...

    def kept_there(self, arguments: Arguments, id: str | None) -> list[Kept]:
        """Return what the provider keeps of a request and its reply."""
        ...

    def replied(self, response: Any) -> list[Item]:
        """Return what a whole reply says."""
        ...

    def reply(self) -> Reply:
        """Return a reply of which nothing has come yet."""
        ...


class ChatCompletions:
    """Chat Completions: the whole conversation is in each request."""

    def said(self, arguments: Arguments) -> list[Item]:
        return [_plain(one) for one in arguments.get("messages") or ()]

    def informed(self, arguments: Arguments, block: str) -> Arguments:
        messages = list(arguments.get("messages") or ())
        first = _plain(messages[0]) if messages else {}
        if first.get("role") in _SYSTEM:
            messages[0] = {**first, "content": _ended(first.get("content"), block)}
        else:
            messages.insert(0, {"role": "system", "content": block})
        return {**arguments, "messages": messages}

    def kept_there(self, arguments: Arguments, id: str | None) -> list[Kept]:
        return [("completion", id)] if arguments.get("store") and id else []

    def replied(self, response: Any) -> list[Item]:
        return [_plain(response.choices[0].message)] if response.choices else []

    def reply(self) -> ChatReply:
        return ChatReply()


class ChatReply:
    """The first choice of a streamed chat completion."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self.id: str | None = None

    def take(self, piece: Any) -> None:
        piece = getattr(piece, "chunk", piece)  # `stream` tells of each chunk, and of its parts
        if not hasattr(piece, "choices"):
            return
        self.id = piece.id
        for choice in piece.choices:
            if choice.index == 0 and choice.delta.content:
                self._texts.append(choice.delta.content)

    def said(self) -> list[Item]:
        return [{"role": "assistant", "content": "".join(self._texts)}]


class Responses:
    """Responses: a request may have what is new alone; `instructions` are of one request only."""

    def said(self, arguments: Arguments) -> list[Item]:
        given = arguments.get("input")
        if isinstance(given, str):
            return [{"role": "user", "content": given}]
        return [_plain(one) for one in given or ()]

    def informed(self, arguments: Arguments, block: str) -> Arguments:
        given = arguments.get("instructions")
        told = f"{given}\n\n{block}" if isinstance(given, str) and given else block
        return {**arguments, "instructions": told}

    def kept_there(self, arguments: Arguments, id: str | None) -> list[Kept]:
        conversation = arguments.get("conversation")
        named = conversation.get("id") if isinstance(conversation, Mapping) else conversation
        kept: list[Kept] = [("response", id)] if id and arguments.get("store") is not False else []
        return [*kept, ("conversation", named)] if isinstance(named, str) else kept

    def replied(self, response: Any) -> list[Item]:
        return [_plain(one) for one in response.output]

    def reply(self) -> ResponseReply:
        return ResponseReply()


class ResponseReply:
    """A streamed response: the whole at its end, or what has come of its text."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._whole: list[Item] | None = None
        self.id: str | None = None

    def take(self, piece: Any) -> None:
        if piece.type == "response.created":
            self.id = piece.response.id
        if piece.type == "response.output_text.delta":
            self._texts.append(piece.delta)
        elif piece.type in ("response.completed", "response.incomplete"):
            self._whole = [_plain(one) for one in piece.response.output]

    def said(self) -> list[Item]:
        broken_off = [{"role": "assistant", "content": "".join(self._texts)}]
        return broken_off if self._whole is None else self._whole


def question(said: Sequence[Item]) -> str:
    """Return the text of the last message of a user's, or ""."""
    asked = [one for one in said if one.get("role") == "user"]
    return text_of(asked[-1]) if asked else ""


def text_of(message: Item) -> str:
    """Return what a message or item says in words."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = [part for part in content or () if isinstance(part, Mapping)]
    return "\n".join(str(part.get("text", "")) for part in parts if part.get("type") in _TEXTS)


def _ended(content: object, block: str) -> object:
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [*content, {"type": "text", "text": block}]
    return f"{content}\n\n{block}" if content else block


def _plain(message: Any) -> Item:
    """Return a message, or an object of the client's own that stands for one, as a dict."""
    if isinstance(message, Mapping):
        return dict(message)
    dumped: Item = message.model_dump(exclude_none=True)
    return dumped
