"""The screens, and the forms on them, by their addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from commonplace.inspector.asked import Asked
from commonplace.inspector.pages import Page, Went
from commonplace.inspector.screens import (
    changing,
    health,
    mapping,
    proving,
    quarantine,
    recalling,
    record,
    records,
    scopes,
    timeline,
)

Screen: TypeAlias = Callable[[Asked], Page | Went]

SCREENS: Mapping[str, Screen] = {
    "": scopes.show,
    "records": records.show,
    "record": record.show,
    "recall": recalling.show,
    "quarantine": quarantine.show,
    "edit": changing.ask_edit,
    "forget": changing.ask_forget,
    "erase": changing.ask_erase,
    "timeline": timeline.show,
    "map": mapping.show,
    "map/points": mapping.points,
    "audit": proving.show,
    "receipt": proving.show_receipt,
    "health": health.show,
}
CHANGES: Mapping[str, Screen] = {
    "edit": changing.edit,
    "forget": changing.forget,
    "erase": changing.erase,
    "release": quarantine.release,
}
