"""Half a character, which no file can hold: one rule for all text that enters. Pure.

A text may be cut within a character, by a model's stream or another language's strings: it then
ends in half of a surrogate pair. What is said, asked or kept has U+FFFD in its place, so that the
rest is not lost. What identifies (a scope, an id, a key) is refused, since two would become one.
"""

from __future__ import annotations

from commonplace.errors import InvalidInputError


def mended(text: str) -> str:
    r"""Return `text` with U+FFFD for each half of a character; two halves become the whole one.

    >>> ascii(mended("Well done \ud83d")), ascii(mended("\ud83d\ude00"))
    ("'Well done \\ufffd'", "'\\U0001f600'")
    """
    if _is_whole(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def check_whole(name: str, what: str) -> None:
    """Raise InvalidInputError when `name`, which identifies something, has half a character."""
    if not _is_whole(name):
        raise InvalidInputError(
            f"{what} is not valid Unicode text: {name!r:.80} has half a surrogate pair. It names "
            "something, and so is not mended: give another one."
        )


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
