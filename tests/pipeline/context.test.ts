import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { ContextCeiling } from "../../harness/domain/generated/context-ceiling-v1.ts";
import { checkArtifacts } from "../../harness/pipeline/check-artifacts.ts";
import { contextCeiling, contextThresholds } from "../../harness/pipeline/context-ceiling.ts";
import { type ContextSweepOptions, sweepContexts } from "../../harness/pipeline/context-sweep.ts";
import { manualClock } from "../../harness/platform/clock.ts";
import { renderContextCeiling } from "../../harness/report/context-text.ts";
import { type FakeModelOptions, fakeLanguageModel } from "../fixtures/fake-language-model.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const LENGTHS = [512, 1024, 2048, 4096];

interface Run {
  readonly ceiling: ContextCeiling;
  readonly folder: string;
  readonly lengths: readonly number[];
  readonly prompts: readonly string[];
}

async function run(t: TestContext, behavior: FakeModelOptions, more: Partial<ContextSweepOptions> = {}): Promise<Run> {
  const folder = await scratchFolder(t);
  const runtime = fakeLanguageModel(behavior);
  const thresholds = contextThresholds("safe");
  const done = await sweepContexts({
    runtime,
    model: { name: "fake" },
    modelId: "fake",
    quantTag: "Q8_0",
    contexts: LENGTHS,
    thresholds,
    lane: "lab",
    profile: "safe",
    summaryTemplate: "context_{context}.json",
    cwd: folder,
    clock: manualClock(0),
    ...more,
  });
  const lengths = done.map(({ summary }) => summary.context);
  const { ceiling } = await contextCeiling({
    summaryTemplate: "context_{context}.json",
    contexts: lengths,
    thresholds: more.thresholds ?? thresholds,
    lane: "lab",
    profile: "safe",
    out: "context_ceiling.json",
    cwd: folder,
  });
  return { ceiling, folder, lengths, prompts: runtime.prompts };
}

const reasonsAt = ({ points }: ContextCeiling, context: number) =>
  points.find((point) => point.context === context)?.reasons;

describe("the context ceiling of a model", () => {
  it("that does all it should is the longest length, with every prompt filled to the token", async (t) => {
    const { ceiling, folder } = await run(t, {});
    assert.equal(ceiling.safe_context_ceiling, 4096);
    assert.deepEqual([ceiling.ceiling.low, ceiling.ceiling.high, ceiling.ceiling.limited_by], [4096, null, null]);
    for (const { context, prompt_tokens, acceptance, recall, valid, passed } of ceiling.points) {
      assert.deepEqual([prompt_tokens, acceptance, valid, passed], [context - 64, "whole", true, true]);
      assert.deepEqual([recall?.value, recall?.n], [1, 30]);
      assert.ok((recall?.low ?? 0) > 0.8 && (recall?.low ?? 1) < 1, "the lower limit knows that 30 codes are few");
    }
    const results = await checkArtifacts([join(folder, "context_ceiling.json"), join(folder, "context_512.json")]);
    assert.deepEqual(
      results.map(({ ok }) => ok),
      [true, true],
      results.map(({ message }) => message).join("; "),
    );
    assert.match(results[0]?.message ?? "", /what its summaries give/);
  });

  it("that refuses long prompts: refused, not truncated, and said so", async (t) => {
    const { ceiling } = await run(t, { acceptsUpTo: 2048, beyond: "refuses" });
    assert.deepEqual(
      [ceiling.safe_context_ceiling, ceiling.ceiling.high, ceiling.ceiling.limited_by],
      [2048, 4096, "acceptance"],
    );
    assert.deepEqual([ceiling.points[3]?.acceptance, reasonsAt(ceiling, 4096)], ["refused", ["TRUNCATED"]]);
    assert.match(
      ceiling.recommendation,
      /Use up to 2048 tokens\. 4096 tokens fail: the prompt is refused as too long\./,
    );
  });

  for (const beyond of ["truncates", "truncates and hides it"] as const) {
    it(`that ${beyond}: the server's own count gives it away`, async (t) => {
      const { ceiling } = await run(t, { acceptsUpTo: 1024, beyond });
      assert.equal(ceiling.safe_context_ceiling, 1024);
      assert.equal(ceiling.points[2]?.acceptance, "truncated");
      assert.ok(reasonsAt(ceiling, 2048)?.includes("TRUNCATED"));
    });
  }

  it("that shifts the start out and reports the full count: the codes at the start are gone", async (t) => {
    const { ceiling } = await run(t, { acceptsUpTo: 1024, beyond: "shifts silently" });
    assert.deepEqual([ceiling.safe_context_ceiling, ceiling.ceiling.limited_by], [1024, "recall"]);
    const point = ceiling.points[2];
    assert.deepEqual([point?.acceptance, point?.reasons], ["whole", ["RECALL_BELOW_MIN"]]);
    assert.deepEqual([point?.recall_by_depth[0]?.recalled, point?.recall_by_depth[4]?.recalled], [0, 6]);
  });

  it("that shifts silently and says no counts is found by recall all the same", async (t) => {
    const { ceiling } = await run(t, { acceptsUpTo: 1024, beyond: "shifts silently", saysNoCounts: true });
    assert.equal(ceiling.safe_context_ceiling, 1024);
    assert.deepEqual([ceiling.points[0]?.acceptance, ceiling.points[2]?.acceptance], ["unknown", "unknown"]);
    assert.ok(reasonsAt(ceiling, 2048)?.includes("RECALL_BELOW_MIN"));
  });

  it("that forgets the middle of long texts fails by depth", async (t) => {
    const { ceiling, folder } = await run(t, { forgetsFrom: 1500, forgetsBefore: 0.6 });
    assert.deepEqual([ceiling.safe_context_ceiling, ceiling.ceiling.limited_by], [1024, "recall"]);
    assert.deepEqual(
      ceiling.points[2]?.recall_by_depth.map(({ recalled }) => recalled),
      [0, 0, 0, 6, 6],
    );
    assert.equal(ceiling.points[2]?.degradation_from_baseline, 0.6);
    const text = renderContextCeiling(ceiling, { color: false, width: 120 });
    assert.match(text, /Recall at 2,048 tokens by place in the text, 0 %: 0 of 6/);
    assert.ok(folder);
  });

  it("that allocates less than asked for, or fails to load, is not loaded, and is asked nothing", async (t) => {
    const less = await run(t, { allocatesUpTo: 2048 });
    assert.deepEqual([less.ceiling.safe_context_ceiling, reasonsAt(less.ceiling, 4096)], [2048, ["NOT_LOADED"]]);
    const fails = await run(t, { failsToLoadAbove: 2048 });
    assert.deepEqual([fails.ceiling.safe_context_ceiling, reasonsAt(fails.ceiling, 4096)], [2048, ["NOT_LOADED"]]);
    assert.equal(fails.ceiling.ceiling.limited_by, "load");
    assert.equal(fails.ceiling.points[3]?.valid, false);
  });

  it("that spills to the CPU has its ceiling below that", async (t) => {
    const { ceiling } = await run(t, { offloadsAbove: 1024 });
    assert.deepEqual([ceiling.safe_context_ceiling, reasonsAt(ceiling, 2048)], [1024, ["OFFLOADED"]]);
  });

  it("that grows slow fails by its times", async (t) => {
    const { ceiling } = await run(t, { ttftS: (words) => words / 10_000, tps: (words) => 30_000 / words });
    assert.equal(ceiling.safe_context_ceiling, 1024);
    assert.deepEqual(reasonsAt(ceiling, 2048), ["DECODE_TPS_BELOW_FLOOR"]);
    assert.deepEqual(reasonsAt(ceiling, 4096), ["TTFT_ABOVE_CEILING", "DECODE_TPS_BELOW_FLOOR"]);
    assert.equal(ceiling.ceiling.limited_by, "usability");
  });

  it("that chats around its answers recalls, but does not adhere", async (t) => {
    const { ceiling } = await run(t, { chatty: true });
    assert.deepEqual([ceiling.safe_context_ceiling, ceiling.ceiling.limited_by], [null, "form"]);
    assert.deepEqual(reasonsAt(ceiling, 512), ["ADHERENCE_BELOW_MIN"]);
    assert.equal(ceiling.points[0]?.recall?.value, 1);
  });

  it("a failure in the middle caps the ceiling below it, whatever longer lengths do", async (t) => {
    const { ceiling } = await run(t, { tps: (words) => (words > 900 && words < 1100 ? 1 : 100) });
    assert.equal(ceiling.points[3]?.passed, true);
    assert.equal(ceiling.safe_context_ceiling, 512);
  });

  it("requests that break score nothing, and lower the recall instead of vanishing", async (t) => {
    const { ceiling } = await run(t, { breaksEvery: 5 });
    const point = ceiling.points[0];
    assert.equal(point?.recall?.n, 30);
    assert.ok((point?.recall?.value ?? 1) < 1);
    assert.equal(point?.valid, true);
  });

  it("a model that cannot do the task at the shortest length has no ceiling by recall", async (t) => {
    const { ceiling } = await run(t, { forgetsFrom: 1, forgetsBefore: 0.9 });
    assert.equal(ceiling.safe_context_ceiling, null);
    assert.ok(reasonsAt(ceiling, 512)?.includes("RECALL_BELOW_MIN"));
  });

  it("a server without a tokenizer counts by processing, and prompts still meet the token", async (t) => {
    const { ceiling } = await run(t, { cannotCount: true }, { contexts: [512, 1024] });
    assert.deepEqual(
      ceiling.points.map(({ prompt_tokens }) => prompt_tokens),
      [448, 960],
    );
    assert.equal(ceiling.safe_context_ceiling, 1024);
  });

  it("memory that grows as predicted is compared with the prediction", async (t) => {
    const { ceiling } = await run(t, { kvBytesPerToken: 2048 });
    assert.equal(ceiling.kv_memory.measured_bytes_per_token?.value, 2048);
    assert.equal(ceiling.kv_memory.predicted_bytes_per_token, null, "there is no file to predict from");
  });

  it("lengths found by search bracket the ceiling", async (t) => {
    const { ceiling, lengths } = await run(
      t,
      { forgetsFrom: 2800, forgetsBefore: 0.5 },
      { contexts: { min: 512, max: 8192, resolution: 0.1 } },
    );
    assert.deepEqual(lengths.slice(0, 3), [512, 1024, 2048]);
    const safe = ceiling.safe_context_ceiling as number;
    assert.ok(safe >= 2560 && safe <= 2864, `${safe}`);
    assert.ok((ceiling.ceiling.high as number) - safe <= 256 + safe * 0.1);
  });

  it("no prompt's start repeats, so that no cache of another length or text helps", async (t) => {
    const { prompts } = await run(t, {});
    const starts = new Set(prompts.map((prompt) => prompt.slice(0, 14)));
    assert.equal(starts.size, LENGTHS.length * 3);
  });
});

describe("stored summaries", () => {
  it("are refused where one is missing, of another length, or of another model", async (t) => {
    const { folder } = await run(t, {}, { contexts: [512, 1024] });
    const decide = (contexts: number[]) =>
      contextCeiling({
        summaryTemplate: "context_{context}.json",
        contexts,
        thresholds: contextThresholds("safe"),
        lane: "lab",
        profile: "safe",
        cwd: folder,
      });
    await assert.rejects(decide([512, 2048]), { code: "STORE_MISSING" });
    const text = await readFile(join(folder, "context_1024.json"), "utf8");
    await writeFile(join(folder, "context_2048.json"), text);
    await assert.rejects(decide([512, 2048]), { code: "STORE_CORRUPT", message: /is of 1024 tokens, not 2048/ });
    const other = JSON.parse(text) as { model_id: string; context: number };
    await writeFile(join(folder, "context_2048.json"), JSON.stringify({ ...other, model_id: "other", context: 2048 }));
    await assert.rejects(decide([512, 2048]), { code: "CONFIG_INVALID", message: /another model/ });
    await writeFile(join(folder, "context_2048.json"), text.slice(0, 300));
    await assert.rejects(decide([512, 2048]), { code: "STORE_CORRUPT" });
  });

  it("a summary changed afterwards, or a ceiling made up, is found by check", async (t) => {
    const { folder } = await run(t, {}, { contexts: [512, 1024] });
    const path = join(folder, "context_ceiling.json");
    const artifact = await readFile(path, "utf8");
    await writeFile(path, artifact.replace('"safe_context_ceiling": 1024', '"safe_context_ceiling": 512'));
    const [made] = await checkArtifacts([path]);
    assert.match(made?.message ?? "", /safe_context_ceiling is 512, recomputed 1024/);
    await writeFile(path, artifact);
    const summary = join(folder, "context_1024.json");
    await writeFile(summary, `${await readFile(summary, "utf8")}\n`);
    const [changed] = await checkArtifacts([path]);
    assert.match(changed?.message ?? "", /digest differs/);
  });

  it("the same summaries give the same bytes", async (t) => {
    const { folder } = await run(t, {}, { contexts: [512] });
    const path = join(folder, "context_ceiling.json");
    const before = await readFile(path, "utf8");
    await contextCeiling({
      summaryTemplate: "context_{context}.json",
      contexts: [512],
      thresholds: contextThresholds("safe"),
      lane: "lab",
      profile: "safe",
      out: "context_ceiling.json",
      cwd: folder,
    });
    assert.equal(await readFile(path, "utf8"), before);
  });

  it("an abort leaves the summaries that were done", async (t) => {
    const folder = await scratchFolder(t);
    const stop = new AbortController();
    const running = sweepContexts({
      runtime: fakeLanguageModel(),
      model: { name: "fake" },
      modelId: "fake",
      quantTag: "Q8_0",
      contexts: LENGTHS,
      thresholds: contextThresholds("safe"),
      lane: "lab",
      profile: "safe",
      summaryTemplate: "context_{context}.json",
      cwd: folder,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    });
    await assert.rejects(running, /enough/);
    assert.match(await readFile(join(folder, "context_512.json"), "utf8"), /quantgate\.context_summary\.v1/);
  });

  it("limits come from the profile, and flags beat them", () => {
    assert.deepEqual(contextThresholds("stress", { ttft_ceiling_ms: 99 }), {
      adherence_min: 0.9,
      ttft_ceiling_ms: 99,
      decode_floor_tps: 10,
      recall_relative_min: 0.8,
      recall_floor: 0.5,
      level: 0.9,
    });
  });
});
