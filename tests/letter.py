"""A letter that is longer than the room of a prompt, and the part of it that answers."""

from __future__ import annotations

_BEFORE = (
    "Dear neighbours, the gutters were swept on Monday and the hedge is cut. "
    "Please keep the bins behind the wall, since the wind blows them into the lane. "
)
_AFTER = (
    "The lamp above the door is mended, and the mat has gone to be washed. "
    "Nobody has found the blue umbrella, which somebody left on the second floor. "
)

ANSWER = "The boiler man, Mr Okafor, comes on Thursday at seven."
QUESTION = "When does the boiler man come?"
LETTER = _BEFORE * 5 + ANSWER + " " + _AFTER * 6
"""About 1,600 characters."""
