"""What texts say, as a scope takes it."""

from __future__ import annotations

import numpy as np

from commonplace import Record, Source
from commonplace.ports import Entry
from commonplace.recall.coded import Told
from commonplace.recall.columns import columns_of


def told(*texts: str, agent: str = "") -> Told:
    """Return what an agent, or nobody, says with some texts."""
    source, vectors = Source(agent=agent or None), np.zeros((1, 1), np.float32)
    records = [Record(text, kind="message", source=source) for text in texts]
    return columns_of(Entry(record, vectors) for record in records).told
