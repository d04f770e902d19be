"""What the step programs of this folder share: exit codes, prepared items, and ONNX graphs as PyTorch modules."""

import importlib
import json
import sys

# What a step's exit code means to Quantgate (docs/frameworks.md).
UNAVAILABLE = 69
UNSUPPORTED = 78


def leave(code, message):
    print(message, file=sys.stderr)
    sys.exit(code)


def unavailable(module, install):
    leave(UNAVAILABLE, f"{module} is not installed: {install}")


def unsupported(message):
    leave(UNSUPPORTED, " ".join(str(message).split())[:300])


def need(module, install=None):
    """Imports a module, or ends the step as unavailable with what to install."""
    try:
        return importlib.import_module(module)
    except ImportError:
        unavailable(module, install or f"python3 -m pip install {module}")


def read_items(path, torch):
    """Items and labels of a prepared file: a float32 tensor [N, ...], as the models of the run are fed it, and an int tensor."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"QGPREP01":
        leave(1, f"{path} is no file of prepared items")
    start = 12 + int.from_bytes(data[8:12], "little")
    header = json.loads(data[12:start])
    shape = [header["count"], *header["shape"]]
    is_bytes = header["storage"] == "uint8"
    elements = 1
    for dim in shape:
        elements *= dim
    raw = torch.frombuffer(bytearray(data[start:]), dtype=torch.uint8 if is_bytes else torch.float32, count=elements).reshape(shape)
    affine = header["affine"]
    if affine is not None:
        channels = max(len(affine["mean"]), len(affine["std"]))
        wide = [1] * len(shape)
        if channels > 1:
            wide[affine["channelAxis"] + 1] = channels
        spread = lambda v: torch.tensor(v * (channels if len(v) == 1 else 1), dtype=torch.float64).reshape(wide)
        raw = (raw.double() * affine["scale"] - spread(affine["mean"])) / spread(affine["std"])
    labels = None
    if header["labels_offset"] is not None:
        at = start + header["labels_offset"]
        labels = torch.frombuffer(bytearray(data[at : at + 4 * header["count"]]), dtype=torch.int32).long()
    return raw.float(), labels


def graph_module(model, onnx, torch):
    """An ONNX classifier as a torch.fx.GraphModule of torch.nn layers, with the graph's own names."""
    import operator

    nn, helper = torch.nn, onnx.helper
    weights = {t.name: torch.from_numpy(onnx.numpy_helper.to_array(t).copy()) for t in model.graph.initializer}
    graph, root, values = torch.fx.Graph(), nn.Module(), {}
    for value in model.graph.input:
        if value.name not in weights:
            values[value.name] = graph.placeholder(clean(value.name))

    def layer(name, module, *args):
        root.add_module(clean(name), module)
        return graph.call_module(clean(name), args)

    def pads_of(name, attributes, x):
        top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
        if (top, left) == (bottom, right):
            return x, (top, left)
        return layer(f"{name}_pad", nn.ZeroPad2d((left, right, top, bottom)), x), (0, 0)

    for node in model.graph.node:
        name = node.output[0]
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        args = [values[i] if i in values else weights.get(i) for i in node.input]
        x = args[0]
        if node.op_type == "Conv":
            x, padding = pads_of(name, attributes, x)
            w, group = args[1], attributes.get("group", 1)
            conv = nn.Conv2d(
                w.shape[1] * group, w.shape[0], tuple(w.shape[2:]), tuple(attributes.get("strides", [1, 1])), padding,
                tuple(attributes.get("dilations", [1, 1])), group, bias=len(args) > 2,
            )
            result = layer(name, fill(conv, torch, weight=w, bias=args[2] if len(args) > 2 else None), x)
        elif node.op_type == "Gemm" and attributes.get("alpha", 1.0) == attributes.get("beta", 1.0) == 1.0 and not attributes.get("transA"):
            w = args[1] if attributes.get("transB") else args[1].T.contiguous()
            linear = nn.Linear(w.shape[1], w.shape[0], bias=len(args) > 2)
            result = layer(name, fill(linear, torch, weight=w, bias=args[2] if len(args) > 2 else None), x)
        elif node.op_type == "MatMul" and isinstance(args[1], torch.Tensor) and args[1].dim() == 2:
            result = layer(name, fill(nn.Linear(*args[1].shape, bias=False), torch, weight=args[1].T.contiguous()), x)
        elif node.op_type == "BatchNormalization":
            scale, bias, mean, var = args[1:5]
            norm = nn.BatchNorm2d(len(scale), eps=attributes.get("epsilon", 1e-5))
            fill(norm, torch, weight=scale, bias=bias)
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(var)
            result = layer(name, norm, x)
        elif node.op_type in ("AveragePool", "MaxPool"):
            size, strides = tuple(attributes["kernel_shape"]), tuple(attributes.get("strides", [1, 1]))
            pads = attributes.get("pads", [0, 0, 0, 0])
            if pads[:2] != pads[2:] or attributes.get("ceil_mode"):
                unsupported(f"{node.op_type} with pads {pads} is not translated")
            if node.op_type == "MaxPool":
                pool = nn.MaxPool2d(size, strides, tuple(pads[:2]))
            else:
                pool = nn.AvgPool2d(size, strides, tuple(pads[:2]), count_include_pad=bool(attributes.get("count_include_pad", 0)))
            result = layer(name, pool, x)
        elif node.op_type == "GlobalAveragePool":
            result = layer(name, nn.AdaptiveAvgPool2d(1), x)
        elif node.op_type == "Relu":
            result = layer(name, nn.ReLU(), x)
        elif node.op_type == "Softmax":
            result = layer(name, nn.Softmax(dim=attributes.get("axis", -1)), x)
        elif node.op_type == "Flatten" and attributes.get("axis", 1) == 1:
            result = layer(name, nn.Flatten(), x)
        elif node.op_type == "Transpose":
            result = graph.call_method("permute", (x, *attributes["perm"]))
        elif node.op_type == "Add":
            result = graph.call_function(operator.add, tuple(constant(root, graph, a, name, torch) for a in args))
        elif node.op_type in ("Identity", "Dropout"):
            result = x
        else:
            unsupported(f"{node.op_type} ({node.name or name}) is not translated to PyTorch")
        values[name] = result
    outputs = [values[value.name] for value in model.graph.output]
    graph.output(outputs[0] if len(outputs) == 1 else tuple(outputs))
    module = torch.fx.GraphModule(root, graph).eval()
    module.graph.lint()
    return module


def constant(root, graph, value, name, torch):
    if not isinstance(value, torch.Tensor):
        return value
    root.register_buffer(clean(f"{name}_constant"), value)
    return graph.get_attr(clean(f"{name}_constant"))


def fill(module, torch, **tensors):
    with torch.no_grad():
        for name, value in tensors.items():
            if value is not None:
                getattr(module, name).copy_(value)
    return module


def clean(name):
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
    return text if text[:1].isalpha() else f"n_{text}"


def structure(module):
    parameters = sum(p.numel() for p in module.parameters()) + sum(b.numel() for b in module.buffers())
    return f"{sum(1 for m in module.modules() if not list(m.children()))} layers, {parameters} parameters"


def accuracy(module, items, labels, torch, batch=50):
    with torch.inference_mode():
        hits = sum(int((module(items[i : i + batch]).argmax(1) == labels[i : i + batch]).sum()) for i in range(0, len(items), batch))
    return hits / len(items)
