"""Questions asked before and answered with nothing, as the adapters store them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeAlias

from commonplace import Record, Source
from commonplace.adapting import message_record
from commonplace.values.records import Origin
from metrics import Tally, recall_at

DEEPEST = 10

Ranking: TypeAlias = Callable[[str], list[str]]
"""From a query to the ids of what is found, best first."""

WORDINGS = (
    "{question}",
    "Hi! {question}",
    "Can you tell me: {question}",
    "I forgot, {question}",
    "{question} Do you still know?",
    "One more thing - {question}",
    "Hey, quick one. {question} Thanks!",
)
"""The ways in which a question comes again."""

FILLERS = (
    "Let me look that up for you.",
    "One moment, please.",
    "I'm sorry, I don't have that information.",
    "I'm not sure about that.",
    "Good question! I'll get back to you on it.",
    "I could not find anything about this.",
    "Sure, give me a second.",
    "Hmm, I don't know.",
    "Thanks for asking, I will check.",
    "I have no record of that.",
    "Das weiß ich leider nicht.",
    "Einen Moment, ich schaue nach.",
    "Lo siento, no tengo esa información.",
    "Déjame comprobarlo.",
    "Je ne sais pas, désolé.",
    "Un instant, je vérifie.",
    "Não sei dizer.",
    "Non lo so, mi dispiace.",
    "Я не знаю.",
    "Сейчас проверю.",
    "我不知道。",
    "请稍等，我查一下。",
    "わかりません。",
    "잠시만요, 확인해 볼게요.",
)
"""Answers that tell nothing."""


def asked_before(
    questions: Sequence[str], rounds: Sequence[int], start: datetime
) -> Iterator[Record]:
    """Yield each question and an empty answer to it, once in each round, each in a new session.

    A round takes place on the day of its number after `start`; the wording changes from round to
    round.
    """
    for number in rounds:
        drawn = Random(number)
        for place, question in enumerate(questions):
            wording = WORDINGS[(number + place) % len(WORDINGS)]
            at = start + timedelta(days=number, seconds=2 * place)
            session = f"asked-{number}-{place}"
            yield _said(wording.format(question=question), "user", session, at)
            yield _said(drawn.choice(FILLERS), "agent", session, at + timedelta(seconds=1))


def ask(
    ranking: Ranking, wanted: Sequence[tuple[str, set[str]]], turns: set[str], tally: Tally
) -> None:
    """Take in what a memory finds for each question; `turns` are those that tell something."""
    for query, evidence in wanted:
        found = ranking(query)
        tally.put("R@5", recall_at(found, evidence, 5))
        tally.put("R@10", recall_at(found, evidence, 10))
        tally.put("first is an echo", float(bool(found) and found[0] not in turns))


def _said(text: str, origin: Origin, session: str, at: datetime) -> Record:
    agent = "assistant" if origin == "agent" else None
    source = Source(framework="langchain", agent=agent, session=session, origin=origin)
    record = message_record(text, source=source, message_id=f"{session}-{origin}", created_at=at)
    assert record is not None, text
    return record
