"""llama.cpp's HTTP server as the Python package xllamacpp ships it, with the options that Quantgate gives llama-server."""

import argparse
import importlib.metadata
import signal
import threading

import xllamacpp as xlc

parser = argparse.ArgumentParser()
parser.add_argument("--version", action="version", version=f"version: xllamacpp {importlib.metadata.version('xllamacpp')}")
for flag, kind in (("-m", str), ("-c", int), ("-np", int), ("--host", str), ("--port", int), ("-t", int), ("-ngl", int)):
    parser.add_argument(flag, type=kind)
args = parser.parse_args()

params = xlc.CommonParams()
params.model.path = args.m
params.n_ctx = args.c or 4096
params.n_parallel = args.np or 1
params.hostnames = [args.host or "127.0.0.1"]
params.port = args.port
# What was asked for, or an error: never less.
params.fit_params = False
params.ctx_shift = False
params.use_jinja = True
if args.t:
    params.cpuparams.n_threads = args.t
    params.cpuparams_batch.n_threads = args.t
if args.ngl is not None:
    params.n_gpu_layers = args.ngl

server = xlc.Server(params)
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
stop.wait()
