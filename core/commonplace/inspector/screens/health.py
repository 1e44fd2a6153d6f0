"""How the store and its server are, and the keys that open it."""

from __future__ import annotations

from dataclasses import asdict

from commonplace import __version__
from commonplace.inspector.asked import Asked
from commonplace.inspector.pages import Page
from commonplace.inspector.shown import crumbs


def show(asked: Asked) -> Page:
    """Show what is kept, by which model, and who may see it; keys, to who may see everything."""
    whole = asked.whole
    sees_all = not whole.path.names
    values = {
        "scope": str(whole.path),
        "crumbs": crumbs(whole.path, whole.path),
        "version": __version__,
        "directory": whole.directory if sees_all else None,
        "stats": asdict(asked.kept.read(("stats", str(whole.path)), whole.stats)),
        "keys": asked.keys() if sees_all else None,
        "findings": whole.verify_audit() if sees_all else None,
        "unfinished": len(whole.unfinished()),
    }
    return Page("health.html", values)
