"""CrewAI's memory on this library beside CrewAI's own on LanceDB: speed, and what is found.

    python benchmarks/crewai_storage.py --data locomo10.json --conversations 1
    python benchmarks/crewai_storage.py --data locomo10.json --conversations 1 --directory /dev/shm

Both are CrewAI's `Memory` to their caller, on directories of their own, with the same embedder in
the same process and no language model: one that answers at once takes its place. Each turn of a
conversation of LoCoMo's file (https://github.com/snap-research/locomo, CC BY-NC 4.0; not shipped
here) is saved, by the one and the other in turn: every other turn as crews save, the next by
`remember` with all that a model would say. Then each question that names its evidence is asked.
Ours waits for the disk at each save, LanceDB does not; in `/dev/shm` there is no disk to wait for.
CrewAI's crews ask with `depth="deep"`, its default; `shallow` is its plain vector search.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track
from rich.table import Table

from metrics import Tally
from tables import Bars, arguments, publish

OURS, DEEP, SHALLOW = "Commonplace", "CrewAI on LanceDB", "CrewAI on LanceDB, shallow"
LIMIT = 10


def main() -> None:
    """Measure what is asked for."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo's JSON file")
    parser.add_argument("--conversations", type=int, default=2)
    parser.add_argument("--directory", type=Path, help="where stores lie, such as /dev/shm")
    options = parser.parse_args()
    samples = json.loads(options.data.read_text(encoding="utf-8"))[: options.conversations]
    spent: dict[str, dict[str, list[float]]] = {step: {} for step in STEPS}
    found: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory(dir=options.directory) as place:
        _silence(place)
        for number, sample in enumerate(samples):
            _measure(sample, Path(place) / str(number), spent, found)
    speed = {
        step: {name: _figures(times) for name, times in by.items()} for step, by in spent.items()
    }
    quality = {name: tally.means() for name, tally in found.items()}
    tables = [_speed_table(speed), _quality_table(quality)]
    publish(options, tables, {"ms": speed, "found": quality}, [Bars("evidence recall", quality)])


def _measure(
    sample: dict[str, Any],
    place: Path,
    spent: dict[str, dict[str, list[float]]],
    found: dict[str, Tally],
) -> None:
    from locomo import questions, turns
    from measuring import milliseconds

    with ExitStack() as closing:
        ours, default = _memories(place, closing)
        said: dict[str, str] = {}
        for number, record in enumerate(track(list(turns(sample["conversation"])), "turns")):
            text = f"{record.source.agent}: {record.text}"
            said[text] = str(record.metadata["turn"])
            step, save = SAVES[number % len(SAVES)]
            for name, memory in ((OURS, ours), (DEEP, default)):
                spent[step].setdefault(name, []).append(milliseconds(save, memory, text))
        for query, wanted in track(list(questions(sample)), "questions"):
            for name, memory, depth in (
                (OURS, ours, "deep"),
                (DEEP, default, "deep"),
                (SHALLOW, default, "shallow"),
            ):
                matches: list[Any] = []
                took = milliseconds(_recall, memory, query, depth, matches)
                spent["recall"].setdefault(name, []).append(took)
                ranking = [said[match.record.content] for match in matches]
                found.setdefault(name, Tally()).add(ranking, wanted, prefix="turn")


def _save_as_crews_do(memory: Any, text: str) -> None:
    memory.remember_many([text], agent_role="Clerk")
    memory.drain_writes()


def _remember(memory: Any, text: str) -> None:
    memory.remember(text, scope="/", categories=[], importance=0.5, metadata={"said": True})


def _recall(memory: Any, query: str, depth: str, matches: list[Any]) -> None:
    matches += memory.recall(query, limit=LIMIT, depth=depth)


SAVES = (("a crew's save", _save_as_crews_do), ("remember", _remember))
STEPS = (*(step for step, _ in SAVES), "recall")


def _memories(place: Path, closing: ExitStack) -> tuple[Any, Any]:
    """Return ours and CrewAI's default, both opened and with everything imported."""
    from crewai.memory.unified_memory import Memory

    import commonplace
    from commonplace.embedding import MiniLM
    from commonplace_crewai import crew_memory
    from commonplace_crewai.analysis import WithoutModel

    embedder, model = MiniLM(), WithoutModel()
    memory = closing.enter_context(commonplace.open(place / "commonplace", embedder=embedder))
    default: Any = Memory(
        storage=str(place / "lancedb"),
        embedder=lambda texts: embedder.embed_documents(texts).tolist(),
        llm=model,  # type: ignore[arg-type]
    )
    return crew_memory(memory, min_confidence=0), default


def _silence(place: str) -> None:
    os.environ.update(
        CREWAI_STORAGE_DIR=place, CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false"
    )
    warnings.simplefilter("ignore")
    from crewai.events.event_listener import event_listener

    event_listener.verbose = event_listener.formatter.verbose = False
    logging.getLogger("crewai").setLevel(logging.ERROR)


def _figures(times: list[float]) -> dict[str, float]:
    low, high = np.percentile(times, [50, 95])
    return {"p50": float(low), "p95": float(high)}


def _speed_table(speed: dict[str, dict[str, dict[str, float]]]) -> Table:
    table = Table("p50 / p95 in ms", OURS, DEEP, SHALLOW, "ratio", "ratio to shallow")
    for step, by in speed.items():
        cells = [
            f"{by[name]['p50']:.2f} / {by[name]['p95']:.2f}" if name in by else "-"
            for name in (OURS, DEEP, SHALLOW)
        ]
        ratios = [
            f"{by[OURS]['p50'] / by[name]['p50']:.2f}" if name in by else "-"
            for name in (DEEP, SHALLOW)
        ]
        table.add_row(step, *cells, *ratios)
    return table


def _quality_table(quality: dict[str, dict[str, float]]) -> Table:
    table = Table("", *quality)
    for figure in ("turn recall@5", "turn recall@10", "turn MRR"):
        table.add_row(figure, *(f"{means[figure]:.3f}" for means in quality.values()))
    return table


if __name__ == "__main__":
    main()
