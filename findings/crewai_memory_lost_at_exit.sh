#!/usr/bin/env bash
# crewai 1.15.30: Memory.remember_many() returns at once and saves in a thread of an executor, for
# which Python waits before a process ends. What is being saved then is lost all the same: the
# pipeline that analyses a text starts threads of its own, and none can be started any more. The
# process ends with code 0. Called before the end, drain_writes() keeps it.
set -euo pipefail

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet crewai==1.15.30
export CREWAI_DISABLE_TELEMETRY=true CREWAI_TRACING_ENABLED=false

cat >"$place/save.py" <<'PYTHON'
import sys
import time

from crewai.llms.base_llm import BaseLLM
from crewai.memory.unified_memory import Memory


class Scripted(BaseLLM):
    def call(self, messages, *arguments, **options):
        time.sleep(2)  # as long as a model takes
        return '{"suggested_scope": "/", "categories": [], "importance": 0.5}'


def embed(texts):
    return [[float(len(text)), 1.0, 0.0] for text in texts]


memory = Memory(llm=Scripted(model="scripted"), embedder=embed, storage=sys.argv[1])
memory.remember_many(["Maria keeps the deploy key."])
if sys.argv[2] == "drained":
    memory.drain_writes()
PYTHON

cat >"$place/count.py" <<'PYTHON'
import sys

from crewai.memory.unified_memory import Memory

memory = Memory(embedder=lambda texts: [[1.0, 1.0, 0.0] for _ in texts], storage=sys.argv[1])
print(len(memory.list_records()))
PYTHON

cd "$place"
for end in left drained; do
  venv/bin/python -W ignore save.py "$place/$end" "$end" >"$end.log" 2>&1
  echo "$end: the process ended with $?, kept: $(venv/bin/python -W ignore count.py "$place/$end" 2>/dev/null | tail -n 1)"
done | tee seen.txt
diff seen.txt - <<'SEEN' || { echo "the behaviour has changed"; exit 1; }
left: the process ended with 0, kept: 0
drained: the process ended with 0, kept: 1
SEEN
