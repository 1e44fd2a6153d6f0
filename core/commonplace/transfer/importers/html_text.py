"""The text of a piece of HTML: what is read in it, line by line. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    ("p", "div", "br", "hr", "li", "ul", "ol", "tr", "table", "pre", "blockquote",
     "h1", "h2", "h3", "h4", "h5", "h6")
)  # fmt: skip
_UNREAD = ("script", "style")
_SPACE = re.compile(r"[ \t\r\n\f]+")


def text_of_html(html: str) -> str:
    r"""Return the text of a piece of HTML.

    Blocks are lines of their own, items of lists begin with a dash, and what is preformatted keeps
    its spaces.

    >>> text_of_html("<p>Bring&nbsp;<b>tea</b>:</p><ul><li>green</li><li>black</li></ul>")
    'Bring tea:\n- green\n- black'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (line.rstrip() for line in "".join(reader.pieces).replace("\xa0", " ").split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip("\n")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  # as it is called
        if tag in _BLOCKS:
            self.pieces.append("\n- " if tag == "li" else "\n")
        elif tag in ("td", "th") and self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append(" ")
        if tag == "pre" or tag in _UNREAD:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS and tag != "br":
            self.pieces.append("\n")
        if tag in self._open:
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        if any(one in _UNREAD for one in self._open):
            return
        text = data if self._open else _SPACE.sub(" ", data)
        at_start = not self.pieces or self.pieces[-1].endswith(("\n", " "))
        self.pieces.append(text.removeprefix(" ") if at_start and not self._open else text)
