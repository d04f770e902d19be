"""SQNR of ONNX Runtime's own 4-bit block quantizer on a matrix of weights, for tests/fixtures/matmul-nbits.json.

Usage: python reference-blocks.py WEIGHTS.f32 SIZE (a square float32 matrix [K, N], as tests/fixtures/bell-weights.ts makes it).
Needs onnxruntime, onnx and onnx-ir from PyPI.
"""
import json
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer


def main() -> None:
    size = int(sys.argv[2])
    weights = np.fromfile(sys.argv[1], dtype=np.float32).reshape(size, size)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", size])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", size])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    quantizer = MatMulNBitsQuantizer(model, block_size=32, is_symmetric=True, accuracy_level=4)
    quantizer.process()
    session = onnxruntime.InferenceSession(
        quantizer.model.model.SerializeToString(), sess_options(), providers=["CPUExecutionProvider"]
    )
    # Rows of the unit matrix bring out the dequantized weights themselves; accuracy level 4 is off for that.
    restored = session.run(None, {"x": np.eye(size, dtype=np.float32)})[0]
    noise = float(np.sum((weights.astype(np.float64) - restored) ** 2))
    power = float(np.sum(weights.astype(np.float64) ** 2))
    print(
        json.dumps(
            {
                "size": size,
                "sqnr_db": 10 * np.log10(power / noise),
                "onnxruntime": onnxruntime.__version__,
                "onnx": onnx.__version__,
            }
        )
    )


def sess_options():
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return options


if __name__ == "__main__":
    main()
