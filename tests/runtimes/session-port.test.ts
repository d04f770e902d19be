import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, test } from "node:test";
import type { TensorValue } from "../../harness/domain/session-port.ts";
import { childSessions } from "../../harness/runtimes/onnxruntime/session-port.ts";
import { cast, int4Output, makeModel, negate, Type } from "../fixtures/fake-models.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const sessions = childSessions();
after(() => sessions.close());
const x: TensorValue = { dtype: "float32", dims: [2, 4], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) };

test("a session runs in a child and gives back typed tensors; several can be open at once", async () => {
  const [first, second] = await Promise.all([
    sessions.open(negate("N", [4])),
    sessions.open(cast(Type.FLOAT, Type.INT64)),
  ]);
  const { y } = await first.run({ x });
  assert.deepEqual(y, { dtype: "float32", dims: [2, 4], data: Float32Array.of(-1, -2, -3, -4, -5, -6, -7, -8) });
  assert.deepEqual((await second.run({ x }))["y"]?.data, BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n));
  await Promise.all([first.close(), second.close()]);
  await first.close();
});

test("elements are counted in the child, and the next session begins at none", async (t) => {
  const one = childSessions({ eager: true });
  t.after(() => one.close());
  const counted = async (data: Float32Array) => {
    const session = await one.open(negate("N", [4]));
    await session.count({ x: { dtype: "float32", dims: [1, 4], data } }, ["y"]);
    const counts = await session.counts("y");
    const other = await session.counts("never");
    await session.close();
    return { counts, other };
  };
  const first = await counted(Float32Array.of(0, 1, -2, Number.NaN));
  assert.equal(first.other.counts.length, 0);
  const { counts, ...facts } = first.counts;
  assert.deepEqual(facts, { first: -4096, width: 2 ** -12, zeros: 1, notFinite: 1, low: -1, high: 2 });
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    2,
  );
  const second = await counted(Float32Array.of(0, 0, 0, 4));
  assert.deepEqual([second.counts.zeros, second.counts.low, second.counts.notFinite], [3, -4, 0]);
});

test("a child that was started early and never used ends with its owner", async () => {
  const unused = childSessions({ eager: true });
  await unused.close();
  await assert.rejects(unused.open(new Uint8Array(3)).finally(() => unused.close()));
});

test("only the outputs asked for come back, and bool and bytes keep their types", async () => {
  const model = makeModel({
    inputs: [{ name: "x", type: Type.FLOAT, dims: ["N", 4] }],
    outputs: [
      { name: "small", type: Type.BOOL, dims: ["N", 4] },
      { name: "byte", type: Type.UINT8, dims: ["N", 4] },
    ],
    nodes: [
      { op: "Less", inputs: ["x", "four"], outputs: ["small"] },
      { op: "Cast", inputs: ["x"], outputs: ["byte"], attributes: [{ name: "to", type: 2, i: BigInt(Type.UINT8) }] },
    ],
    constants: [{ name: "four", dims: [], floats: [4] }],
  });
  const session = await sessions.open(model);
  assert.deepEqual(Object.keys(await session.run({ x }, ["byte"])), ["byte"]);
  const { small, byte } = await session.run({ x });
  assert.deepEqual(small, { dtype: "bool", dims: [2, 4], data: Uint8Array.of(1, 1, 1, 0, 0, 0, 0, 0) });
  assert.equal(byte?.dtype, "uint8");
  await session.close();
});

test("the optimized graph comes back as bytes that load again, and no temporary folder stays", async (t) => {
  // Its own place for temporary folders: other test files optimize at the same time.
  const previous = process.env["TMPDIR"];
  const scratch = await scratchFolder(t);
  process.env["TMPDIR"] = scratch;
  t.after(() => {
    if (previous === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = previous;
  });
  const twice = makeModel({
    inputs: [{ name: "x", type: Type.FLOAT, dims: ["N", 4] }],
    outputs: [{ name: "y", type: Type.FLOAT, dims: ["N", 4] }],
    nodes: [
      { op: "Identity", inputs: ["x"], outputs: ["z"] },
      { op: "Neg", inputs: ["z"], outputs: ["y"] },
    ],
  });
  const optimized = await sessions.optimize(twice, { optimizationLevel: "basic" });
  assert.ok(!Buffer.from(optimized).includes("Identity") && Buffer.from(twice).includes("Identity"));
  const session = await sessions.open(optimized, { optimizationLevel: "disabled" });
  assert.equal((await session.run({ x }))["y"]?.data[0], -1);
  await session.close();
  await assert.rejects(sessions.optimize(new Uint8Array(3)), { code: "CONFIG_MODEL_INVALID" });
  assert.deepEqual(
    readdirSync(scratch).filter((name) => name.startsWith("quantgate-optimize-")),
    [],
  );
});

test("a model that is refused says why in one sentence, and the next one is served", async () => {
  const bogus = makeModel({
    inputs: [{ name: "x", type: Type.FLOAT, dims: ["N", 4] }],
    outputs: [{ name: "y", type: Type.FLOAT, dims: ["N", 4] }],
    nodes: [{ op: "Bogus", inputs: ["x"], outputs: ["y"] }],
  });
  for (const [model, message] of [
    [negate("N", [4]).subarray(0, 40), /cut off, damaged or not an ONNX file\.$/],
    [new Uint8Array(0), /empty or holds no graph\.$/],
    [bogus, /Bogus node "": No Op registered for Bogus/],
    [makeModel({ inputs: [], outputs: [], nodes: [], irVersion: 99 }), /Unsupported model IR version: 99/],
  ] as const) {
    await assert.rejects(sessions.open(model), { code: "CONFIG_MODEL_INVALID", message });
  }
  const session = await sessions.open(negate("N", [4]));
  await assert.rejects(session.run({ z: x }), { code: "CONFIG_MODEL_INVALID", message: /input 'x' is missing/ });
  await assert.rejects(session.run({ x: { ...x, dims: [4, 2] } }), {
    code: "CONFIG_MODEL_INVALID",
    message: /invalid dimensions/,
  });
  assert.equal((await session.run({ x }))["y"]?.data[7], -8);
  await session.close();
});

test("an INT4 output, which would take the process down, is refused before it runs", async () => {
  const session = await sessions.open(int4Output());
  await assert.rejects(session.run({ x }), { code: "CONFIG_MODEL_INVALID", message: /"y" is int4/ });
  await session.close();
});

test("a model that takes the child down is a crash that says so, with the last words; others go on", async () => {
  const doomed = childSessions({ worker: new URL("../fixtures/fake-session-worker.js", import.meta.url) });
  const [one, two] = [await doomed.open(new Uint8Array(1)), await doomed.open(new Uint8Array(1))];
  await assert.rejects(one.run({ x }), {
    code: "RUNTIME_CRASHED",
    message: "The model crashed ONNX Runtime while it ran: The ONNX Runtime process died by signal SIGILL.",
    hint: "Its last words: onnxruntime: illegal instruction in kernel",
  });
  await one.close();
  await two.close();
  await doomed.close();
});

test("an abort ends a run and the sessions with it", async () => {
  const control = new AbortController();
  const aborted = childSessions({ signal: control.signal });
  const session = await aborted.open(negate("N", [4]));
  control.abort(new Error("stop"));
  await assert.rejects(session.run({ x }), { message: "stop" });
  await aborted.close();
});
