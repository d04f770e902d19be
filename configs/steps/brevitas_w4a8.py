"""Quantization-aware training with Brevitas: weights of 4 bits, activations of 8, started from a calibrated model, exported as QDQ ONNX.

    brevitas_w4a8.py --model M.onnx --items ITEMS --out M.onnx [--epochs 4] [--seed 0]

ITEMS is the prepared file of the run's calibration items, which share nothing with the evaluation items: Quantgate refuses a run where they
do. A fifth of them is held out here, to show that the training helps; nothing is chosen by it.
"""

import argparse
import copy
import time
import warnings

from quantgate_steps import accuracy, graph_module, leave, need, read_items, structure

INSTALL = "python3 -m pip install torch brevitas onnx onnxoptimizer"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--items", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--opset", type=int, default=13)
    args = parser.parse_args()
    torch, onnx = need("torch", INSTALL), need("onnx", INSTALL)
    brevitas = need("brevitas", INSTALL)
    need("onnxoptimizer", INSTALL)
    warnings.simplefilter("ignore")
    torch.manual_seed(args.seed)
    torch.use_deterministic_algorithms(True)
    model = onnx.load(args.model)
    source = graph_module(model, onnx, torch)
    items, labels = read_items(args.items, torch)
    if labels is None:
        leave(1, "the calibration items have no labels to train on")
    held = len(items) // 5
    train, test, test_labels = items[held:], items[:held], labels[:held]
    print(f"torch {torch.__version__}, brevitas {getattr(brevitas, '__version__', '?')}; {structure(source)}", flush=True)
    print(f"training on {len(train)} items, {held} held out; none of the evaluation set", flush=True)
    print(f"full precision: held out {accuracy(source, test, test_labels, torch):.4f}", flush=True)
    # Quantizers are put into the module they are given: the full-precision one is needed later, to learn from.
    quantized = insert_quantizers(copy.deepcopy(source))
    calibrate(quantized, train, torch)
    print(f"after calibration: held out {accuracy(quantized, test, test_labels, torch):.4f}", flush=True)
    fine_tune(quantized, source, train, (test, test_labels), args, torch)
    export(quantized, model, args, torch)
    made = onnx.load(args.out)
    onnx.checker.check_model(made)
    kinds = [node.op_type for node in made.graph.node]
    print(f"QDQ ONNX: {len(kinds)} layers, {kinds.count('QuantizeLinear')} QuantizeLinear, {kinds.count('DequantizeLinear')} DequantizeLinear", flush=True)


def insert_quantizers(source):
    """Each convolution and dense layer reads 8-bit values and has 4-bit weights, a scale a channel; the rest stays as it is."""
    import torch
    import brevitas.nn as qnn
    from brevitas.graph.quantize import layerwise_quantize
    from brevitas.quant import Int8ActPerTensorFloat, Int8WeightPerChannelFloat

    settings = {
        "weight_quant": Int8WeightPerChannelFloat,
        "weight_bit_width": 4,
        "input_quant": Int8ActPerTensorFloat,
        "input_bit_width": 8,
        "return_quant_tensor": False,
    }
    return layerwise_quantize(
        source, {torch.nn.Conv2d: (qnn.QuantConv2d, settings), torch.nn.Linear: (qnn.QuantLinear, settings)}
    )


def calibrate(model, items, torch):
    from brevitas.graph.calibrate import bias_correction_mode, calibration_mode

    model.eval()
    with torch.no_grad(), calibration_mode(model):
        for start in range(0, len(items), 50):
            model(items[start : start + 50])
    with torch.no_grad(), bias_correction_mode(model):
        for start in range(0, len(items), 50):
            model(items[start : start + 50])
    model.eval()


def fine_tune(model, teacher, items, test, args, torch):
    """Towards what the full-precision model answers: on few items that teaches more than their labels. Scales stay as calibrated."""
    trained = [p for name, p in model.named_parameters() if name.endswith((".weight", ".bias"))]
    optimizer = torch.optim.Adam(trained, lr=args.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, args.epochs))
    generator = torch.Generator().manual_seed(args.seed)
    for epoch in range(args.epochs):
        start, losses = time.monotonic(), []
        # There is no normalization layer left to train, so the mode is the one of inference.
        for chosen in torch.randperm(len(items), generator=generator).split(50):
            batch = items[chosen]
            flipped = torch.rand(len(batch), generator=generator) < 0.5
            batch = torch.where(flipped.reshape(-1, 1, 1, 1), batch.flip(2), batch)
            with torch.no_grad():
                wanted = teacher(batch)
            loss = torch.nn.functional.kl_div(torch.log(model(batch) + 1e-9), wanted, reduction="batchmean")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        schedule.step()
        held = accuracy(model.eval(), *test, torch)
        took = time.monotonic() - start
        print(f"epoch {epoch + 1} of {args.epochs}: loss {sum(losses) / len(losses):.4f}, held out {held:.4f}, {took:.0f} s", flush=True)


def export(model, source, args, torch):
    from brevitas.export import export_onnx_qcdq

    shape = [d.dim_value for d in source.graph.input[0].type.tensor_type.shape.dim][1:]
    names = {"input_names": [source.graph.input[0].name], "output_names": [source.graph.output[0].name]}
    axes = {names["input_names"][0]: {0: "N"}, names["output_names"][0]: {0: "N"}}
    with torch.no_grad():
        export_onnx_qcdq(
            model, args=torch.rand(1, *shape), export_path=args.out, opset_version=args.opset, dynamic_axes=axes, dynamo=False, **names
        )


main()
