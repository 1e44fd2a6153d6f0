"""How a value shows itself: short in a terminal, as a table in a notebook, and as a JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_SHOWN = 60


class Presented:
    """A value that shows itself by what `to_dict` returns."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """Return it as a table for a notebook, in which no text is markup."""
        return html(self.to_dict())


def shortened(text: str, most: int = _SHOWN) -> str:
    """Return a text in quotes, its beginning alone if it is long."""
    return repr(text if len(text) <= most else f"{text[: most - 1]}…")


def html(value: object) -> str:
    """Return a JSON value as HTML: objects and lists of objects as tables.

    >>> html({"text": "<b>tea</b>"})
    '<table><tr><th>text</th><td>&lt;b&gt;tea&lt;/b&gt;</td></tr></table>'
    """
    if isinstance(value, Mapping):
        return f"<table>{''.join(_rows(value))}</table>" if value else ""
    if isinstance(value, (list, tuple)):
        return "<br>".join(map(html, value))
    if value is None:
        return ""
    return escape(f"{value:.3f}" if isinstance(value, float) else str(value))


def _rows(value: Mapping[str, object]) -> Iterator[str]:
    for name, part in value.items():
        yield f"<tr><th>{escape(str(name))}</th><td>{html(part)}</td></tr>"
