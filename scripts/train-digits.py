"""Trains the embedded default model, configs/digits/digits-cnn.onnx (development time only; the result is committed).

    node scripts/make-digits.mjs --training /tmp/digits
    pip install torch==2.13.0 numpy onnx onnxruntime
    python scripts/train-digits.py /tmp/digits/training.items

Seeded. The best epoch is chosen on 750 images of the TRAINING split; the held-out test items are read once, at the end,
to report. The graph takes raw pixels 0..255 (the first convolution's weights carry the 1/255; the padding value 0 is the
background, so nothing else is needed), has BatchNorm folded, a dynamic axis "batch", and gives logits.
Channel counts and strides were chosen by timing, so that integer kernels pay at batch 1 on one thread.
"""

import hashlib
import json
import math
import re
import struct
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

SEED = 20260
EPOCHS = 16
BATCH = 64
PEAK_RATE = 4e-3
VALIDATION = 750
# (output channels, kernel, stride): multiples of 32, so that both the blocked fp32 and the integer kernels run full.
LAYERS = [(32, 3, 2), (64, 3, 1), (64, 3, 1), (64, 3, 2), (64, 3, 1)]
FOLDER = Path(__file__).resolve().parent.parent / "configs" / "digits"


def read_items(path):
    """Items as float32 [n, 1, 28, 28] in 0..255 and labels as int64 [n]; the format is in make-digits.mjs."""
    raw = Path(path).read_bytes()
    if raw[:8] != b"QGITEMS1":
        raise SystemExit(f"{path} is not an .items file")
    count, rank = struct.unpack_from("<II", raw, 8)
    shape = struct.unpack_from(f"<{rank}I", raw, 16)
    start = 16 + 4 * rank
    labels = np.frombuffer(raw, np.uint8, count, start).astype(np.int64)
    items = np.frombuffer(raw, np.uint8, offset=start + count).reshape(count, *shape)
    return torch.from_numpy(items.astype(np.float32)), torch.from_numpy(labels)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        blocks, channels = [], 1
        for out, kernel, stride in LAYERS:
            conv = torch.nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False)
            blocks += [conv, torch.nn.BatchNorm2d(out), torch.nn.ReLU()]
            channels = out
        self.body = torch.nn.Sequential(*blocks)
        self.head = torch.nn.Linear(channels, 10)

    def forward(self, pixels):
        return self.head(F.dropout(self.body(pixels / 255).mean((2, 3)), 0.1, self.training))


def distort(images, generator):
    """Random rotation (+-12 degrees), scale (+-12 %), shear and shift (+-2 pixels) of a batch."""
    n = len(images)

    def uniform(limit):
        return (torch.rand(n, generator=generator) * 2 - 1) * limit

    angle, scale, shear = uniform(math.pi / 15), 1 + uniform(0.12), uniform(0.15)
    shift_x, shift_y = uniform(2 / 14), uniform(2 / 14)
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    rows = [torch.stack([cos, shear - sin, shift_x], 1), torch.stack([sin, cos, shift_y], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def count_right(net, items, labels):
    net.eval()
    with torch.no_grad():
        logits = torch.cat([net(chunk) for chunk in items.split(250)])
    return int((logits.argmax(1) == labels).sum()), float(F.cross_entropy(logits, labels))


def train(items, labels):
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    held, held_labels = items[:VALIDATION], labels[:VALIDATION]
    items, labels = items[VALIDATION:], labels[VALIDATION:]
    net = Net()
    steps = EPOCHS * math.ceil(len(items) / BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps, pct_start=0.2)
    best = None
    for epoch in range(1, EPOCHS + 1):
        net.train()
        for index in torch.randperm(len(items), generator=generator).split(BATCH):
            loss = F.cross_entropy(net(distort(items[index], generator)), labels[index], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        right, held_loss = count_right(net, held, held_labels)
        print(f"epoch {epoch:2d}: validation {right}/{VALIDATION}, loss {held_loss:.4f}", flush=True)
        if best is None or (right, -held_loss) > best[0]:
            state = {name: value.clone() for name, value in net.state_dict().items()}
            best = ((right, -held_loss), epoch, state)
    net.load_state_dict(best[2])
    return net.eval(), best[1], best[0][0]


def export(net):
    """The trained network as ONNX, opset 17: Conv+Relu blocks, GlobalAveragePool, Flatten, Gemm."""
    nodes, weights, last = [], [], "image"
    modules = list(net.body)
    for i in range(0, len(modules), 3):
        conv, norm = modules[i], modules[i + 1]
        gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        weight = conv.weight.double() * gain[:, None, None, None] / (255 if i == 0 else 1)
        bias = norm.bias.double() - norm.running_mean.double() * gain
        name = f"conv{i // 3 + 1}"
        weights.append(numpy_helper.from_array(weight.detach().float().numpy(), f"{name}.weight"))
        weights.append(numpy_helper.from_array(bias.detach().float().numpy(), f"{name}.bias"))
        nodes.append(
            helper.make_node(
                "Conv",
                [last, f"{name}.weight", f"{name}.bias"],
                [f"{name}.out"],
                name=name,
                kernel_shape=list(conv.kernel_size),
                strides=list(conv.stride),
                pads=[conv.padding[0]] * 4,
            )
        )
        last = f"relu{i // 3 + 1}.out"
        nodes.append(helper.make_node("Relu", [f"{name}.out"], [last], name=f"relu{i // 3 + 1}"))
    weights.append(numpy_helper.from_array(net.head.weight.detach().numpy(), "fc.weight"))
    weights.append(numpy_helper.from_array(net.head.bias.detach().numpy(), "fc.bias"))
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["pool.out"], name="pool"))
    nodes.append(helper.make_node("Flatten", ["pool.out"], ["flatten.out"], name="flatten"))
    nodes.append(helper.make_node("Gemm", ["flatten.out", "fc.weight", "fc.bias"], ["logits"], name="fc", transB=1))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 28, 28])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])
    graph = helper.make_graph(nodes, "digits-cnn", [image], [logits], weights)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="train-digits.py"
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def one_line(match):
    line = "[" + re.sub(r",\s+", ", ", match[1]) + "]"
    return line if len(line) < 100 else match[0]


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    began = time.time()
    items, labels = read_items(sys.argv[1])
    net, epoch, right = train(items, labels)
    path = FOLDER / "digits-cnn.onnx"
    onnx.save(export(net), path)

    test, test_labels = read_items(FOLDER / "test.items")
    logits = onnxruntime.InferenceSession(str(path)).run(None, {"image": test.numpy()})[0]
    with torch.no_grad():
        error = float(np.abs(logits - net(test).numpy()).max())
    correct = int((logits.argmax(1) == test_labels.numpy()).sum())
    card = {
        "schema_version": "quantgate.model-card.v1",
        "id": "digits-cnn",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "opset": 17,
        "input": {"name": "image", "dtype": "float32", "shape": ["batch", 1, 28, 28], "range": "raw pixels, 0 to 255"},
        "output": {"name": "logits", "dtype": "float32", "shape": ["batch", 10]},
        "parameters": sum(value.numel() for value in net.parameters()),
        "layers": [f"conv {k}x{k}, {c} channels, stride {s}, relu" for c, k, s in LAYERS]
        + ["global average pool", "fully connected, 10 classes"],
        "training": {"seed": SEED, "epochs": EPOCHS, "chosen_epoch": epoch, "torch": torch.__version__},
        "validation": {"correct": right, "n": VALIDATION, "items": "the first 750 of the training split"},
        "test": {"correct": correct, "n": len(test), "items": "test.items"},
        "license": "Apache-2.0",
        "made_by": "scripts/train-digits.py",
    }
    # Short arrays on one line, as the repository's formatter has them.
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", one_line, json.dumps(card, indent=2))
    (FOLDER / "digits-cnn.json").write_text(text + "\n")
    print(f"test {correct}/{len(test)}, largest difference from torch {error:.2e}, {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
