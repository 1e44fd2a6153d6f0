"""What a large store needs of Chroma, computed from figures that `scale.py` measured. Pure.

Figures that are not measured are Chroma's own, of its documentation (DOCUMENTED), or the load that
somebody expects (LOAD).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commonplace.chroma.catalogue import PARTITIONS

PLANS = (10_000_000, 100_000_000)
SECONDS_A_DAY = 86_400
DAYS = 30
GIB, TIB = 2**30, 2**40
DIMENSION = 384

LOAD = {
    "users": 100_000.0,
    "turns": 20.0,
    "sessions": 2.0,
    "peak": 4.0,
    "minutes": 30.0,
    "answer ms": 100.0,
}
"""Users; turns and sessions of each a day; the busiest hour beside the mean one; how long a session
lasts, and how long Chroma takes for an answer."""

DOCUMENTED = {
    "rows a collection": 5_000_000.0,
    "rows an answer": 300.0,
    "rows a write": 300.0,
    "reads at once": 10.0,
    "writes at once": 10.0,
    "USD a GiB written": 2.50,
    "USD a TiB queried": 0.0075,
    "USD a GiB returned": 0.09,
    "USD a GiB stored a month": 0.33,
    "million rows a GB of memory": 0.245,
    "their dimension": 1_024.0,
}
"""Chroma's documentation at commit 93652ec (22 August 2026): cloud/quotas-limits, cloud/pricing and
guides/performance/single-node."""

ROWS_A_READ = 5_000
"""So many rows the shared store asks for at once (chroma/shared_reading.py)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A store of so many records under a load, and the figures of the case it rests on."""

    records: int
    load: Mapping[str, float]
    case: Mapping[str, Any]

    @property
    def each(self) -> float:
        """Records of one user."""
        return float(self.records / self.load["users"])

    @property
    def rows(self) -> float:
        """Rows in Chroma."""
        return float(self.records * self.case["rows"] / (self.case["users"] * self.case["each"]))

    @property
    def collection_rows(self) -> float:
        return self.rows / PARTITIONS

    @property
    def row_bytes(self) -> float:
        """Bytes of a row's vector, text and metadata."""
        first = self.case["verbs"]["first recall"]
        return float(first["data_received"] / first["rows_received"])

    @property
    def collection_bytes(self) -> float:
        return self.collection_rows * self.row_bytes

    def a_day(self, figure: str) -> float:
        """Return what a figure of the verbs comes to in a day."""
        verbs, load = self.case["verbs"], self.load
        turn = verbs["context"][figure] + verbs["observe, two messages"][figure]
        opened = verbs["first recall"][figure]
        return float(load["users"] * (load["turns"] * turn + load["sessions"] * opened))

    def at_peak(self, figure: str) -> float:
        """Return what it comes to in a second of the busiest hour."""
        return self.a_day(figure) * self.load["peak"] / SECONDS_A_DAY

    @property
    def at_once(self) -> float:
        """Sessions that are under way in the busiest hour."""
        load = self.load
        a_minute = load["users"] * load["sessions"] * load["peak"] / (24 * 60)
        return a_minute * load["minutes"]

    def reads_at_once(self) -> float:
        """Reads of one collection under way at a time: how often, times how long (Little)."""
        return self.at_peak("reads") / PARTITIONS * self.load["answer ms"] / 1_000

    def writes_at_once(self) -> float:
        writes = self.at_peak("requests") - self.at_peak("reads")
        return writes / PARTITIONS * self.load["answer ms"] / 1_000

    def limits(self) -> dict[str, float]:
        """Return what this plan comes to of what Chroma Cloud limits."""
        return {
            "rows a collection": self.collection_rows,
            "rows an answer": min(ROWS_A_READ, self.case["verbs"]["first recall"]["rows_received"]),
            "rows a write": self.case["most rows a write"],
            "reads at once": self.reads_at_once(),
            "writes at once": self.writes_at_once(),
        }

    def costs(self, queried_bytes: float) -> dict[str, float]:
        """Return USD a month, where a read queries so many bytes."""
        return {
            "written": self.a_day("data_sent") * DAYS / GIB * DOCUMENTED["USD a GiB written"],
            "stored": self.rows * self.row_bytes / GIB * DOCUMENTED["USD a GiB stored a month"],
            "returned": self.a_day("data_received") * DAYS / GIB * DOCUMENTED["USD a GiB returned"],
            "queried": self.a_day("units")
            * DAYS
            * queried_bytes
            / TIB
            * DOCUMENTED["USD a TiB queried"],
        }

    @property
    def memory_gb(self) -> float:
        """GB of memory in which a single node holds its index, of vectors of our length."""
        documented = DOCUMENTED["million rows a GB of memory"] * 1e6
        return self.rows / documented * DIMENSION / DOCUMENTED["their dimension"]


def planned(figures: Mapping[str, Any], load: Mapping[str, float]) -> str:
    """Return the measured figures and both plans, as tables in Markdown."""
    cases = figures["cases"]
    plans = [Plan(records, load, _case_for(cases, records, load)) for records in PLANS]
    parts = [
        *_measured(cases),
        _table("Load", _load_rows(load), ["", "expected"]),
        _table("Needed", _needed(plans), ["", *_names(plans)]),
        _table("Limits of Chroma Cloud", _limit_rows(plans), ["", "limit", *_names(plans)]),
        _table("USD a month on Chroma Cloud", _cost_rows(plans), ["", *_names(plans)]),
        "\n".join(_bottleneck(plan) for plan in plans),
    ]
    return "\n\n".join(parts)


def _case_for(
    cases: Sequence[Mapping[str, Any]], records: int, load: Mapping[str, float]
) -> Mapping[str, Any]:
    """Return the case of one user whose scope is nearest in size to those of the plan."""
    each = records / load["users"]
    alone = [case for case in cases if case["users"] == 1]
    return min(alone, key=lambda case: abs(case["each"] - each))


def _measured(cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    scopes = [case for case in cases if case["users"] == 1]
    stores = [case for case in cases if case["users"] > 1]
    yield _by_case("Requests, by records of the scope", scopes, "requests", 1)
    yield _by_case("Rows received, by records of the scope", scopes, "rows_received", 0)
    yield _by_case("Bytes received, by records of the scope", scopes, "bytes_received", 0)
    yield _by_case("Bytes sent, by records of the scope", scopes, "bytes_sent", 0)
    yield _by_case("Requests, by records of the store", stores, "requests", 1)
    yield _by_case("Bytes received, by records of the store", stores, "bytes_received", 0)
    yield _by_case("Milliseconds of the server's processor", stores, "server ms", 1)
    yield _table("Stores", list(_store_rows(cases)), ["", *map(_size, cases)])


def _by_case(title: str, cases: Sequence[Mapping[str, Any]], figure: str, digits: int) -> str:
    rows = [
        [verb, *(f"{case['verbs'][verb][figure]:,.{digits}f}" for case in cases)]
        for verb in cases[0]["verbs"]
    ]
    return _table(title, rows, ["verb", *map(_size, cases)])


def _size(case: Mapping[str, Any]) -> str:
    return f"{case['users'] * case['each']:,} of {case['users']:,}"


def _store_rows(cases: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    yield ["rows in Chroma", *(f"{case['rows']:,}" for case in cases)]
    yield ["MB on disk", *(f"{case['disk bytes'] / 1e6:,.0f}" for case in cases)]
    yield ["MB of the server in memory", *(f"{case['server MB']:,.0f}" for case in cases)]
    yield ["most rows in a write", *(f"{case['most rows a write']:,}" for case in cases)]


def _load_rows(load: Mapping[str, float]) -> list[list[str]]:
    said = {
        "users": "users",
        "turns": "turns of a user a day: a `context` and an `observe` of two messages each",
        "sessions": "sessions of a user a day, each of which begins with a first recall",
        "peak": "the busiest hour, beside the mean one",
        "minutes": "minutes of a session",
        "answer ms": "milliseconds that Chroma takes for an answer",
    }
    return [[said[name], f"{value:,.0f}"] for name, value in load.items()]


def _needed(plans: Sequence[Plan]) -> list[list[str]]:
    def row(name: str, values: Sequence[float], digits: int = 0) -> list[str]:
        return [name, *(f"{value:,.{digits}f}" for value in values)]

    return [
        row("records of a user", [one.each for one in plans]),
        row("rows, millions", [one.rows / 1e6 for one in plans], 1),
        row("collections that hold records, and so query nodes at most", [PARTITIONS] * len(plans)),
        row("rows of a collection, millions", [one.collection_rows / 1e6 for one in plans], 2),
        row("GiB of all rows", [one.rows * one.row_bytes / GIB for one in plans]),
        row("GB of memory, all rows on single nodes", [one.memory_gb for one in plans]),
        row("requests a second in the busiest hour", [one.at_peak("requests") for one in plans]),
        row("of them reads", [one.at_peak("reads") for one in plans]),
        row("MB received a second then", [one.at_peak("bytes_received") / 1e6 for one in plans], 1),
        row("sessions at once then", [one.at_once for one in plans]),
        row(
            "GB that Commonplace servers hold of them",
            [one.at_once * one.each * one.case["own bytes a record"] / 1e9 for one in plans],
            1,
        ),
        row(
            "processors of Commonplace servers, without embedding",
            [one.at_peak("own ms") / 1_000 for one in plans],
            1,
        ),
        row(
            "processors of Chroma, if as busy as `chroma run`",
            [one.at_peak("server ms") / 1_000 for one in plans],
            1,
        ),
    ]


def _limit_rows(plans: Sequence[Plan]) -> list[list[str]]:
    return [
        [
            name,
            f"{DOCUMENTED[name]:,.0f}",
            *(f"{value:,.1f} ({value / DOCUMENTED[name]:.1%})" for value in values),
        ]
        for name in plans[0].limits()
        for values in [[plan.limits()[name] for plan in plans]]
    ]


def _cost_rows(plans: Sequence[Plan]) -> list[list[str]]:
    shared = [plan.costs(plan.collection_bytes) for plan in plans]
    alone = [plan.costs(plan.each * plan.row_bytes) for plan in plans]
    rows = [[name, *(f"{one[name]:,.0f}" for one in shared)] for name in shared[0]]
    rows.append(["in all", *(f"{sum(one.values()):,.0f}" for one in shared)])
    rows.append(
        ["queried, if each user had a collection", *(f"{one['queried']:,.2f}" for one in alone)]
    )
    return rows


def _bottleneck(plan: Plan) -> str:
    """Say which limit is reached first, and which cost is the largest."""
    shares = {name: value / DOCUMENTED[name] for name, value in plan.limits().items()}
    first = max(shares, key=lambda name: shares[name])
    costs = plan.costs(plan.collection_bytes)
    dearest = max(costs, key=lambda name: costs[name])
    part = costs[dearest] / sum(costs.values())
    return (
        f"- {_name(plan)}: the first limit is *{first}*, at {shares[first]:.1%} of it. The largest "
        f"cost is what is *{dearest}*, {part:.0%} of all."
    )


def _names(plans: Sequence[Plan]) -> list[str]:
    return [_name(plan) for plan in plans]


def _name(plan: Plan) -> str:
    return f"{plan.records / 1e6:,.0f} million records"


def _table(title: str, rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    lines = [head, ["---", *(["---:"] * (len(head) - 1))], *rows]
    return "\n".join([f"**{title}**", "", *(f"| {' | '.join(one)} |" for one in lines)])
