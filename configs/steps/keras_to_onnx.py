"""A Keras model file (.h5, Keras 1 or 2 layout) as ONNX; needs h5py and onnx, and no TensorFlow.

    keras_to_onnx.py --model M.h5 --out M.onnx [--opset 13]

The structure is read from the file's model_config, the weights from model_weights. Layers and parameters are counted before and after,
and the step fails where parameters got lost. Layers that are not translated end it as unsupported.
"""

import argparse
import json

from quantgate_steps import leave, need, unsupported

INSTALL = "python3 -m pip install h5py onnx"


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def weights_of(file, layer):
    """Arrays of a layer by the last part of their names: kernel, bias, gamma, beta, moving_mean, moving_variance."""
    groups = file["model_weights"] if "model_weights" in file else file
    if layer not in groups:
        return {}
    group = groups[layer]
    names = [text(name) for name in group.attrs.get("weight_names", [])]
    return {name.split("/")[-1].split(":")[0]: group[name][()] for name in names}


def inbound(config):
    """Names of the layers whose outputs a layer of a functional model reads."""
    nodes = config.get("inbound_nodes") or []
    return [entry[0] for entry in nodes[0]] if nodes else []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--opset", type=int, default=13)
    args = parser.parse_args()
    h5py, onnx, numpy = need("h5py", INSTALL), need("onnx", INSTALL), need("numpy", INSTALL)
    try:
        file = h5py.File(args.model, "r")
    except OSError as error:
        leave(1, f"{args.model} is no HDF5 file: {error}")
    if "model_config" not in file.attrs:
        leave(1, f"{args.model} holds weights only: save the whole model")
    config = json.loads(text(file.attrs["model_config"]))
    layers = config["config"]["layers"] if isinstance(config["config"], dict) else config["config"]
    graph = Graph(file, onnx, numpy)
    last = None
    for layer in layers:
        kind, settings = layer["class_name"], layer["config"]
        name = layer.get("name") or settings["name"]
        sources = inbound(layer) if config["class_name"] in ("Functional", "Model") else ([last] if last else [])
        graph.add(kind, name, settings, sources)
        last = name
    outputs = [entry[0] for entry in config["config"].get("output_layers", [])] if isinstance(config["config"], dict) else []
    model = graph.finish((outputs or [last])[0], args.opset)
    onnx.checker.check_model(model)
    onnx.save(model, args.out)
    read = sum(graph.used.values())
    total = sum(int(array.size) for layer in layers for array in weights_of(file, layer.get("name") or layer["config"]["name"]).values())
    print(f"Keras: {len(layers)} layers, {total} parameters")
    print(f"ONNX opset {args.opset}: {len(model.graph.node)} layers, {read} parameters read")
    if read != total:
        leave(1, f"{total - read} parameters of the file were not translated")


class Graph:
    """Grows the ONNX graph layer by layer. Keras images are NHWC; convolutions and pools run between two transposes that meet and vanish."""

    def __init__(self, file, onnx, numpy):
        self.file, self.onnx, self.numpy = file, onnx, numpy
        self.nodes, self.initializers, self.values, self.inputs = [], [], {}, []
        self.layout, self.shapes, self.used = {}, {}, {}

    def node(self, kind, inputs, name, **attributes):
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def weight(self, name, array):
        self.initializers.append(self.onnx.numpy_helper.from_array(self.numpy.ascontiguousarray(array, dtype="float32"), name))
        return name

    def nchw(self, source):
        """The value of a layer with channels first."""
        value = self.values[source]
        if self.layout[source] == "nchw" or len(self.shapes[source]) < 3:
            return value
        return self.node("Transpose", [value], f"{source}_nchw", perm=[0, 3, 1, 2])

    def set(self, name, value, layout, shape):
        self.values[name], self.layout[name], self.shapes[name] = value, layout, shape

    def activation(self, kind, name, value, layout, shape):
        if kind in (None, "linear"):
            return self.set(name, value, layout, shape)
        if kind == "softmax":
            if layout == "nchw" and len(shape) == 3:
                unsupported(f"softmax over an image ({name}) is not translated")
            return self.set(name, self.node("Softmax", [value], f"{name}_softmax", axis=-1), layout, shape)
        simple = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh"}
        if kind not in simple:
            unsupported(f"the activation {kind} ({name}) is not translated")
        return self.set(name, self.node(simple[kind], [value], f"{name}_{kind}"), layout, shape)

    def padding(self, settings, shape, kernel, strides):
        """Keras's `same` puts the odd pixel behind."""
        if settings["padding"] == "valid":
            return [0, 0, 0, 0]
        totals = [max((-(-size // stride) - 1) * stride + k - size, 0) for size, k, stride in zip(shape[:2], kernel, strides)]
        return [t // 2 for t in totals] + [t - t // 2 for t in totals]

    def spatial(self, settings, shape, kernel, strides, pads):
        return [(size + pads[i] + pads[i + 2] - kernel[i]) // strides[i] + 1 for i, size in enumerate(shape[:2])]

    def add(self, kind, name, settings, sources):
        arrays = weights_of(self.file, name)
        self.used[name] = sum(int(a.size) for a in arrays.values())
        if kind == "InputLayer":
            return self.input(name, settings.get("batch_input_shape") or settings.get("batch_shape"))
        if not sources and not self.inputs:
            self.input(f"{name}_input", settings.get("batch_input_shape"))
        sources = sources or [self.inputs[0][0]]
        shape, value, layout = self.shapes[sources[0]], self.values[sources[0]], self.layout[sources[0]]
        numpy = self.numpy
        if kind in ("Conv2D", "DepthwiseConv2D"):
            kernel = arrays["depthwise_kernel" if kind == "DepthwiseConv2D" else "kernel"]
            size, strides = list(kernel.shape[:2]), list(settings["strides"])
            pads = self.padding(settings, shape, size, strides)
            group = kernel.shape[2] if kind == "DepthwiseConv2D" else 1
            w = numpy.transpose(kernel.reshape(*size, 1, -1) if group > 1 else kernel, (3, 2, 0, 1))
            inputs = [self.nchw(sources[0]), self.weight(f"{name}.weight", w)]
            if settings.get("use_bias", True):
                inputs.append(self.weight(f"{name}.bias", arrays["bias"]))
            out = self.node("Conv", inputs, name, kernel_shape=size, strides=strides, pads=pads, group=group, dilations=[1, 1])
            return self.activation(settings.get("activation"), name, out, "nchw", [*self.spatial(settings, shape, size, strides, pads), w.shape[0]])
        if kind == "BatchNormalization":
            channels = shape[-1]
            ones, zeros = numpy.ones(channels), numpy.zeros(channels)
            parts = [arrays.get("gamma", ones), arrays.get("beta", zeros), arrays["moving_mean"], arrays["moving_variance"]]
            names = [self.weight(f"{name}.{n}", a) for n, a in zip(("scale", "bias", "mean", "var"), parts)]
            out = self.node("BatchNormalization", [self.nchw(sources[0]), *names], name, epsilon=settings.get("epsilon", 1e-3))
            return self.set(name, out, "nchw" if len(shape) == 3 else layout, shape)
        if kind in ("AveragePooling2D", "MaxPooling2D"):
            size, strides = list(settings["pool_size"]), list(settings["strides"] or settings["pool_size"])
            pads = self.padding(settings, shape, size, strides)
            out = self.node("AveragePool" if kind[0] == "A" else "MaxPool", [self.nchw(sources[0])], name, kernel_shape=size, strides=strides, pads=pads)
            return self.set(name, out, "nchw", [*self.spatial(settings, shape, size, strides, pads), shape[-1]])
        if kind == "GlobalAveragePooling2D":
            out = self.node("GlobalAveragePool", [self.nchw(sources[0])], f"{name}_pool")
            return self.set(name, self.node("Flatten", [out], name, axis=1), "flat", [shape[-1]])
        if kind == "Flatten":
            if len(shape) == 3 and layout == "nchw" and shape[0] * shape[1] > 1:
                value = self.node("Transpose", [value], f"{name}_nhwc", perm=[0, 2, 3, 1])
            size = 1
            for dim in shape:
                size *= dim
            return self.set(name, self.node("Flatten", [value], name, axis=1), "flat", [size])
        if kind == "Dense":
            inputs = [value, self.weight(f"{name}.weight", arrays["kernel"])]
            if settings.get("use_bias", True):
                inputs.append(self.weight(f"{name}.bias", arrays["bias"]))
            return self.activation(settings.get("activation"), name, self.node("Gemm", inputs, name), "flat", [arrays["kernel"].shape[1]])
        if kind in ("Activation", "ReLU", "Softmax"):
            if kind == "ReLU" and settings.get("max_value") is not None:
                unsupported(f"ReLU with a maximum ({name}) is not translated")
            return self.activation(settings.get("activation") or kind.lower(), name, value, layout, shape)
        if kind == "Add":
            first = self.nchw(sources[0])
            for place, source in enumerate(sources[1:]):
                first = self.node("Add", [first, self.nchw(source)], name if place == len(sources) - 2 else f"{name}_{place}")
            return self.set(name, first, "nchw" if len(shape) == 3 else layout, shape)
        if kind == "Dropout":
            return self.set(name, value, layout, shape)
        unsupported(f"the Keras layer {kind} ({name}) is not translated")

    def input(self, name, shape):
        if shape is None or any(dim is None for dim in shape[1:]):
            unsupported(f"the input {name} has no fixed shape: {shape}")
        self.inputs.append((name, list(shape[1:])))
        self.set(name, name, "nhwc", list(shape[1:]))

    def finish(self, output, opset):
        helper, kind = self.onnx.helper, self.onnx.TensorProto.FLOAT
        shape, value = self.shapes[output], self.values[output]
        if len(shape) == 3 and self.layout[output] == "nchw":
            value = self.node("Transpose", [value], f"{output}_nhwc", perm=[0, 2, 3, 1])
        self.node("Identity", [value], "output" if output != "output" else "result")
        inputs = [helper.make_tensor_value_info(name, kind, ["N", *dims]) for name, dims in self.inputs]
        outputs = [helper.make_tensor_value_info(self.nodes[-1].output[0], kind, ["N", *shape])]
        graph = helper.make_graph(self.nodes, "keras", inputs, outputs, self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, producer_name="keras_to_onnx")


main()
