#!/usr/bin/env bash
# langgraph-checkpoint-sqlite 3.1.2: a filter {"tags": ["x", "y"]} finds the item whose tags are
# these. Written with the operator, {"tags": {"$eq": ["x", "y"]}}, it finds nothing, and
# {"tags": {"$ne": ["x", "y"]}} finds that very item. InMemoryStore finds it, and does not.
set -euo pipefail

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet \
  langgraph-checkpoint==4.3.2 langgraph-checkpoint-sqlite==3.1.2 langchain-core==1.7.2

cat >"$place/seen.py" <<'PYTHON'
from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore

ITEMS = {"a": {"tags": ["x", "y"]}, "b": {"tags": ["z"]}}
FILTERS = [["x", "y"], {"$eq": ["x", "y"]}, {"$ne": ["x", "y"]}]


def found(store):
    for key, value in ITEMS.items():
        store.put(("notes",), key, value)
    return [
        sorted(item.key for item in store.search(("notes",), filter={"tags": operand}))
        for operand in FILTERS
    ]


with SqliteStore.from_conn_string(":memory:") as sqlite:
    sqlite.setup()
    seen = {"InMemoryStore": found(InMemoryStore()), "SqliteStore": found(sqlite)}
for name, keys in seen.items():
    print(name, dict(zip(map(str, FILTERS), keys)))
assert seen == {
    "InMemoryStore": [["a"], ["a"], ["b"]],
    "SqliteStore": [["a"], [], ["a", "b"]],
}, "the behaviour has changed"
PYTHON
"$place/venv/bin/python" -W ignore "$place/seen.py"
