import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { validator } from "../../harness/platform/schema.ts";
import { parseSidecar } from "../../harness/telemetry/parse-sidecar.ts";
import { runSidecar } from "../../harness/telemetry/run-sidecar.ts";
import { expandTemplate } from "../../harness/telemetry/sidecar-template.ts";
import { FAKE_SMI, SIDECAR } from "../fixtures/probe-run.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const BENCH = fileURLToPath(new URL("../../../tests/fixtures/fake-llama-bench.mjs", import.meta.url));
const NVIDIA = { profile: "nvidia" } as const;
const WHOLE = {
  vram_total_mb: 24576,
  vram_used_mb: 6144,
  ttft_ms: 250,
  prefill_tps: 900,
  decode_tps: 41.5,
  thermal_start_c: 48,
  thermal_end_c: 71,
  kernel_launch_ms: 0.009,
  model_load_ms: 1800,
  pcie_throughput_gbps: 12,
  cuda_graph_warmup_ms: 5,
  gpu_clock_mhz: 1700,
  power_draw_watts: 210,
  fan_speed_percent: 55,
};

function parse(payload: unknown, options: Parameters<typeof parseSidecar>[1] = NVIDIA) {
  const parsed = parseSidecar(JSON.stringify(payload), options);
  validator.validate("sidecar_parse.v1", parsed, { what: "the parse", code: "STORE_SCHEMA" });
  return parsed;
}

test("a whole payload is OK and keeps its values", () => {
  const parsed = parse(WHOLE);
  assert.equal(parsed.sidecar_parse_status, "OK");
  assert.deepEqual(parsed.sidecar_parse_errors, []);
  for (const [key, value] of Object.entries(WHOLE)) assert.equal(parsed[key as keyof typeof WHOLE], value, key);
});

test("aliases become canonical keys, by their unit", () => {
  const parsed = parse({
    vramTotalGiB: 24,
    vram_used_bytes: 6144 * 2 ** 20,
    ttft_s: 0.25,
    prompt_tps: 900,
    generation_tps: 41.5,
    temp_start_c: 48,
    temp_end_c: 71,
    kernel_launch_us: 9,
    load: "1.8 s",
    pcie_throughput_gb_per_s: 1.5,
    cuda_graph_warmup_ms: 5,
    gpu_clock_ghz: 1.7,
    power_mw: 210_000,
    fan: "55 %",
  });
  assert.equal(parsed.sidecar_parse_status, "OK");
  for (const [key, value] of Object.entries(WHOLE)) {
    const got = parsed[key as keyof typeof WHOLE] ?? Number.NaN;
    assert.ok(Math.abs(got - value) < 1e-9 * Math.max(1, value), `${key}: ${got}`);
  }
});

test("a missing optional key and a missing required one have their statuses and sorted tokens", () => {
  const { fan_speed_percent: _, ...noFan } = WHOLE;
  const optional = parse(noFan);
  assert.equal(optional.sidecar_parse_status, "OPTIONAL_FIELD_MISSING");
  assert.deepEqual(optional.sidecar_parse_errors, ["missing:fan_speed_percent"]);
  const required = parse({ ...noFan, ttft_ms: null, decode_tps: "N/A" });
  assert.equal(required.sidecar_parse_status, "REQUIRED_FIELD_MISSING");
  assert.deepEqual(required.sidecar_parse_errors, [
    "missing:decode_tps",
    "missing:fan_speed_percent",
    "missing:ttft_ms",
  ]);
  assert.equal(required.ttft_ms, null);
});

test("zero is a value", () => {
  const parsed = parse({ ...WHOLE, fan_speed_percent: 0, kernel_launch_ms: 0 });
  assert.equal(parsed.sidecar_parse_status, "OK");
  assert.equal(parsed.fan_speed_percent, 0);
});

test("one temperature is never start and end, and a series gives its two ends", () => {
  const { thermal_start_c: _, thermal_end_c: __, ...cold } = WHOLE;
  const single = parse({ ...cold, thermal_start_c: 60 });
  assert.equal(single.thermal_end_c, null);
  assert.deepEqual(single.sidecar_parse_errors, ["missing:thermal_end_c"]);
  assert.deepEqual(parse({ ...cold, thermal_samples_c: [60] }).sidecar_parse_errors, [
    "missing:thermal_end_c",
    "missing:thermal_start_c",
  ]);
  const series = parse({ ...cold, thermal_samples_c: [60, 75, 70] });
  assert.deepEqual([series.thermal_start_c, series.thermal_end_c], [60, 70]);
});

test("values that cannot be are a parse error where required, and a gap where optional", () => {
  const hot = parse({ ...WHOLE, thermal_end_c: 4294967295 });
  assert.equal(hot.sidecar_parse_status, "PARSE_ERROR");
  assert.deepEqual(hot.sidecar_parse_errors, ["invalid:thermal_end_c"]);
  assert.equal(parse({ ...WHOLE, vram_used_mb: 99_999 }).vram_used_mb, null);
  const fast = parse({ ...WHOLE, gpu_clock_mhz: "fast" });
  assert.equal(fast.sidecar_parse_status, "OPTIONAL_FIELD_MISSING");
  assert.deepEqual(fast.sidecar_parse_errors, ["invalid:gpu_clock_mhz"]);
});

test("a number without its unit is not guessed at", () => {
  const { ttft_ms: _, ...rest } = WHOLE;
  const parsed = parse({ ...rest, ttft: 250 });
  assert.equal(parsed.ttft_ms, null);
  assert.equal(parsed.sidecar_parse_status, "PARSE_ERROR");
  assert.deepEqual(parsed.sidecar_parse_errors, ["unit:ttft_ms"]);
});

test("aliases that disagree are told, and the key itself wins", () => {
  const parsed = parse({ ...WHOLE, generation_tps: 60, ttft_s: 0.25 });
  assert.equal(parsed.decode_tps, 41.5);
  assert.equal(parsed.sidecar_parse_status, "OK");
  assert.deepEqual(parsed.sidecar_parse_errors, ["conflict:decode_tps"]);
});

test("each profile asks for its own keys; what does not apply is null and not missing", () => {
  const cpu = parse(
    { ttft_ms: 1, prefill_tps: 2, decode_tps: 3, model_load_ms: 4, vram_total_mb: 5 },
    { profile: "cpu_only" },
  );
  assert.equal(cpu.sidecar_parse_status, "OPTIONAL_FIELD_MISSING");
  assert.equal(cpu.vram_total_mb, null);
  assert.ok(cpu.not_applicable.includes("vram_total_mb"));
  assert.ok(!cpu.sidecar_parse_errors.includes("missing:vram_total_mb"));
  const { cuda_graph_warmup_ms: _, ...noGraph } = WHOLE;
  assert.equal(parse(noGraph, { profile: "amd" }).sidecar_parse_status, "OK");
  assert.equal(parse(noGraph).sidecar_parse_status, "OPTIONAL_FIELD_MISSING");
  const own = { nvidia: { required: ["ttft_ms"], optional: [] } } as const;
  assert.equal(parse({ ttft_ms: 3 }, { profile: "nvidia", profiles: own }).sidecar_parse_status, "OK");
});

test("the profile auto is what the payload says of itself", () => {
  const auto = { profile: "auto" } as const;
  assert.equal(parse({ ...WHOLE, backend: "CUDA" }, auto).profile, "nvidia");
  assert.equal(parse({ ...WHOLE, backend: "rocm" }, auto).profile, "amd");
  assert.equal(parse({ backend: "cpu" }, auto).profile, "cpu_only");
  assert.equal(parse(WHOLE, auto).profile, "nvidia");
  assert.equal(parse({ ttft_ms: 5 }, auto).profile, "cpu_only");
});

test("profile none, and a payload to which nothing applies, are not applicable", () => {
  assert.equal(parse(WHOLE, { profile: "none" }).sidecar_parse_status, "NOT_APPLICABLE");
  const keys = Object.keys(WHOLE);
  const all = parse({ missing: Object.fromEntries(keys.map((key) => [key, "not-applicable"])) });
  assert.equal(all.sidecar_parse_status, "NOT_APPLICABLE");
  assert.deepEqual(all.sidecar_parse_errors, []);
});

test("text that is no payload is a parse error, and JSON after other words is found", () => {
  for (const text of [undefined, "", "no JSON", "{", "[1]", "null"]) {
    const parsed = parseSidecar(text, NVIDIA);
    assert.equal(parsed.sidecar_parse_status, "PARSE_ERROR", String(text));
    assert.deepEqual(parsed.sidecar_parse_errors, ["payload:unreadable"]);
  }
  const chatty = `loading { model }\n{ "progress": 1 }\n${JSON.stringify(WHOLE)}\nbye`;
  assert.equal(parseSidecar(chatty, NVIDIA).sidecar_parse_status, "OK");
});

const VALUES = {
  model_id: "my model:7b",
  quant_tag: 'Q"4"_{K}',
  runtime_target: "local",
  execution_mode: "bench",
  out_file: "/tmp/a b/out.json",
};

test("a template is cut like a shell's line and filled in afterwards", () => {
  assert.deepEqual(expandTemplate(`run --m {model_id} "--q={quant_tag}" '{out_file} x' "" a\\ b`, VALUES), [
    "run",
    "--m",
    "my model:7b",
    '--q=Q"4"_{K}',
    "/tmp/a b/out.json x",
    "",
    "a b",
  ]);
  assert.deepEqual(
    expandTemplate('p {{"a": {quant_tag}}} C:\\tools\\x "say \\"hi\\""', { ...VALUES, quant_tag: "{model_id}" }),
    ["p", "{a:", "{model_id}}", "C:\\tools\\x", 'say "hi"'],
  );
});

test("a template that is empty, unclosed or names an unknown word is refused", () => {
  for (const template of ["", "   ", 'run "x', "run {quant}", "run {constructor}"]) {
    assert.throws(() => expandTemplate(template, VALUES), { code: "CONFIG_USAGE" }, template);
  }
});

const TEMPLATE = `"${process.execPath}" "${BENCH}" --model {model_id} --quant {quant_tag}`;

test("the runbook's template runs, by standard output and by file", async (t) => {
  const outFile = join(await scratchFolder(t), "with space.json");
  const values = { ...VALUES, out_file: outFile };
  for (const template of [TEMPLATE, `${TEMPLATE} --out {out_file}`]) {
    const argv = expandTemplate(template, values);
    const { parse: parsed, problem } = await runSidecar({ argv, outFile, timeoutMs: 20_000, profile: "auto" });
    assert.equal(problem, undefined);
    assert.equal(parsed.profile, "nvidia");
    assert.equal(parsed.decode_tps, 41.5);
    assert.equal(parsed.vram_total_mb, 24576);
    assert.equal(parsed.sidecar_parse_status, "OPTIONAL_FIELD_MISSING");
    assert.deepEqual(parsed.sidecar_parse_errors, ["missing:cuda_graph_warmup_ms", "missing:pcie_throughput_gbps"]);
  }
});

test("a sidecar that fails, hangs, lies or is missing is a sentence and a status, never an error", async (t) => {
  const outFile = join(await scratchFolder(t), "out.json");
  const argv = (mode: string) => ["/usr/bin/env", `FAKE_BENCH_MODE=${mode}`, ...expandTemplate(TEMPLATE, VALUES)];
  const run = (words: readonly string[], timeoutMs = 20_000) =>
    runSidecar({ argv: words, outFile, timeoutMs, profile: "nvidia" });
  if (process.platform === "win32") return t.skip("needs env");
  const fails = await run(argv("fails"));
  assert.match(fails.problem ?? "", /exit code 3.*out of memory/);
  assert.equal(fails.parse.sidecar_parse_status, "PARSE_ERROR");
  assert.match((await run(argv("hangs"), 1000)).problem ?? "", /did not finish within 1 s/);
  assert.equal((await run(argv("garbage"))).parse.sidecar_parse_status, "PARSE_ERROR");
  const partial = await run(argv("partial"));
  assert.equal(partial.parse.sidecar_parse_status, "REQUIRED_FIELD_MISSING");
  assert.match((await run(["quantgate-no-such-bench"])).problem ?? "", /not installed/);
});

test("a file of an earlier run is not taken for this one's", async (t) => {
  const outFile = join(await scratchFolder(t), "out.json");
  writeFileSync(outFile, JSON.stringify(WHOLE));
  const { parse: parsed } = await runSidecar({
    argv: ["quantgate-no-such"],
    outFile,
    timeoutMs: 1000,
    profile: "nvidia",
  });
  assert.equal(parsed.sidecar_parse_status, "PARSE_ERROR");
  assert.equal(existsSync(outFile), false);
});

test("the built-in probe's file fits the contract: what only a benchmark knows does not apply", async (t) => {
  if (process.platform === "win32") return t.skip("the fake nvidia-smi is a script");
  const outFile = join(await scratchFolder(t), "out.json");
  const line = `"${process.execPath}" "${SIDECAR}" --backend nvidia --tool "${FAKE_SMI}" --interval-ms 30 --samples 3 --model {model_id} --quant {quant_tag} --out {out_file}`;
  const argv = expandTemplate(line, { ...VALUES, out_file: outFile });
  const { parse: parsed, problem } = await runSidecar({ argv, outFile, timeoutMs: 20_000, profile: "auto" });
  assert.equal(problem, undefined);
  assert.equal(parsed.sidecar_parse_status, "OPTIONAL_FIELD_MISSING");
  assert.deepEqual(parsed.sidecar_parse_errors, ["missing:pcie_throughput_gbps"]);
  assert.deepEqual([parsed.thermal_start_c, parsed.thermal_end_c], [60, 62]);
  assert.ok(parsed.not_applicable.includes("ttft_ms"));
});
