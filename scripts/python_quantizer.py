"""Quantizes a model with ONNX Runtime's own quantizer, once, and prints what it took as JSON.

Usage: python python_quantizer.py JOB.json, where JOB holds model, output, items (raw float32 NHWC), count, batch, mode and settings.
Run by scripts/compare-python.mjs, in the virtual environment that it makes.
"""
import json
import resource
import sys
import time


def peak_bytes() -> int:
    """Most memory this process had. Linux hands ru_maxrss down from the process that started it, which may be the larger."""
    try:
        with open("/proc/self/status", encoding="utf-8") as file:
            return 1024 * next(int(line.split()[1]) for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    import numpy as np
    import onnx
    import onnxruntime
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_dynamic,
        quantize_static,
    )

    types = {"uint8": QuantType.QUInt8, "int8": QuantType.QInt8}
    settings = job["settings"]

    class Reader(CalibrationDataReader):
        """The same images in the same order and batches as the other side's."""

        def __init__(self) -> None:
            items = np.fromfile(job["items"], dtype=np.float32).reshape(-1, 32, 32, 3)[: job["count"]]
            self.batches = iter([items[at : at + job["batch"]] for at in range(0, job["count"], job["batch"])])

        def get_next(self):
            batch = next(self.batches, None)
            return None if batch is None else {job["input"]: batch}

    start = time.perf_counter()
    common = {"per_channel": settings["per_channel"], "weight_type": types[settings["weights"]]}
    if job["mode"] == "dynamic":
        quantize_dynamic(job["model"], job["output"], op_types_to_quantize=["MatMul", "Gemm"], **common)
    else:
        quantize_static(
            job["model"],
            job["output"],
            Reader(),
            quant_format=QuantFormat.QDQ,
            activation_type=types[settings["activations"]],
            reduce_range=settings["reduce_range"],
            calibrate_method=getattr(CalibrationMethod, settings["calibration"]),
            extra_options=settings["extra"],
            **common,
        )
    print(
        json.dumps(
            {
                "quantize_seconds": time.perf_counter() - start,
                "peak_bytes": peak_bytes(),
                "packages": {
                    "onnx": onnx.__version__,
                    "onnxruntime": onnxruntime.__version__,
                    "numpy": np.__version__,
                },
            }
        )
    )


if __name__ == "__main__":
    main()
