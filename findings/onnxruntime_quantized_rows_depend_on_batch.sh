#!/usr/bin/env bash
# onnxruntime 1.31.1: in a model made by quantize_dynamic, a row's result depends on the rows beside it.
#
# Seen: a model of one product is quantised with quantize_dynamic as it is called by default. A row of
# numbers up to 1, given alone, comes out with a cosine above .999 to the product in single precision.
# In a batch with a row of numbers fifty times as large, the same row comes out with a cosine of .982.
# In the model before, it is the same in every batch to 1e-6.
#
# Why it surprises: rows of a batch are independent in the model, batching is taken for a matter of
# speed, and the quantisation is called dynamic because it looks at what comes in. It takes one scale
# for all rows of a product, though, so the largest number of the batch sets the steps of each row.
#
# What it means for users: an embedder quantised this way gives a text another vector in an import
# than alone, and equal texts are not surely equal. Compare vectors from batches of a model of your
# own with vectors of texts embedded one by one, before it fills a store.
#
# Passes while this is so; fails once it changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet onnxruntime==1.31.1 onnx==1.22.0 numpy==2.3.5
cat > "$place/try.py" <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic

place, random = sys.argv[1], np.random.default_rng(5)
weights = numpy_helper.from_array(random.standard_normal((64, 64)).astype(np.float32), "weights")
rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 64])
out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [None, 64])
product = helper.make_node("MatMul", ["rows", "weights"], ["out"])
graph = helper.make_graph([product], "product", [rows], [out], [weights])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.save(model, f"{place}/single.onnx")
quantize_dynamic(f"{place}/single.onnx", f"{place}/whole.onnx")


def first_row(name, batch):
    session = onnxruntime.InferenceSession(f"{place}/{name}.onnx")
    return session.run(None, {"rows": batch})[0][0]


def cosine(one, other):
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


row = random.uniform(-1, 1, (1, 64)).astype(np.float32)
beside = np.concatenate([row, 50 * random.uniform(-1, 1, (1, 64)).astype(np.float32)])
exact = first_row("single", row)
seen = {
    "single precision, in a batch": cosine(first_row("single", beside), exact),
    "quantised, alone": cosine(first_row("whole", row), exact),
    "quantised, in a batch": cosine(first_row("whole", beside), exact),
}
for what, value in seen.items():
    print(f"{what}: cosine {value:.4f}")
assert seen["single precision, in a batch"] > 1 - 1e-6, "the behaviour has changed"
assert seen["quantised, alone"] > 0.999, "the behaviour has changed"
assert seen["quantised, in a batch"] < 0.99, "the behaviour has changed"
PY
"$place/venv/bin/python" "$place/try.py" "$place"
