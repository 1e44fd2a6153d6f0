"""Results as a table, as JSON and as a plot: the same for every benchmark."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_INCHES, HEIGHT_INCHES = 5.2, 3.8


class Chart(Protocol):
    """One part of a plot."""

    def draw(self, axes: Axes) -> None:
        """Draw it."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A line of (x, y) points for each name; `scale` is matplotlib's, of both axes."""

    title: str
    x: str
    y: str
    points: Mapping[str, Sequence[tuple[float, float]]]
    scale: str = "linear"

    def draw(self, axes: Axes) -> None:
        for name, points in self.points.items():
            values = sorted(points)
            axes.plot([x for x, _ in values], [y for _, y in values], marker="o", label=name)
        axes.set(title=self.title, xlabel=self.x, ylabel=self.y)
        axes.set_xscale(self.scale)
        axes.set_yscale(self.scale)
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize="small")


@dataclass(frozen=True, slots=True)
class Bars:
    """For each figure a group of bars, one of each name; lying, so that long names have room."""

    title: str
    figures: Mapping[str, Mapping[str, float]]

    def draw(self, axes: Axes) -> None:
        labels = list(next(iter(self.figures.values())))
        height = 0.8 / len(self.figures)
        for place, (name, values) in enumerate(self.figures.items()):
            rows = [row + place * height for row in range(len(labels))]
            axes.barh(rows, [values[label] for label in labels], height, label=name)
        axes.set_yticks([row + 0.4 - height / 2 for row in range(len(labels))], labels)
        axes.invert_yaxis()
        axes.set_title(self.title)
        axes.grid(visible=True, axis="x", alpha=0.3)
        if len(self.figures) > 1:
            axes.legend(fontsize="small")


def arguments(documentation: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows where results go."""
    parser = argparse.ArgumentParser(description=(documentation or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--plot", type=Path, help="draw them here: .svg or .png")
    return parser


def publish(
    options: argparse.Namespace, tables: Sequence[Table], figures: Any, charts: Sequence[Chart]
) -> None:
    """Print the tables, and write the JSON and the plot if asked."""
    for table in tables:
        Console().print(table)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        draw(charts, options.plot)


def draw(charts: Sequence[Chart], file: Path) -> None:
    """Draw the charts side by side."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # The same figures give the same file.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "", "font.size": 9})
    figure = Figure(figsize=(WIDTH_INCHES * len(charts), HEIGHT_INCHES), layout="constrained")
    for chart, axes in zip(charts, figure.subplots(1, len(charts), squeeze=False)[0], strict=True):
        chart.draw(axes)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
