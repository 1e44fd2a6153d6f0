#!/usr/bin/env bash
# llama-index-core 0.14.25 allows pydantic 2.14.4, which pip installs beside it today. A ChatMessage
# can be dumped alone, but a SimpleChatStore that holds one can be neither persisted nor dumped: its
# serializer asks the serialization info for a member as if it were the handler. With pydantic 2.12.5
# the same lines write the file. So a conversation that was kept for months stops being saved after
# an update of pydantic alone.
set -euo pipefail

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cat >"$place/persist.py" <<'PYTHON'
import json
import sys

from llama_index.core.llms import ChatMessage
from llama_index.core.storage.chat_store import SimpleChatStore
from pydantic import VERSION

message = ChatMessage(role="user", content="The bicycle is red.")
alone = message.model_dump(mode="json")["blocks"][0]["text"]
store = SimpleChatStore()
store.add_message("monday", message)
try:
    store.persist(sys.argv[1])
    with open(sys.argv[1]) as file:
        seen = "persisted " + json.load(file)["store"]["monday"][0]["blocks"][0]["text"]
except Exception as error:
    seen = type(error).__name__
print("pydantic", VERSION, "| alone:", alone, "| in a store:", seen)
assert alone == "The bicycle is red."
assert seen == sys.argv[2], "the behaviour has changed"
PYTHON

seen_with() {
  python3 -m venv "$place/$1"
  "$place/$1/bin/python" -m pip install --quiet "llama-index-core==0.14.25" "pydantic==$1"
  "$place/$1/bin/python" -W ignore "$place/persist.py" "$place/$1.json" "$2"
}

seen_with 2.12.5 "persisted The bicycle is red."
seen_with 2.14.4 "PydanticSerializationError"
