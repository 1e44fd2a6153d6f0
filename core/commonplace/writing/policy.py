"""What is to become of what should not be kept as it is, without what finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from commonplace.errors import InvalidInputError

Policy: TypeAlias = Literal["off", "redact", "block"]
Holding: TypeAlias = Literal["off", "quarantine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What happens to what should not be kept, or not be recalled, as it is.

    `secrets` (passwords, keys, tokens) and `personal_data` (addresses, numbers of cards, accounts
    and papers, days of birth) are kept (``off``), replaced by a label such as
    ``[REDACTED:aws-access-key]`` (``redact``), or refused with BlockedContentError (``block``).
    `instructions`, texts that give orders to a model, are kept and held back from recall until
    they are released (``quarantine``), or treated as any other (``off``). Raises InvalidInputError
    for any other policy.
    """

    secrets: Policy = "redact"
    personal_data: Policy = "off"
    instructions: Holding = "quarantine"

    def __post_init__(self) -> None:
        """Raise InvalidInputError for a policy that there is not."""
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
