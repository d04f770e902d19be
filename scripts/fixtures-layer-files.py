"""Writes tests/fixtures/layer-files.json: files and values of the reference implementations, with their versions.

Run it in an environment with numpy, safetensors and pyarrow:  python scripts/fixtures-layer-files.py
"""

import base64
import io
import json
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import safetensors
from safetensors.numpy import save


def bfloat_bits(values):
    bits = np.asarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def text(data):
    return base64.b64encode(data).decode()


def parquet(columns):
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return text(buffer.getvalue())


f32 = np.array([[0.5, -1.25, 3.0], [1e-3, 7.0, -0.1]], np.float32)
f16 = np.array([0, -0.0, 1, -2.5, 65504, 6.1035e-05, 5.96e-08, 0.1, np.inf], np.float16)
tensors = {"b.f16": f16, "a.f32": f32, "c.i64": np.array([1, -2], np.int64), "d.f64": np.array([[1.5]], np.float64)}
powers = np.float32(10.0) ** np.arange(-6, 2).repeat(8).astype(np.float32)
halves = np.random.default_rng(3).normal(size=64).astype(np.float32) * powers
out = {
    "versions": {"safetensors": safetensors.__version__, "numpy": np.__version__, "pyarrow": pa.__version__},
    "file": text(save(tensors, metadata={"format": "pt"})),
    "f16_as_f32": [float(v) if np.isfinite(v) else "Infinity" for v in f16.astype(np.float32)],
    "half_inputs": [float(v) for v in halves],
    "half_bits": [int(v) for v in halves.astype(np.float16).view(np.uint16)],
    "bf16_bits": [int(v) for v in bfloat_bits(halves)],
    "bf16_as_f32": [float(v) for v in (bfloat_bits(halves).astype(np.uint32) << 16).view(np.float32)],
    "rows_parquet": parquet(
        {"layer": ["x", "x", "y"], "values": [[1.5, 2.0], [0.25, -4.0], [9.0]], "time": [0, 3, 0]}
    ),
    "layer_parquet": parquet(
        {"name": ["w", "b"], "shape": [[2, 3], [2]], "values": [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [7.0, 8.0]]}
    ),
    "matrix_parquet": parquet({"weight": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]}),
}
path = pathlib.Path(__file__).parent.parent / "tests/fixtures/layer-files.json"
path.write_text(json.dumps(out, indent=1) + "\n")
