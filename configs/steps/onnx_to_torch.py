"""An ONNX classifier as a PyTorch file: full precision (.pt2, torch.export), or static 8-bit by FX (.pt, TorchScript).

    onnx_to_torch.py --model M.onnx --out M.pt2
    onnx_to_torch.py --model M.onnx --out M.pt --weights int8 --calibration ITEMS [--backend x86]
"""

import argparse
import warnings

from quantgate_steps import graph_module, need, read_items, structure, unsupported

TORCH = "python3 -m pip install torch"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--weights", choices=["fp32", "int8", "uint8"], default="fp32")
    parser.add_argument("--calibration")
    parser.add_argument("--backend", default="x86")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch, onnx = need("torch", TORCH), need("onnx")
    torch.manual_seed(args.seed)
    model = onnx.load(args.model)
    module = graph_module(model, onnx, torch)
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim][1:]
    print(f"torch {torch.__version__}; {structure(module)}; items {shape}", flush=True)
    example = torch.rand(2, *shape)
    if args.weights == "fp32":
        batch = torch.export.Dim("batch", min=1)
        # Traced with two items, as a batch of one would be taken for fixed.
        torch.export.save(torch.export.export(module, (example,), dynamic_shapes=({0: batch},)), args.out)
        return
    items, _ = read_items(args.calibration, torch)
    print(f"calibrating on {len(items)} items", flush=True)
    quantized = quantize(module, items, args, torch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(quantized, example), args.out)


def quantize(module, items, args, torch):
    """Static: activations uint8 by histogram, weights by channel for int8, by tensor for uint8."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch.ao.quantization as q
        from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    if args.backend not in torch.backends.quantized.supported_engines:
        unsupported(f"this build of PyTorch has no backend {args.backend}: {torch.backends.quantized.supported_engines}")
    torch.backends.quantized.engine = args.backend
    default = q.get_default_qconfig(args.backend)
    if args.weights == "uint8":
        refusal = kernel_refusal(torch)
        if refusal is not None:
            unsupported(f"the backend {args.backend} takes no uint8 weights: {refusal}")
        default = q.QConfig(activation=default.activation, weight=q.MinMaxObserver.with_args(dtype=torch.quint8, qscheme=torch.per_tensor_affine))
    # Softmax stays in floating point: on 256 levels classes would tie.
    mapping = q.QConfigMapping().set_global(default).set_object_type(torch.nn.Softmax, None)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        prepared = prepare_fx(module, mapping, (items[:2],))
        with torch.inference_mode():
            for start in range(0, len(items), 50):
                prepared(items[start : start + 50])
        converted = convert_fx(prepared)
    for line in {str(w.message).splitlines()[0] for w in said}:
        print(f"warning: {line}", flush=True)
    before = [n for n, m in module.named_modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))]
    left = [n for n, m in converted.named_modules() if type(m) in (torch.nn.Conv2d, torch.nn.Linear)]
    print(f"{len(before) - len(left)} of {len(before)} layers have 8-bit kernels", flush=True)
    if len(left) == len(before):
        unsupported(f"the backend {args.backend} quantized no layer with {args.weights} weights")
    return converted


def kernel_refusal(torch):
    """What the backend's own kernel says to uint8 weights; None where it takes them."""
    warnings.simplefilter("ignore")
    weight = torch.quantize_per_tensor(torch.rand(4, 4, 3, 3), 0.01, 128, torch.quint8)
    try:
        packed = torch.ops.quantized.conv2d_prepack(weight, None, [1, 1], [0, 0], [1, 1], 1)
        activation = torch.quantize_per_tensor(torch.rand(1, 4, 8, 8), 0.01, 0, torch.quint8)
        torch.ops.quantized.conv2d(activation, packed, 0.1, 0)
    except Exception as error:
        return str(error).strip().splitlines()[0]
    return None


main()
