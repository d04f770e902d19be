"""A program of torch.export (.pt2) as ONNX, with a free batch axis.

    torch_to_onnx.py --model M.pt2 --out M.onnx [--opset 18]
"""

import argparse
import warnings

from quantgate_steps import need, structure

TORCH = "python3 -m pip install torch onnx onnxscript"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--opset", type=int, default=18)
    args = parser.parse_args()
    torch = need("torch", TORCH)
    need("onnxscript", TORCH)
    onnx = need("onnx", TORCH)
    warnings.simplefilter("ignore")
    program = torch.export.load(args.model)
    print(f"torch {torch.__version__}; {structure(program.module())}", flush=True)
    exported = torch.onnx.export(program, opset_version=args.opset, dynamo=True, external_data=False, verbose=False)
    exported.save(args.out, external_data=False)
    model = onnx.load(args.out)
    onnx.checker.check_model(model)
    parameters = sum(onnx.numpy_helper.to_array(t).size for t in model.graph.initializer)
    print(f"ONNX opset {model.opset_import[0].version}: {len(model.graph.node)} layers, {parameters} parameters", flush=True)


main()
