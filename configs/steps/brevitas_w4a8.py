"""Quantization-aware training with Brevitas: weights of 4 bits, activations of 8, started from a calibrated model, exported as QDQ ONNX.

    brevitas_w4a8.py --model M.onnx --items ITEMS --out M.onnx [--epochs 3] [--rate 0.003] [--seed 0]

ITEMS is the prepared file of the run's calibration items, which share nothing with the evaluation items: Quantgate refuses a run where they
do. A fifth of them is held out here and trained on by nobody; what answers most like the full-precision model on it is exported, and that
is the calibrated model itself where training does not help.
"""

import argparse
import copy
import math
import time
import warnings

from quantgate_steps import accuracy, graph_module, leave, need, read_items, structure

INSTALL = "python3 -m pip install torch brevitas onnx onnxoptimizer"
BATCH = 50
# Enough to find ranges and mean errors.
CALIBRATION_ITEMS = 500
# Steps until the full rate: the first moments of Adam are those of single batches.
WARM_UP = 10


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--items", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=3e-3, help="step of a weight, as a share of its tensor's root mean square")
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
    from brevitas.quant import Int8WeightPerChannelFloatMSE, ShiftedUint8ActPerTensorFloat

    settings = {
        # Of 15 levels, the scale with the least squared error wastes fewer than the largest weight's.
        "weight_quant": Int8WeightPerChannelFloatMSE,
        "weight_bit_width": 4,
        # With a zero point: what comes out of a ReLU has no negative values to spend half the levels on.
        "input_quant": ShiftedUint8ActPerTensorFloat,
        "input_bit_width": 8,
        "return_quant_tensor": False,
    }
    return layerwise_quantize(
        source, {torch.nn.Conv2d: (qnn.QuantConv2d, settings), torch.nn.Linear: (qnn.QuantLinear, settings)}
    )


def calibrate(model, items, torch):
    from brevitas.graph.calibrate import bias_correction_mode, calibration_mode

    batches = items[:CALIBRATION_ITEMS].split(BATCH)
    model.eval()
    for mode in (calibration_mode, bias_correction_mode):
        with torch.no_grad(), mode(model):
            for batch in batches:
                model(batch)
    model.eval()


def fine_tune(model, teacher, items, test, args, torch):
    """Towards what the full-precision model answers: on few items that teaches more than their labels. Scales stay as calibrated."""
    kept, least = copy.deepcopy(model.state_dict()), judge(model, teacher, test, "after calibration", torch)
    optimizer = torch.optim.Adam(relative_rates(model, args.rate))
    total = args.epochs * -(-len(items) // BATCH)
    share = lambda step: min(1, (step + 1) / WARM_UP) * (1 + math.cos(math.pi * step / max(1, total))) / 2
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
    generator = torch.Generator().manual_seed(args.seed)
    width = 2 if items.shape[-1] <= 4 else 3
    for epoch in range(1, args.epochs + 1):
        start, losses = time.monotonic(), []
        # There is no normalization layer left to train, so the mode is the one of inference.
        for chosen in torch.randperm(len(items), generator=generator).split(BATCH):
            batch = items[chosen]
            flipped = torch.rand(len(batch), generator=generator) < 0.5
            batch = torch.where(flipped.reshape(-1, 1, 1, 1), batch.flip(width), batch)
            with torch.no_grad():
                wanted = teacher(batch)
            loss = divergence(model(batch), wanted, torch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        said = f"epoch {epoch} of {args.epochs}: loss {sum(losses) / len(losses):.4f}, {time.monotonic() - start:.0f} s"
        loss = judge(model, teacher, test, said, torch)
        if loss < least:
            kept, least = copy.deepcopy(model.state_dict()), loss
    model.load_state_dict(kept)
    judge(model, teacher, test, "kept", torch)


def relative_rates(model, rate):
    """Adam steps by the rate whatever the gradient, and folded layers differ a hundredfold in size: each gets its share."""
    trained = [p for name, p in model.named_parameters() if name.endswith((".weight", ".bias"))]
    return [{"params": [p], "lr": rate * max(p.detach().square().mean().sqrt().item(), 1e-6)} for p in trained]


def divergence(answers, wanted, torch):
    """Of Kullback and Leibler, from the full-precision model's probabilities, in nats an item."""
    return torch.nn.functional.kl_div(torch.log(answers + 1e-9), wanted, reduction="batchmean")


def judge(model, teacher, test, what, torch):
    """Says how well the model does on what it was not trained on; returns its divergence there."""
    items, labels = test
    with torch.no_grad():
        answers, wanted = (torch.cat([one(batch) for batch in items.split(BATCH)]) for one in (model, teacher))
    loss = divergence(answers, wanted, torch).item()
    right = (answers.argmax(1) == labels).float().mean().item()
    print(f"{what}: held out {right:.4f}, {loss:.4f} from full precision", flush=True)
    return loss


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
