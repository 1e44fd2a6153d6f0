"""What each page of the inspector costs the server: p50 and p95 in milliseconds.

    python benchmarks/inspector.py --records 20000 100000 --scopes 1000 5000

The store is a directory with short records of random words, spread evenly over scopes of users;
their vectors are random ones of 384 numbers, which cost what real ones do. Each page is asked for
`REQUESTS` scopes, one after another, and as often of the root, which is all there is. *First* is
what the root takes when it is asked for the first time; the percentiles are over all requests, that
one included. Only the answer of the server is timed: no browser and no network. *Busy* is the time
of the processor, which is what is left on a machine without other work. With `--store` the stores
are kept in a directory, and used again if they are there: filling one takes minutes.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
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
            **_percentiles("a scope", some),
            "all, first": every[0][0],
            "busy, first": every[0][1],
            **_percentiles("all", every),
        }
    return figures


def _percentiles(name: str, spent: list[tuple[float, float]]) -> dict[str, float]:
    whole, busy = zip(*spent, strict=True)
    return {
        f"{name}, p50": float(np.percentile(whole, 50)),
        f"{name}, p95": float(np.percentile(whole, 95)),
        f"{name}, busy p95": float(np.percentile(busy, 95)),
    }


def _spent(browser: TestClient, memory: Memory, address: str, scope: str) -> tuple[float, float]:
    """Return what one request takes, and of the processor. A record is one of its scope's."""
    if "{id}" in address:
        within = memory.scope(scope) if scope else memory.scope("user", user_name(0))
        scope, address = str(within.path), address.format(id=within.records(limit=1)[0].id)
    target = f"/ui/{address}&{urlencode({'scope': scope})}"

    def ask() -> None:
        browser.get(target).raise_for_status()

    busy = time.process_time()
    whole = milliseconds(ask)
    return whole, 1_000 * (time.process_time() - busy)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[20_000])
    parser.add_argument("--scopes", type=int, nargs="+", default=[1_000])
    parser.add_argument("--store", type=Path, help="keep the stores here")
    options = parser.parse_args()
    results: list[dict[str, Any]] = []
    with ExitStack() as closing:
        kept = options.store or Path(closing.enter_context(tempfile.TemporaryDirectory()))
        for records, scopes in zip(options.records, options.scopes, strict=True):
            with _opened(kept / f"{records}-{scopes}", records, scopes) as memory:
                pages = asked(memory, scopes)
            results.append({"records": records, "scopes": scopes, "pages": pages})
    publish(options, [_table(one) for one in results], results, [])


def _opened(directory: Path, records: int, scopes: int) -> Memory:
    """Open the store, filled."""
    if not directory.exists():
        with commonplace.open(directory, embedder=KnownVectors(), clock=lambda: AT) as memory:
            filled(memory, records, scopes)
    return commonplace.open(directory, embedder=KnownVectors(), clock=lambda: AT)


def _table(result: dict[str, Any]) -> Table:
    title = f"{result['records']:,} records in {result['scopes']:,} scopes, milliseconds"
    table = Table("page", *next(iter(result["pages"].values())), title=title)
    for page, figures in result["pages"].items():
        table.add_row(page, *(f"{one:,.1f}" for one in figures.values()))
    return table


if __name__ == "__main__":
    main()
