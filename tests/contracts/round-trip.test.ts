import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { openQuantizedFile } from "../../harness/pipeline/layer-artifact.ts";
import { validator } from "../../harness/platform/schema.ts";
import { type Produced, produceEverything } from "../fixtures/every-artifact.ts";
import { breakEveryField } from "../fixtures/schema-walk.ts";
import { linesOf, oneOfEach, rejection, schemaNode } from "../fixtures/v1-documents.ts";

/** Kinds that no command writes, and why: their v1 files are held by artifacts.test.ts. */
const NOT_PRODUCED: Readonly<Record<string, string>> = {
  "activation_row.v1": "written by the user",
  "baseline-index.v1": "a cache, sealed by a digest before it; tests/store has its tests",
  "coco_annotations.v1": "a foreign format",
  "command_reply.v1": "passes between programs, and is kept nowhere",
  "command_request.v1": "passes between programs, and is kept nowhere",
  "dataset.v1": "comes with the package",
  "downloads.v1": "comes with the package",
  "kpi-policy.v1": "written by the user",
  "model_metadata.v1": "written by the user",
  "policy.v1": "written by the user",
  "profile.v1": "written by the user",
  "recipe.v1": "written by the user",
  "sidecar_profiles.v1": "written by the user",
  "quantized_layers.v1": "lies in a safetensors file, see below",
  "anytime-study.v1": "a study's",
  "certify_simulated.v1": "a study's",
  "outbox.v1": "lies there only while something is published; tests of publishing read one",
  "publish_audit.v1": "tests of publishing write and read it",
  "registry_aliases.v1": "lies in a registry; tests of publishing read it",
  "registry_entry.v1": "lies in a registry; tests of publishing read it",
  "parity.v1": "needs PyTorch; tests of parity write and check one",
  "pollution_study.v1": "a study's",
  "power_runs.v1": "a study's",
  "quantizer_comparison.v1": "a study's",
  "quantizer_models.v1": "a study's",
  "quantizer_streaming.v1": "a study's",
  "quantizer_table.v1": "a study's",
};

const root = mkdtempSync(join(tmpdir(), "quantgate-round-trip-"));
after(() => rmSync(root, { recursive: true, force: true }));
let produced: Produced[] = [];
before(async () => {
  produced = await produceEverything(root);
});

async function problems(...paths: string[]): Promise<string[]> {
  const results = await checkArtifacts(paths);
  assert.notEqual(results.length, 0);
  return results.filter(({ ok }) => !ok).map(({ path, message }) => `${path.slice(root.length + 1)}: ${message}`);
}

const LISTS: readonly string[] = ["history.v1", "baseline-audit.v1"];

/** The documents of a file: itself, or one line of each sort. */
function documentsOf({ kind, path }: Produced): unknown[] {
  const text = readFileSync(path, "utf8");
  if (!path.endsWith(".ndjson")) return [JSON.parse(text)];
  return LISTS.includes(kind) ? [linesOf(text)] : oneOfEach(linesOf(text));
}

describe("what each producer writes, its checker accepts", () => {
  test("there is a document of every kind, of invented figures, a real model and a language model", () => {
    const kinds = new Set(produced.map(({ kind }) => kind));
    const missing = validator.schemaNames().filter((kind) => !kinds.has(kind) && NOT_PRODUCED[kind] === undefined);
    assert.deepEqual(missing, []);
    for (const run of ["invented", "real", "language"]) {
      const own = produced.filter(({ path }) => path.startsWith(join(root, run, "results")));
      assert.ok(own.length >= 9, `${run}: ${own.length}`);
    }
  });

  test("each by itself", async () => {
    assert.deepEqual(await problems(...produced.map(({ path }) => path)), []);
  });

  test("and says what it was held against, where it was made from something", async () => {
    const said: Readonly<Record<string, RegExp>> = {
      "summary.v1": /summary and gate equal what the journal gives/,
      "gate.v1": /summary and gate equal what the journal gives/,
      "kpis.v1": /KPIs equal what the journal gives/,
      "canary.v1": /its checks equal what the journal gives/,
      "frontier.v1": /its rows and choices are what its summary gives/,
      "scatter.v1": /its points are what its summary gives/,
      "thermal_stability.v1": /its points are what its summaries give/,
      "context_ceiling.v1": /its points and ceiling are what its summaries give/,
      "journal.v1": /checksums match/,
      "baseline-audit.v1": /sealed and chained/,
    };
    for (const [kind, words] of Object.entries(said)) {
      const { path } = produced.find((one) => one.kind === kind && !one.path.includes("/explorer/")) as Produced;
      assert.match((await checkArtifacts([path])).map(({ message }) => message).join("; "), words, kind);
    }
  });

  test("runs and the store as wholes, sidecars, readings, records and comparable histories among them", async () => {
    const runs = [...new Set(produced.map(({ path }) => path))].filter((path) => basename(path) === "plan.json");
    const folders = [...runs.map((path) => dirname(path)), join(root, "store")];
    assert.equal(folders.length, 4);
    assert.deepEqual(await problems(...folders), []);
    const looked = (await checkArtifacts(folders)).map(({ path }) => path);
    for (const part of ["/sidecar/", "/telemetry/", "/records/", "/explorer/thermal_stability/"])
      assert.ok(
        looked.some((path) => path.includes(part)),
        part,
      );
  });

  test("layers of a safetensors file are read by the schema that their metadata meets", async () => {
    const report = produced.find(({ kind }) => kind === "quantize_report.v1") as Produced;
    const { result } = JSON.parse(readFileSync(report.path, "utf8")) as { result: { path: string } };
    const file = join(dirname(report.path), result.path);
    const opened = await openQuantizedFile(file);
    assert.ok((await opened.weights("a")).length > 0);
  });
});

describe("what was broken, check rejects", () => {
  test("each required field of every document, removed or mistyped in turn, by name", () => {
    let total = 0;
    const seen = new Set<string>();
    for (const one of produced) {
      // Files of readings and the like come in dozens.
      const key = `${one.kind} ${one.path.slice(root.length).split("/")[1]}`;
      if (seen.has(key)) continue;
      seen.add(key);
      for (const document of documentsOf(one)) {
        const { fields, accepted } = breakEveryField(schemaNode(one.kind), document, (broken) =>
          rejection(one.kind, broken),
        );
        assert.deepEqual(accepted, [], one.path);
        total += fields;
      }
    }
    assert.ok(total > 1000, `${total} fields`);
  });

  test("a file whose first required field is gone, by name, for every kind", async () => {
    const scratch = join(root, "broken.json");
    for (const { kind, path } of produced.filter((one) => !one.path.endsWith(".ndjson"))) {
      const { required = [] } = schemaNode(kind);
      for (const name of required.filter((field) => field !== "schema_version")) {
        const { [name]: _, ...rest } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
        writeFileSync(scratch, JSON.stringify(rest));
        const [said = ""] = await problems(scratch);
        assert.ok(said.includes(name), `${kind} without ${name}: ${said}`);
      }
    }
  });

  test("an empty file, and one cut in half, of every kind", async () => {
    const scratch = join(root, "cut");
    mkdirSync(scratch);
    for (const { kind, path } of produced) {
      const copy = join(scratch, basename(path));
      writeFileSync(copy, "");
      assert.equal((await problems(copy)).length, 1, `${kind}, empty`);
      // Of lines, half are a file that a crash cut: whole lines count, and the torn one is told.
      if (path.endsWith(".ndjson")) continue;
      const content = readFileSync(path);
      writeFileSync(copy, content.subarray(0, content.length / 2));
      assert.equal((await problems(copy)).length, 1, `${kind}, cut`);
    }
  });

  /** A figure that is possible, and not what the sources give. */
  const forgeries: readonly (readonly [kind: string, forge: (text: string) => string])[] = [
    ["summary.v1", (text) => text.replace('"state": "complete"', '"state": "partial"')],
    ["gate.v1", (text) => text.replace('"verdict": "pass"', '"verdict": "fail"')],
    ["kpis.v1", (text) => text.replace('"determinism_rate": 1', '"determinism_rate": 0.5')],
    ["canary.v1", (text) => text.replace('"verdict": "ok"', '"verdict": "noisy"')],
    ["frontier.v1", (text) => text.replace('"on_front": true', '"on_front": false')],
    ["scatter.v1", (text) => text.replace('"on_front": true', '"on_front": false')],
    ["thermal_stability.v1", (text) => text.replace('"polluted_run_rate": 0', '"polluted_run_rate": 0.5')],
    ["context_ceiling.v1", (text) => text.replace('"valid": true', '"valid": false')],
    ["baseline.v1", (text) => text.replace('"verdict": "pass"', '"verdict": "fail"')],
    ["journal.v1", (text) => text.replace('"state":"completed"', '"state":"failed"')],
    ["baseline-audit.v1", (text) => text.replace("release", "forgery")],
  ];
  for (const [kind, forge] of forgeries) {
    test(`a ${kind} that its sources do not give`, async () => {
      const one = produced.find((other) => other.kind === kind && !other.path.includes("/explorer/")) as Produced;
      const text = readFileSync(one.path, "utf8");
      const forged = forge(text);
      assert.notEqual(forged, text, "the forgery found its place");
      writeFileSync(one.path, forged);
      const target = kind === "baseline.v1" ? join(root, "store") : one.path;
      const found = await problems(target).finally(() => writeFileSync(one.path, text));
      assert.ok(found.length > 0);
    });
  }

  test("a summary that a frontier, a scatter or a thermal profile was not made from", async () => {
    const summaries = produced.filter(({ kind, path }) => kind === "summary.v1" && path.includes("/invented/"));
    const [summary] = summaries as [Produced];
    const text = readFileSync(summary.path, "utf8");
    writeFileSync(summary.path, `${text}\n`);
    const targets = [
      join(root, "frontier.json"),
      join(root, "thermal_stability.json"),
      join(dirname(summary.path), "scatter.json"),
    ];
    const found = await problems(...targets).finally(() => writeFileSync(summary.path, text));
    assert.equal(found.filter((said) => /its digest differs/.test(said)).length, 3, found.join("\n"));
    const context = join(root, "context_512.json");
    const before = readFileSync(context, "utf8");
    writeFileSync(context, `${before}\n`);
    const ceiling = await problems(join(root, "context_ceiling.json")).finally(() => writeFileSync(context, before));
    assert.match(ceiling.join(), /its digest differs/);
  });
});
