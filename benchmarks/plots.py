"""Draw the pictures of the documentation from the tables of its pages.

    python benchmarks/plots.py docs

So a picture has the figures of its table. Needs matplotlib (`--group benchmarks`).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points: TypeAlias = list[tuple[float, float]]

OURS, OTHERS, INK = "#3b6fb6", "#c3ccd6", "#1f2933"
NUMBER = re.compile(r"-?(?:\d[\d,]*)?\.?\d+")


def rows(page: str, header: str) -> dict[str, list[str]]:
    """Return the cells of the first table whose first line begins with `header`, by first cell."""
    _, found, rest = page.partition(f"\n{header}")
    assert found, f"No table begins with {header!r}."
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    split = [[cell.strip().strip("*") for cell in line.strip("|").split("|")] for line in lines]
    return {cells[0]: cells[1:] for cells in split}


def number(cell: str) -> float | None:
    """Return the first number of a cell; None if it has none."""
    found = NUMBER.search(cell)
    return float(found[0].replace(",", "")) if found else None


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each name, with its value at its end."""

    title: str
    values: Mapping[str, float]
    ours: str
    form: str = ".3f"

    def labels(self) -> list[str]:
        return [format(value, self.form).replace("0.", ".", 1) for value in self.values.values()]

    def draw(self, axes: Axes) -> None:
        colours = [OURS if name.startswith(self.ours) else OTHERS for name in self.values]
        bars = axes.barh(list(self.values), list(self.values.values()), 0.7, color=colours)
        axes.bar_label(bars, self.labels(), padding=4)
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.get_xaxis().set_visible(False)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)


@dataclass(frozen=True, slots=True)
class Lines:
    """A line for each name, which stands beside one of its points."""

    title: str
    x: str
    y: str
    points: Mapping[str, Points]
    ours: str
    scale: str = "linear"
    named_at: int = -1

    def labels(self) -> list[str]:
        return list(self.points)

    def draw(self, axes: Axes) -> None:
        for name, points in self.points.items():
            is_ours = name.startswith(self.ours)
            colour, width = (OURS, 2.5) if is_ours else ("#8b98a5", 1.5)
            axes.plot(*zip(*points, strict=True), marker="o", color=colour, lw=width, ms=4)
            place = (7, 0) if self.named_at < 0 else (5, 9)
            axes.annotate(
                name,
                points[self.named_at],
                place,
                textcoords="offset points",
                va="center",
                color=colour,
            )
        axes.set(xlabel=self.x, ylabel=self.y, xscale=self.scale, yscale=self.scale)
        axes.grid(visible=True, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)


def pictures(docs: Path) -> dict[str, Bars | Lines]:
    """Return what is drawn, by the name of its file."""
    page = (docs / "benchmarks.md").read_text(encoding="utf-8")
    talk = (docs / "conversation.md").read_text(encoding="utf-8")
    return {
        "locomo.svg": _locomo(page),
        "ablation.svg": _ablation(page),
        "asked_again.svg": _asked_again(page),
        "longmemeval.svg": _longmemeval(page),
        "calibration.svg": _calibration(page),
        "speed.svg": _speed(page),
        "conversation.svg": _conversation(talk),
    }


def _numbers(cells: list[str]) -> list[float]:
    return [found for cell in cells if (found := number(cell)) is not None]


def _locomo(page: str) -> Bars:
    found = rows(page, "| | plain dense | BM25 | hybrid (RRF) | Commonplace |")
    names = ["vectors alone", "BM25", "both, by rank (RRF)", "Commonplace"]
    values = dict(zip(names, _numbers(found["turns, recall@5"]), strict=True))
    return Bars("All of LoCoMo: share of the evidence among the first five", values, "Commonplace")


def _ablation(page: str) -> Bars:
    found = rows(page, "| | turns, recall@5 | turns, recall@10 |")
    values = {name: _numbers(cells)[0] for name, cells in found.items()}
    return Bars("LoCoMo: evidence among the first five, part by part", values, "everything")


def _asked_again(page: str) -> Lines:
    found = rows(page, "| R@5 after k askings |")
    # The two others lie on mem0's line and close to it.
    points = {
        name: list(zip([0.0, 1, 2, 4, 8], _numbers(found[name]), strict=True))
        for name in ("Commonplace", "BM25", "mem0 on Chroma")
    }
    title = "Evidence among the first five, by how often the question was asked before"
    return Lines(title, "askings before", "recall at 5", points, "Commonplace", named_at=1)


def _longmemeval(page: str) -> Bars:
    found = rows(page, "| | | plain dense | BM25 | Commonplace |")
    names = ["vectors alone", "BM25", "Commonplace"]
    values = dict(zip(names, _numbers(found["pooled"][1:]), strict=True))
    title = "LongMemEval, one memory of 468 sessions: a right one is among the first five"
    return Bars(title, values, "Commonplace")


def _calibration(page: str) -> Lines:
    found = rows(page, "| confidence of the first match |")
    measured = [(float(mean), float(share)) for _, mean, share in found.values()]
    points: dict[str, Points] = {"if it were exact": [(0, 0), (1, 1)], "measured": measured}
    title = "What a confidence means: the share of records that answer"
    return Lines(title, "confidence of the first match", "share that answers", points, "measured")


def _speed(page: str) -> Lines:
    found = rows(page, "| recall, store alone, p50 / p95 in ms |")
    sizes = {0: 1e3, 2: 1e4, 3: 1e5}  # where a user has few records
    shown = ("Commonplace", "raw Chroma", "LangGraph `SqliteStore`", "CrewAI on LanceDB")
    points = {
        name.replace("`", ""): [
            (size, found_at)
            for at, size in sizes.items()
            if (found_at := number(cells[at])) is not None
        ]
        for name, cells in found.items()
        if name in shown
    }
    title = "A recall without its embedding, by the size of the store"
    return Lines(title, "records in the store", "p50, ms", points, "Commonplace", scale="log")


def _conversation(page: str) -> Bars:
    found = rows(page, "| way | tokens sent |")
    values = {
        f"{name.replace('`', '')} ({cells[2]})": _numbers(cells)[0] for name, cells in found.items()
    }
    title = "Tokens sent in 200 turns (and how many early facts were in the prompt)"
    return Bars(title, values, "Commonplace", ",.0f")


def draw(picture: Bars | Lines, file: Path) -> None:
    """Draw a picture. The same figures give the same file."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "", "font.size": 11})
    mpl.rcParams.update({"text.color": INK, "ytick.labelcolor": INK})
    figure = Figure(figsize=(7.6, 3.6), layout="constrained")
    figure.suptitle(picture.title, x=0.01, ha="left", size=12, weight="bold")
    picture.draw(figure.subplots())
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("docs", type=Path, help="the folder of the pages")
    options = parser.parse_args()
    for name, picture in pictures(options.docs).items():
        draw(picture, options.docs / "images" / name)


if __name__ == "__main__":
    main()
