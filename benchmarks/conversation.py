"""What of a long conversation is sent, and what of its beginning is in it.

    python benchmarks/conversation.py --json conversation.json --plot conversation.svg

A user states ten facts in the first ten turns, then talks of other things, and from turn 20 on asks
at every tenth turn after one of the facts, in other words. For each turn, what each way sends:
everything, the last 20 messages, LangChain's `trim_messages` within the budget, and
`Conversation.messages` within the budget, with and without a summariser. The summariser is a script
that keeps, of what it is shown, the sentences in which the user speaks of themselves, newest first
to leave, as many as its limit has room for. Counted are tokens of gpt-4o where its encoding is on
this machine, and whether the answer stands in the prompt.

    python benchmarks/conversation.py --cost 10000

What `add` and `messages` take in a conversation of so many turns, p50 and p95 in milliseconds
beside tokenising, and what the loop that sends everything takes, in one run. *Busy* is the time of
the processor. A turn is `add` and `messages`; its embedding belongs to the model, as tokenising
does, and is told apart. The turns have known vectors while they are stored, and the model's when
it is asked.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter, process_time
from typing import Any

import numpy as np
from langchain_core.messages import (
    BaseMessage,
    convert_to_messages,
    convert_to_openai_messages,
    trim_messages,
)
from rich.table import Table

import commonplace
from commonplace import Memory
from commonplace.conversation.tokens import PRIMING, Counter, tokenizer_of
from commonplace.embedding import MiniLM
from embedders import Staged
from tables import Bars, Lines, arguments, publish

MODEL = "gpt-4o"
TURNS = 200
BUDGET = 2_000
LAST = 20
SYSTEM = {"role": "system", "content": "You are a kind assistant."}

FACTS = (
    ("My sister Ingrid lives in Tromso.", "In which town is Ingrid at home?", "Tromso"),
    ("I am allergic to walnuts.", "Which food must I never be served?", "walnuts"),
    ("Our dog is called Pepper.", "What is the name of the dog?", "Pepper"),
    ("I play the cello in an amateur orchestra.", "Which instrument do I play?", "cello"),
    ("My train to work leaves at 7:42.", "When does my train to work leave?", "7:42"),
    ("We moved here in the spring of 2019.", "Which year did we move here?", "2019"),
    ("My daughter Liv studies marine biology.", "What does Liv study?", "marine biology"),
    ("I take my coffee with oat milk.", "How do I take my coffee?", "oat milk"),
    ("My boss is called Henrik Dahl.", "What is the name of my boss?", "Henrik Dahl"),
    ("I am afraid of flying, so I travel by ship.", "How do I prefer to travel?", "by ship"),
)
TOPICS = ("tides", "bread", "chess", "bridges", "glaciers", "spices", "maps", "clocks", "violets")
VERBS = ("compare", "explain", "describe", "sketch", "order", "name")

Message = dict[str, Any]
Way = Callable[[list[Message]], Sequence[Message]]
counter = Counter(MODEL)


@dataclass
class Sent:
    """What one way sent, turn by turn."""

    tokens: list[int] = field(default_factory=list)
    answered: int = 0


def turns(chance: random.Random) -> Iterator[tuple[str, str, str | None]]:
    """Yield for each turn what the user says, the reply, and the answer if a fact is asked for."""
    for number in range(1, TURNS + 1):
        topic = f"{chance.choice(VERBS)} {chance.choice(TOPICS)} number {number}"
        long = " ".join(chance.choice(TOPICS) for _ in range(40))
        asked = None
        if number <= len(FACTS):
            said = FACTS[number - 1][0]
        elif number >= 20 and number % 10 == 0:
            _, said, asked = FACTS[number // 10 % len(FACTS)]
        else:
            said = f"Please {topic}."
        yield said, f"Let us {topic}: {long}.", asked


def summarise(prompt: str) -> str:
    """Stand in for a model: the sentences in which the user speaks of themselves."""
    room = int(re.search(r"at most (\d+) words", prompt)[1])  # type: ignore[index]
    own = re.findall(r"(?:I|My|Our|We) [^.?\n]+\.", prompt)
    kept: list[str] = []
    for sentence in dict.fromkeys(own):
        room -= len(sentence.split())
        if room >= 0:
            kept.append(sentence)
    return " ".join(kept) or "Nothing of note."


def trimmed(messages: list[Message]) -> list[Message]:
    def count(them: list[BaseMessage]) -> int:
        return counter.messages(convert_to_openai_messages(them)) + PRIMING

    kept = trim_messages(
        convert_to_messages(messages),
        max_tokens=BUDGET,
        token_counter=count,
        strategy="last",
        include_system=True,
        start_on="human",
    )
    return convert_to_openai_messages(kept)


def ways(memory: Memory) -> dict[str, Way]:
    def through(scope: str, **options: Any) -> Way:
        chat = memory.scope(scope).conversation("long", model=MODEL, **options)

        def window(messages: list[Message]) -> Sequence[Message]:
            chat.extend(messages[-2:] if len(messages) > 2 else messages)
            return chat.messages(max_tokens=BUDGET)

        return window

    return {
        "everything": list,
        f"last {LAST}": lambda messages: [messages[0], *messages[1:][-LAST:]],
        "trim_messages": trimmed,
        "Commonplace": through("plain"),
        "Commonplace, summariser": through("summed", summariser=summarise),
    }


def converse() -> dict[str, Sent]:
    with tempfile.TemporaryDirectory() as directory, commonplace.open(directory) as memory:
        sending = ways(memory)
        sent = {name: Sent() for name in sending}
        messages = [SYSTEM]
        for said, reply, answer in turns(random.Random(1)):
            messages.append({"role": "user", "content": said})
            for name, way in sending.items():
                prompt = way(messages)
                sent[name].tokens.append(counter.messages(prompt) + PRIMING)
                sent[name].answered += answer is not None and answer in str(prompt)
            messages.append({"role": "assistant", "content": reply})
    return sent


def asked() -> int:
    return sum(answer is not None for _, _, answer in turns(random.Random(1)))


def conversation_table(sent: dict[str, Sent]) -> Table:
    table = Table(title=f"{TURNS} turns, budget {BUDGET:,} tokens")
    for name in ("way", "tokens sent", "largest prompt", "early facts in the prompt"):
        table.add_column(name, justify="left" if name == "way" else "right")
    for name, one in sent.items():
        facts = f"{one.answered} of {asked()}"
        table.add_row(name, f"{sum(one.tokens):,}", f"{max(one.tokens):,}", facts)
    return table


class Stopwatch:
    """Milliseconds of the parts of a turn, whole and busy, beside counting tokens."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self.spent: dict[str, list[tuple[float, float]]] = {}
        self.tokenising = self.tokenising_busy = 0.0
        self._exact = tokenizer_of(MODEL)

    def count(self, text: str) -> int:
        began, busy = perf_counter(), process_time()
        found = self._exact(text)
        self.tokenising += perf_counter() - began
        self.tokenising_busy += process_time() - busy
        return found

    def time(self, name: str, part: Callable[[], object]) -> None:
        """Time a part, beside its tokenising."""
        self.tokenising = self.tokenising_busy = 0.0
        began, busy = perf_counter(), process_time()
        part()
        spent = perf_counter() - began - self.tokenising
        worked = process_time() - busy - self.tokenising_busy
        self.spent.setdefault(name, []).append((spent * 1000, worked * 1000))


def costs(count: int) -> dict[str, list[tuple[float, float]]]:
    """Return the milliseconds of each part of a turn, at the end of so many turns."""
    watch, exact, embedder = Stopwatch(), tokenizer_of(MODEL), Staged()
    with (
        tempfile.TemporaryDirectory() as directory,
        commonplace.open(directory, embedder=embedder) as memory,
    ):
        chat = memory.conversation("long", tokenizer=watch.count)
        messages = [SYSTEM]
        for number in range(count):
            topic = TOPICS[number % len(TOPICS)]
            messages.append({"role": "user", "content": f"Please describe {topic} {number}."})
            messages.append({"role": "assistant", "content": f"Of {topic}, {number} is the best."})
        for start in range(0, len(messages), 2_000):
            chat.extend(messages[start : start + 2_000])
        embedder.inner = MiniLM()
        chat.messages(max_tokens=BUDGET)
        for number in range(50):
            said = {"role": "user", "content": f"And what of matter {number}?"}
            messages.append(said)
            parts: dict[str, Callable[[], object]] = {
                "add, embedded and durable": partial(chat.add, said),
                "messages": partial(chat.messages, max_tokens=BUDGET),
                "messages without recall": partial(chat.messages, max_tokens=BUDGET, about=""),
                "recall alone": partial(memory.recall, said["content"], limit=50),
                "embedding alone": partial(memory._engine.embed, [f"Or of matter {number}?"]),
                "sending everything, its JSON": partial(json.dumps, messages),
                "sending everything, its tokens": lambda: [exact(m["content"]) for m in messages],
            }
            for name, part in parts.items():
                watch.time(name, part)
    return with_turns(watch.spent)


def with_turns(spent: dict[str, list[tuple[float, float]]]) -> dict[str, list[tuple[float, float]]]:
    """Return the times with those of a turn, with its one embedding and beside it."""
    each = list(zip(spent["add, embedded and durable"], spent["messages"], strict=True))
    turns = [(a + c, b + d) for (a, b), (c, d) in each]
    embedding = spent["embedding alone"]
    beside = [(a - c, b - d) for (a, b), (c, d) in zip(turns, embedding, strict=True)]
    return {"a turn": turns, "a turn, beside its embedding": beside, **spent}


def cost_table(spent: dict[str, list[tuple[float, float]]], count: int) -> Table:
    table = Table(title=f"A turn after {count:,} turns, milliseconds")
    for name in ("part", "p50", "p95", "busy, p50", "busy, p95"):
        table.add_column(name, justify="left" if name == "part" else "right")
    for name, times in spent.items():
        both = zip(*times, strict=True)
        table.add_row(name, *(f"{np.percentile(one, at):.2f}" for one in both for at in (50, 95)))
    return table


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--cost", type=int, help="measure a turn after so many turns instead")
    options = parser.parse_args()
    if options.cost:
        spent = costs(options.cost)
        publish(options, [cost_table(spent, options.cost)], spent, [])
        return
    sent = converse()
    points = {name: list(enumerate(one.tokens, 1)) for name, one in sent.items()}
    facts = {name: float(one.answered) for name, one in sent.items()}
    publish(
        options,
        [conversation_table(sent)],
        {name: {"tokens": one.tokens, "facts": one.answered} for name, one in sent.items()},
        [
            Lines("Tokens of the prompt", "turn", "tokens", points),
            Bars(f"Early facts in the prompt, of {asked()}", {"facts": facts}),
        ],
    )


if __name__ == "__main__":
    main()
