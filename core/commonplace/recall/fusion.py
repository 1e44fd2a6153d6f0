"""Fusion: one relevance from words, meaning, their support and dates.

The arms are added on absolute scales, not re-scaled by their best candidate. The words arm is the
share of the query's information that is covered: large only where the words of the query are rare
and found, and small when the query is a paraphrase; then the meaning arm decides. Min-max or
z-scores make the best of a bad arm as loud as the best of a good one.

The weights were chosen on the development halves of LoCoMo and LongMemEval, original and
paraphrased: docs/decisions/0006-recall.md. "Flat" means under a point of recall at 5 over a range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonplace.recall.growing import Floats, Mask, Rows

NEIGHBOURHOOD = 2 / 3
"""Of the words arm, the part that may come from neighbours as well; the rest is for own words.

Flat from 1/2 to 4/5.
"""

MEANING = 0.5
"""One unit of cosine against one of coverage.

Flat from 0.4 to 0.7; above, Chinese loses, of which the default model knows little.
"""

SESSION_WORDS = 0.3
SESSION_MEANING = 0.6
"""A record of a session that fits as a whole. Flat from 0.25 to 0.5, and from 0.4 to 0.75."""

TELLING = 0.45
"""The share of a query's words that tells as much as it is; a smaller one may tell less."""

UNREAD = 0.05
"""What is left of meaning where the embedder does not read the language of the query."""

DATE = 0.4
"""A record of the time the query names. Flat from 0.2 to 0.5.

It is no filter: things are told of later, and dates are misremembered.
"""

DATE_ALONE = 1.2
"""The same where no record has a word of the query: "What did I do on Thursday?" has its day."""

SPREAD = 0.1
"""The usual spread of a query's cosines over a scope.

A wider one is scaled down to it, so that no query is all meaning.
"""

USUAL = 0.1
"""The usual cosine of a query with a record that has nothing to do with it."""

BACKGROUND_RECORDS = 50.0
"""Mean and spread are taken as if so many usual records were there too, as for words.

Of four records alone neither means anything: the spread of three that miss and one that answers
would scale down the answer.
"""

QUESTION = 0.2
"""A record that only asks tells nothing: relevance is lowered by up to this much."""

WHEN = 0.1
"""Asked when, a record that names a time is raised by this much."""

AGENT = 0.3
"""What the agent itself said in a conversation is lowered by this much, unless the query addresses
the agent. Long answers otherwise take half of the first ten places in assistant chats.
"""


@dataclass(frozen=True, slots=True)
class Arms:
    """Everything that speaks for each record: arrays by row."""

    own_words: Floats
    near_words: Floats
    meaning: Floats
    near_meaning: Floats
    session_words: Floats
    session_meaning: Floats
    date: Floats


def best_window(similarities: Floats, starts: Rows | None) -> Floats:
    """Return the best similarity of each record's windows, which begin at `starts`.

    None stands for one window for each record.
    """
    return similarities if starts is None else np.maximum.reduceat(similarities, starts)


def contrast(similarities: Floats, alive: Mask) -> Floats:
    """Return cosines less their mean, scaled down to the usual spread when wider."""
    known = similarities[alive]
    if not len(known):
        return np.zeros_like(similarities)
    records = len(known) + BACKGROUND_RECORDS
    mean = (float(known.sum()) + BACKGROUND_RECORDS * USUAL) / records
    squares = float(((known - mean) ** 2).sum())
    variance = (squares + BACKGROUND_RECORDS * (SPREAD**2 + (USUAL - mean) ** 2)) / records
    scale = min(1.0, SPREAD / variance**0.5)
    return np.asarray((similarities - mean) * scale, np.float32)


def agreed(words: Floats, agreement: float) -> Floats:
    """Return shares of a query's words, those below TELLING less the greater `agreement` is.

    One word of several is shared by chance. How far that matters depends on what else tells: the
    better an embedder reads, the less a single word adds to it.
    """
    if agreement == 1:
        return words
    return np.asarray(words * (words / TELLING) ** (agreement - 1), np.float32)


def fuse(
    arms: Arms, meaning: float = 1.0, agreement: float = 1.0, *, is_read: bool = True
) -> Floats:
    """Return the weighted sum of the arms; `meaning` is what it weighs beside that of MiniLM.

    It weighs UNREAD of that where the embedder does not read the language of the query.
    """
    read = 1.0 if is_read else UNREAD
    words = (1 - NEIGHBOURHOOD) * arms.own_words + NEIGHBOURHOOD * arms.near_words
    told = agreed(words, agreement)
    total: Floats = told + read * meaning * MEANING * (arms.meaning + arms.near_meaning)
    total += (
        SESSION_WORDS * agreed(arms.session_words, agreement)
        + read * SESSION_MEANING * arms.session_meaning
        + (DATE if arms.own_words.any() else DATE_ALONE) * arms.date
    )
    return total


def expectation(
    asks: Floats,
    tells_time: Floats,
    from_agent: Floats,
    *,
    asks_when: bool,
    addresses_agent: bool,
) -> Floats:
    """Return the bounded factor for the kind of statement each record is.

    Does it tell rather than ask; does it name a time, if one is wanted; does it come from the user?
    """
    factor: Floats = 1 - QUESTION * asks
    if asks_when:
        factor = factor * (1 + WHEN * tells_time)
    if not addresses_agent:
        factor = factor * (1 - AGENT * from_agent)
    return factor
