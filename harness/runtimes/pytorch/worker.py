"""PyTorch behind a line protocol: one JSON object a line on standard input, one answer a line on standard output.

Needs the standard library and torch alone. Commands: hello, describe, evaluate, trial (docs/frameworks.md). A request has an id; its
answer has the same id and either "value" or "error" {code, message}. Arrays travel as base64 of little-endian float32 or float64.
Models are TorchScript (.pt) or programs of torch.export (.pt2). Items are read from Quantgate's prepared file, row by row, and become
the very float32 values that ONNX models are fed.
"""

import array
import base64
import gc
import hashlib
import json
import os
import sys
import time
import warnings

# Whatever a library prints must not get between the answers.
answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
warnings.filterwarnings("ignore")

LATENCY_FEEDS = 16
LATENCY_FEED_BYTES = 16 << 20
MAGIC = b"QGPREP01"


class Refusal(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def load_torch():
    try:
        import torch
    except Exception as error:  # A broken installation raises more than ImportError.
        raise Refusal("RUNTIME_UNAVAILABLE", f"PyTorch cannot be imported by {sys.executable}: {first_line(error)}") from error
    return torch


def first_line(error):
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300].rstrip(".")


def prod(values):
    result = 1
    for value in values:
        result *= value
    return result


def encode(values, kind="f"):
    """Base64 of a list of numbers, or of a flat float32 tensor."""
    if hasattr(values, "numpy_force") or hasattr(values, "contiguous"):
        flat = values.detach().to("cpu").float().contiguous().flatten()
        data = bytearray(flat.numel() * 4)
        if flat.numel() > 0:
            import torch

            torch.frombuffer(data, dtype=torch.float32).copy_(flat)
        return base64.b64encode(data).decode()
    return base64.b64encode(array.array(kind, values).tobytes()).decode()


class Items:
    """Rows of a prepared file (harness/platform/prepared-items.ts)."""

    def __init__(self, path, torch):
        self.torch = torch
        self.file = open(path, "rb")
        if self.file.read(8) != MAGIC:
            raise Refusal("STORE_CORRUPT", f"{path} is no file of prepared items")
        length = int.from_bytes(self.file.read(4), "little")
        self.header = json.loads(self.file.read(length))
        self.start = 12 + length
        self.count, self.shape = self.header["count"], self.header["shape"]
        self.width = 1 if self.header["storage"] == "uint8" else 4
        self.size = prod(self.shape)
        self.affine = self.table()

    def verify(self):
        digest = hashlib.sha256()
        self.file.seek(self.start)
        for chunk in iter(lambda: self.file.read(1 << 20), b""):
            digest.update(chunk)
        if digest.hexdigest() != self.header["sha256"]:
            raise Refusal("STORE_CORRUPT", "the prepared items differ from their digest")

    def table(self):
        """The affine map as (scale, mean, std) in float64, in the shape of one item."""
        affine = self.header["affine"]
        if affine is None:
            return None
        torch = self.torch
        channels = max(len(affine["mean"]), len(affine["std"]))
        shape = [1] * len(self.shape)
        if channels > 1:
            shape[affine["channelAxis"]] = channels
        spread = lambda values: torch.tensor(values * (channels if len(values) == 1 else 1), dtype=torch.float64).reshape(shape)
        return affine["scale"], spread(affine["mean"]), spread(affine["std"])

    def batch(self, indices):
        torch = self.torch
        row = self.size * self.width
        data = bytearray(row * len(indices))
        view = memoryview(data)
        for place, index in enumerate(indices):
            if not 0 <= index < self.count:
                raise Refusal("RUNTIME_PROTOCOL", f"there is no item {index} of {self.count}")
            self.file.seek(self.start + index * row)
            if self.file.readinto(view[place * row : (place + 1) * row]) != row:
                raise Refusal("STORE_CORRUPT", "the prepared items end early")
        raw = torch.frombuffer(data, dtype=torch.uint8 if self.width == 1 else torch.float32)
        raw = raw.reshape([len(indices), *self.shape])
        if self.affine is None:
            return raw.float() if self.width == 1 else raw
        scale, mean, std = self.affine
        return ((raw.double() * scale - mean) / std).float()


class Model:
    """A loaded model, and what is known of its input."""

    def __init__(self, path, torch):
        self.torch = torch
        self.is_exported = path.endswith(".pt2")
        self.program = None
        try:
            if self.is_exported:
                self.program = torch.export.load(path)
                self.module = self.program.module()
            else:
                self.module = torch.jit.load(path, map_location="cpu").eval()
        except Exception as error:
            raise Refusal("CONFIG_MODEL_INVALID", f"PyTorch cannot load {os.path.basename(path)}: {first_line(error)}") from error

    def inputs(self):
        """Name, type and shape of each input; a free axis is its name, and null where nothing is known."""
        if self.program is None:
            names = [i.debugName() for i in self.module.graph.inputs()][1:] if hasattr(self.module, "graph") else []
            return [{"name": name.split(".")[0], "dtype": None, "shape": None} for name in names]
        wanted = set(self.program.graph_signature.user_inputs)
        return [describe(n.name, n.meta["val"]) for n in self.program.graph.nodes if n.op == "placeholder" and n.name in wanted]

    def fixed_batch(self):
        shapes = [i["shape"] for i in self.inputs()]
        return shapes[0][0] if shapes and shapes[0] and isinstance(shapes[0][0], int) else None

    def layers(self):
        if self.program is not None:
            return sum(n.op == "call_function" for n in self.program.graph.nodes)
        return sum(1 for m in self.module.modules() if not list(m.children()))

    def parameters(self):
        """Weights and buffers; packed integer weights are not visible in a TorchScript file, which gives null."""
        tensors = list((self.program.state_dict if self.program is not None else self.module.state_dict()).values())
        constants = list(self.program.constants.values()) if self.program is not None else []
        known = [t for t in [*tensors, *constants] if isinstance(t, self.torch.Tensor)]
        packed = len(known) < len(tensors) or (self.program is None and not known)
        return None if packed else sum(t.numel() for t in known)

    def outputs(self, batch):
        """Every output as (name, tensor)."""
        try:
            result = self.module(batch)
        except Exception as error:
            said = first_line(error)
            raise Refusal("CONFIG_MODEL_INVALID", f"PyTorch cannot run the model on {list(batch.shape)}: {said}") from error
        if isinstance(result, dict):
            named = list(result.items())
        elif isinstance(result, (tuple, list)):
            named = [(f"output{i}", r) for i, r in enumerate(result)]
        else:
            named = [("output", result)]
        tensors = [(name, t) for name, t in named if isinstance(t, self.torch.Tensor)]
        if not tensors:
            raise Refusal("CONFIG_MODEL_INVALID", "The model gives no tensor")
        return tensors


def describe(name, value):
    shape = [dim if isinstance(dim, int) else str(dim) for dim in getattr(value, "shape", [])]
    return {"name": name, "dtype": str(getattr(value, "dtype", "")).replace("torch.", "") or None, "shape": shape}


def rows_of(tensor, count):
    if tensor.dim() == 0 or tensor.shape[0] != count:
        raise Refusal("CONFIG_MODEL_INVALID", f"The model's output has shape {list(tensor.shape)} for a batch of {count}")
    return tensor.reshape(count, -1).float()


def evaluate(model, items, indices, wanted, every=False):
    """Outputs of the chosen items, the seconds of the loop, and the batch size that ran. The last batch of a fixed size is filled up."""
    fixed = model.fixed_batch()
    size = fixed or max(1, min(wanted, len(indices)))
    parts, names = {}, []
    start = time.perf_counter()
    for done in range(0, len(indices), size):
        chosen = indices[done : done + size]
        filled = chosen if fixed is None else (chosen + chosen[:1] * size)[:size]
        tensors = model.outputs(items.batch(filled))
        for name, tensor in tensors if every else tensors[:1]:
            if name not in parts:
                parts[name] = []
                names.append(name)
            parts[name].append(rows_of(tensor, len(filled))[: len(chosen)].clone())
    seconds = time.perf_counter() - start
    return [(name, model.torch.cat(parts[name])) for name in names], seconds, size


def feeds_of(items, pool, batch_size):
    """As the ONNX runtime makes them: the subset in turn, wrapped around where it is short."""
    by_memory = LATENCY_FEED_BYTES // (batch_size * items.size * 4)
    count = max(1, min(LATENCY_FEEDS, -(-len(pool) // batch_size), by_memory))
    return [items.batch([pool[(f * batch_size + row) % len(pool)] for row in range(batch_size)]) for f in range(count)]


def latency(model, feeds, settings):
    """Single calls, timed one by one in time order, after a warm-up that is counted and discarded."""
    handicap = settings.get("handicap", 0)
    call, clock = model.module, time.perf_counter_ns
    taken, place = [], 0

    def once():
        nonlocal place
        feed = feeds[place]
        place = place + 1 if place + 1 < len(feeds) else 0
        start = clock()
        call(feed)
        if handicap:
            until = start + (clock() - start) * (1 + handicap)
            while clock() < until:
                pass
        return clock() - start

    model.outputs(feeds[0])
    warm, warm_ns = 0, 0
    while warm < settings["warmupIterations"] or warm_ns < settings["warmupMs"] * 1e6:
        warm_ns += once()
        warm += 1
    gc.collect()
    gc.disable()
    before = usage()
    budget = settings["timeBudgetMs"] * 1e6
    least = min(settings["minSamples"], settings["maxSamples"])
    spent = 0
    while len(taken) < settings["maxSamples"] and (len(taken) < least or spent < budget):
        took = once()
        spent += took
        taken.append(took / 1e9)
    after = usage()
    gc.enable()
    loop = {name: after[name] - before[name] for name in before}
    return taken, {"iterations": warm, "seconds": warm_ns / 1e9}, loop


def usage():
    switches = 0
    try:
        import resource

        switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
    except ImportError:
        pass
    return {"loopWallS": time.perf_counter(), "loopCpuS": time.process_time(), "involuntarySwitches": switches}


def memory(field):
    """VmHWM or VmRSS, bytes; the peak that the system counts where there is no /proc."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))
    except (OSError, StopIteration):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def digest_of(path, expected):
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            for chunk in iter(lambda: file.read(1 << 20), b""):
                digest.update(chunk)
    except OSError as error:
        raise Refusal("CONFIG_MODEL_MISSING", f"The model {path} cannot be read: {first_line(error)}") from error
    if expected is not None and digest.hexdigest() != expected:
        raise Refusal("CONFIG_MODEL_INVALID", f"The model {path} is not the one that was planned: its SHA-256 is {digest.hexdigest()}")
    return digest.hexdigest()


def set_threads(torch, threads):
    torch.set_num_threads(threads)
    try:
        torch.set_num_interop_threads(1)
    except RuntimeError:
        pass  # It can be set once, and is for every request of this process.


def hello(_):
    torch = load_torch()
    engines = [name for name in torch.backends.quantized.supported_engines if name != "none"]
    return {"python": sys.version.split()[0], "torch": torch.__version__, "engines": engines}


def describe_model(request):
    torch = load_torch()
    set_threads(torch, 1)
    model = Model(request["path"], torch)
    batch = model.fixed_batch() or 1
    generator = torch.Generator().manual_seed(1)
    with torch.inference_mode():
        found = model.outputs(torch.rand([batch, *request["itemShape"]], generator=generator))
    inputs = model.inputs()
    shape = [batch if model.fixed_batch() else None, *request["itemShape"]]
    return {
        "structure": {
            "format": "exported" if model.is_exported else "torchscript",
            "inputs": [i if i["shape"] is not None else {**i, "shape": shape} for i in inputs],
            "outputs": [{**describe(name, t), "shape": [None if model.fixed_batch() is None else batch, *t.shape[1:]]} for name, t in found],
            "layers": model.layers(),
            "parameters": model.parameters(),
        },
        "smoke": ", ".join(f"{name} {list(t.shape)}" for name, t in found),
        "invalid": sum(int((~torch.isfinite(t.float())).sum()) for _, t in found),
    }


def evaluate_model(request):
    """All outputs of the chosen items at one batch size; for comparisons."""
    torch = load_torch()
    set_threads(torch, request.get("threads", 1))
    model, items = Model(request["path"], torch), Items(request["items"], torch)
    with torch.inference_mode():
        outputs, seconds, size = evaluate(model, items, request["indices"], request["batchSize"], every=True)
    return {
        "outputs": [{"name": name, "rowSize": t.shape[1], "data": encode(t)} for name, t in outputs],
        "seconds": seconds,
        "batchSize": size,
        "fixedBatch": model.fixed_batch(),
    }


def trial(request):
    torch = load_torch()
    path, planned = request["model"]["path"], request["model"]["sha256"]
    before = digest_of(path, planned)
    items = Items(request["itemsPath"], torch)
    items.verify()
    set_threads(torch, request["session"]["threads"])
    torch.manual_seed(request["seed"] & 0xFFFFFFFF)
    rss = memory("VmRSS")
    start = time.perf_counter()
    model = Model(path, torch)
    load = time.perf_counter() - start
    settings, subset = request["latency"], request["subset"]
    fixed = model.fixed_batch()
    if fixed not in (None, settings["batchSize"]):
        raise Refusal("CONFIG_MODEL_INVALID", f"The model is fixed to a batch of {fixed}, so calls with a batch of {settings['batchSize']} cannot be timed")
    pool = subset or list(range(items.count))
    with torch.inference_mode():
        samples, warmup, loop = latency(model, feeds_of(items, pool, settings["batchSize"]), settings)
        wanted = request.get("items") or (list(range(items.count)) if request["evaluateAll"] else None)
        size = request["evaluateBatchSize"]
        own = evaluate(model, items, subset, size)
        whole = own if wanted is None else evaluate(model, items, wanted, size)
    [(_, rows)], seconds, ran = whole
    count = len(subset if wanted is None else wanted)
    return {
        "modelSha256Before": before,
        "modelSha256After": digest_of(path, planned),
        "loadS": load,
        "warmup": warmup,
        "latencyS": encode(samples, "d"),
        "throughput": {"itemsPerSecond": count / seconds, "items": count, "seconds": seconds, "batchSize": ran},
        "memory": {"peakRssBytes": memory("VmHWM"), "rssBeforeLoadBytes": rss},
        "subsetOutputs": encode(own[0][0][1]),
        "allOutputs": None if wanted is None else encode(rows),
        "outputSize": rows.shape[1],
        "controls": {
            "threads": torch.get_num_threads(),
            "cpuAffinity": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        },
        "loop": loop,
        "ownCpuS": time.process_time(),
    }


COMMANDS = {"hello": hello, "describe": describe_model, "evaluate": evaluate_model, "trial": trial}

for line in sys.stdin:
    request = json.loads(line)
    answer = {"id": request["id"]}
    try:
        answer["value"] = COMMANDS[request["command"]](request)
    except Refusal as refusal:
        answer["error"] = {"code": refusal.code, "message": str(refusal)}
    except MemoryError:
        answer["error"] = {"code": "RUNTIME_CRASHED", "message": "Python ran out of memory"}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
