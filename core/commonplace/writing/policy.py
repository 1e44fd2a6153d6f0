"""What is to become of what should not be kept as it is, without what finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from commonplace.errors import InvalidInputError

Policy: TypeAlias = Literal["off", "redact", "block"]
Holding: TypeAlias = Literal["off", "quarantine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What happens to texts that should not be stored, or not be recalled, as they are.

    Args:
        secrets: Passwords, keys and tokens. ``"off"`` stores them, ``"redact"`` puts a label such
            as ``[REDACTED:aws-access-key]`` in their place, ``"block"`` refuses the text with
            BlockedContentError.
        personal_data: Addresses, dates of birth, and the numbers of phones, cards, accounts and
            identity papers. The same three choices.
        instructions: Texts that give orders to a model. ``"quarantine"`` stores them and holds
            them back from recall until you `release` them; ``"off"`` treats them as any other
            text.

    Raises:
        InvalidInputError: A choice is unknown.

    >>> import commonplace
    >>> strict = Screening(personal_data="block")
    >>> with commonplace.open(":memory:", screening=strict) as memory:
    ...     memory.remember("Write to ada@example.org")
    Traceback (most recent call last):
    commonplace.errors.BlockedContentError: ...
    """

    secrets: Policy = "redact"
    personal_data: Policy = "off"
    instructions: Holding = "quarantine"

    def __post_init__(self) -> None:
        """Raise InvalidInputError for an unknown choice."""
        for name, choices in (
            ("secrets", get_args(Policy)),
            ("personal_data", get_args(Policy)),
            ("instructions", get_args(Holding)),
        ):
            if (chosen := getattr(self, name)) not in choices:
                raise InvalidInputError(
                    f"Screening has no policy {chosen!r:.80} for {name}: give any of "
                    f"{', '.join(map(repr, choices))}."
                )
