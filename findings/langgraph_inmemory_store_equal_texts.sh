#!/usr/bin/env bash
# langgraph 1.2.22 (langgraph-checkpoint 4.3.2): InMemoryStore with an index cannot take two equal texts at once.
#
# Seen: when two indexed texts of one write are equal, be they two fields of one item or two items
# of one batch, the store raises ValueError ("Number of embeddings (1) does not match number of
# indices (2)"). The whole batch is lost, items with other texts included. The same items are taken
# when they are put one after another, and by the same store without an index.
#
# Why it surprises: a batch is documented as several operations at once, and equal texts ("Yes.",
# "Thanks!") are ordinary in conversations. Texts are embedded once for each different text, and the
# vectors are then counted against the items.
#
# What it means for users: put items one by one, or make sure that no batch holds a text twice.
#
# Passes while this is so; fails once it changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet langgraph==1.2.22 langgraph-checkpoint==4.3.2
cat > "$place/try.py" <<'PY'
from langgraph.store.base import PutOp
from langgraph.store.memory import InMemoryStore


def embed(texts):
    return [[float(len(text)), 1.0] for text in texts]


def outcome(store, operations):
    try:
        store.batch(operations)
    except ValueError as error:
        kept = len(store.search(("notes",)))
        return f"ValueError: {error}; {kept} kept"
    return f"{len(store.search(('notes',)))} kept"


def put(key, **value):
    return PutOp(("notes",), key, value)


fields = {"dims": 2, "embed": embed, "fields": ["title", "body"]}
batch = [put("a", body="Thanks!"), put("b", body="Thanks!"), put("c", body="The key is here")]
item = [put("d", title="Thanks!", body="Thanks!")]

seen = {
    "two equal items of a batch": outcome(InMemoryStore(index=fields), batch),
    "two equal fields of an item": outcome(InMemoryStore(index=fields), item),
    "the same batch without an index": outcome(InMemoryStore(), batch),
}
one_by_one = InMemoryStore(index=fields)
for operation in batch:
    one_by_one.batch([operation])
seen["one by one"] = f"{len(one_by_one.search(('notes',)))} kept"

expected = {
    "two equal items of a batch":
        "ValueError: Number of embeddings (2) does not match number of indices (3); 0 kept",
    "two equal fields of an item":
        "ValueError: Number of embeddings (1) does not match number of indices (2); 0 kept",
    "the same batch without an index": "3 kept",
    "one by one": "3 kept",
}
for what, result in seen.items():
    print(f"{what}: {result}")
assert seen == expected, "the behaviour has changed"
PY
"$place/venv/bin/python" "$place/try.py"
