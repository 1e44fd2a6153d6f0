"""What each page of the inspector costs the server: p50 and p95 in milliseconds.

    python benchmarks/inspector.py --records 20000 100000 --scopes 1000 5000

The store is a directory with short records of random words, spread evenly over scopes of users;
their vectors are random ones of 384 numbers, which cost what real ones do. Each page is asked for
`REQUESTS` scopes, one after another, and as often of the root, which is all there is. *First* is
what the root takes when it is asked for the first time; the percentiles are over all requests, that
one included. Only the answer of the server is timed: no browser and no network.
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from rich.table import Table
from starlette.testclient import TestClient

import commonplace
from commonplace import Memory, Record
from commonplace.service.own_inspector import own_inspector
from embedders import KnownVectors
from measuring import milliseconds, texts, user_name
from tables import arguments, publish

AT = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
REQUESTS = 40
QUESTION = urlencode({"q": "what did she say of word7 and word21?"})
BATCH = 20_000

PAGES = {
    "scopes": "?",
    "records": "records?",
    "records, page 2": "records?page=2",
    "records as they were": "records?as_of=2026-04-01",
    "records, searched": f"records?{QUESTION}",
    "one record": "record?id={id}",
    "recall debugger": f"recall?{QUESTION}",
    "quarantine": "quarantine?",
    "timeline": "timeline?",
    "map, its points": "map/points?",
    "audit": "audit?",
    "health": "health?",
}


def filled(memory: Memory, records: int, scopes: int) -> None:
    """Remember so many records, one user after another."""
    each = records // scopes
    words = texts(records, seed=1)
    made = [
        Record(
            words[number],
            scope=memory.scope("user", user_name(number // each)).path,
            created_at=AT - timedelta(hours=number % 4_000),
            expires_at=AT + timedelta(days=number % 300 + 1) if number % 20 == 0 else None,
        )
        for number in range(each * scopes)
    ]
    for start in range(0, len(made), BATCH):
        memory.remember_many(made[start : start + BATCH])


def asked(memory: Memory, scopes: int) -> dict[str, dict[str, float]]:
    """Ask for each page of some scopes and of all; return milliseconds by figure."""
    browser = TestClient(own_inspector(memory, "key", lambda: AT), base_url="http://127.0.0.1")
    browser.headers["authorization"] = "Bearer key"
    drawn = np.random.default_rng(0).choice(scopes, min(REQUESTS, scopes), replace=False)
    users = [f"user/{user_name(int(number))}" for number in drawn]
    figures = {}
    for page, address in PAGES.items():
        some = [_spent(browser, memory, address, user) for user in users]
        every = [_spent(browser, memory, address, "") for _ in range(REQUESTS)]
        figures[page] = {
            "a scope, p50": float(np.percentile(some, 50)),
            "a scope, p95": float(np.percentile(some, 95)),
            "all, first": every[0],
            "all, p50": float(np.percentile(every, 50)),
            "all, p95": float(np.percentile(every, 95)),
        }
    return figures


def _spent(browser: TestClient, memory: Memory, address: str, scope: str) -> float:
    """Return what one request takes. A record is one of its scope's."""
    if "{id}" in address:
        within = memory.scope(scope) if scope else memory.scope("user", user_name(0))
        scope, address = str(within.path), address.format(id=within.records(limit=1)[0].id)
    target = f"/ui/{address}&{urlencode({'scope': scope})}"

    def ask() -> None:
        browser.get(target).raise_for_status()

    return milliseconds(ask)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[20_000])
    parser.add_argument("--scopes", type=int, nargs="+", default=[1_000])
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    for records, scopes in zip(options.records, options.scopes, strict=True):
        with (
            tempfile.TemporaryDirectory() as directory,
            commonplace.open(
                Path(directory) / "store", embedder=KnownVectors(), clock=lambda: AT
            ) as memory,
        ):
            filled(memory, records, scopes)
            results.append({"records": records, "scopes": scopes, "pages": asked(memory, scopes)})
    publish(options, [_table(one) for one in results], results, [])


def _table(result: dict[str, Any]) -> Table:
    title = f"{result['records']:,} records in {result['scopes']:,} scopes, milliseconds"
    table = Table("page", *next(iter(result["pages"].values())), title=title)
    for page, figures in result["pages"].items():
        table.add_row(page, *(f"{one:,.1f}" for one in figures.values()))
    return table


if __name__ == "__main__":
    main()
