"""What is held back, why, and its release."""

from __future__ import annotations

from commonplace.inspector.asked import Asked, within
from commonplace.inspector.pages import Page, Went
from commonplace.inspector.screens.record import changeable
from commonplace.inspector.shown import card, crumbs

_MOST = 200


def show(asked: Asked) -> Page:
    """List what is held back, newest first."""
    held = asked.kept.read(("held", str(asked.scope)), asked.memory.quarantined)
    reveal = asked.text("reveal")
    values = {
        "scope": str(asked.scope),
        "crumbs": crumbs(asked.whole.path, asked.scope),
        "held": len(held),
        "records": [card(one, reveal=reveal) for one in held[:_MOST]],
        "released": asked.text("released"),
    }
    return Page("quarantine.html", values)


def release(asked: Asked) -> Went:
    """Let one record be recalled."""
    record = changeable(asked)
    within(asked.whole, record.scope).release(record.id)
    back = asked.text("back")
    return Went("quarantine", {"scope": back, "released": record.id})
