import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packBits, unpackBits } from "../../harness/aggregate/run-record.ts";
import { canonicalJson } from "../../harness/domain/canonical-json.ts";
import type {
  ArrayRef,
  EndLine,
  JournalHeader,
  JournalLine,
  TrialLine,
  VariantLine,
} from "../../harness/domain/generated/journal-v1.ts";
import type { Plan } from "../../harness/domain/generated/plan-v1.ts";
import { sweep } from "../../harness/pipeline/sweep.ts";
import { planDigest } from "../../harness/plan/make-plan.ts";
import { simulatedBody, simulatedQuant, writeConfig } from "../fixtures/sweep-configs.ts";

export type Measured = NonNullable<TrialLine["measured"]>;

export const BASELINE = "sim/fp32";
/** The required variant, on whose pass the good run's pass rests. */
export const GOOD = "sim/good8";
export const LOSSY = "sim/lossy4";
export const BLOCKS = 8;

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** A run in memory, to be changed and sealed again as if the fault had been there when it was written. */
export class StoredRun {
  readonly path: string;
  plan: Plan;
  header: JournalHeader;
  variants: VariantLine[];
  trials: TrialLine[];
  end: EndLine | undefined;

  constructor(path: string) {
    this.path = path;
    this.plan = JSON.parse(readFileSync(join(path, "plan.json"), "utf8")) as Plan;
    const text = readFileSync(join(path, "journal.ndjson"), "utf8").trimEnd();
    const bodies = text.split("\n").map((line) => (JSON.parse(line) as JournalLine).body);
    this.header = bodies.find((body) => body.kind === "header") as JournalHeader;
    this.variants = bodies.filter((body) => body.kind === "variant");
    this.trials = bodies.filter((body) => body.kind === "trial");
    this.end = bodies.find((body) => body.kind === "end");
  }

  /** Trials of the blocks, in their order. */
  of(cell: string): TrialLine[] {
    return this.trials.filter((line) => line.trial_kind === "trial" && line.cell_id === cell).sort(byBlock);
  }

  trial(cell: string, block: number): TrialLine & { measured: Measured } {
    return this.of(cell)[block] as TrialLine & { measured: Measured };
  }

  measured(cell: string): Measured[] {
    return this.of(cell).flatMap((line) => line.measured ?? []);
  }

  variant(id: string): VariantLine {
    return this.variants.find((line) => line.variant_id === id) as VariantLine;
  }

  gate(id: string): Plan["gates"][number] {
    return this.plan.gates.find((gate) => gate.id === id) as Plan["gates"][number];
  }

  drop(isGone: (line: TrialLine) => boolean): void {
    this.trials = this.trials.filter((line) => !isGone(line));
  }

  putInts(values: Int32Array): ArrayRef {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const digest = sha256(bytes);
    writeFileSync(join(this.path, "arrays", `${digest}.i32`), bytes);
    return { file: `arrays/${digest}.i32`, sha256: digest, dtype: "i32", shape: [values.length] };
  }

  ints({ file }: ArrayRef): Int32Array {
    return new Int32Array(new Uint8Array(readFileSync(join(this.path, file))).buffer);
  }

  /** Writes plan and journal with every digest, number and checksum as it should be. */
  seal(): void {
    this.plan.config_digest = sha256(canonicalJson(this.plan.config));
    this.plan.plan_digest = planDigest(this.plan, sha256);
    this.header.plan = this.plan.plan_digest;
    writeFileSync(join(this.path, "plan.json"), JSON.stringify(this.plan));
    this.sealJournal();
  }

  /** The same, but the plan stays as it lies there. */
  sealJournal(extra: readonly JournalLine["body"][] = []): void {
    const bodies = [this.header, ...this.variants, ...this.trials, ...(this.end ? [this.end] : []), ...extra];
    const lines = bodies.map((body, seq) => sealLine({ seq, plan: this.header.plan, body }));
    writeFileSync(join(this.path, "journal.ndjson"), `${lines.join("\n")}\n`);
  }
}

function sealLine(content: Omit<JournalLine, "sha256">): string {
  return canonicalJson({ ...content, sha256: sha256(canonicalJson(content)) });
}

function byBlock(x: TrialLine, y: TrialLine): number {
  return x.block - y.block;
}

/** Replaces a trial's latency samples, ns, and lets its loop take as long as they do. */
export function setLatency(measured: Measured, samples: readonly number[]): void {
  measured.latency_ns = samples.map(Math.round);
  measured.host.loop_wall_s = measured.latency_ns.reduce((sum, ns) => sum + ns, 0) * 1e-9;
}

/** Replaces a full evaluation's predictions, and all that follows from them. */
export function setPredictions(run: StoredRun, measured: Measured, predictions: Int32Array): void {
  const labels = run.ints(run.header.labels);
  const right = Uint8Array.from(predictions, (prediction, item) => (prediction === labels[item] ? 1 : 0));
  measured.predictions = run.putInts(predictions);
  measured.outputs = null;
  measured.quality.correct_bits = packBits(right);
  measured.quality.correct = right.reduce((sum, one) => sum + one, 0);
  measured.quality.top_k_correct = Math.max(measured.quality.top_k_correct, measured.quality.correct);
  measured.quality.invalid_rows = predictions.filter((prediction) => prediction === -1).length;
}

export function bitsOf(measured: Measured): Uint8Array {
  return unpackBits(measured.quality.correct_bits, measured.quality.n);
}

/** One simulated sweep that passes: fp32, a required good8 and a candidate that loses too much. */
export async function sweepGood(scratch: string): Promise<string> {
  const [fp32, good8, lossy4] = simulatedBody()["quants"] as Record<string, unknown>[];
  const quants = [fp32, { ...good8, role: "required" }, lossy4 ?? simulatedQuant("lossy4")];
  const latency = { min_samples: 20, max_samples: 40, time_budget_ms: 20 };
  const config = writeConfig(scratch, simulatedBody({ quants, latency, runs_per_quant: BLOCKS }));
  const env = { QUANTGATE_CACHE_DIR: join(scratch, "cache") };
  const { runFolder } = await sweep({ config, outDir: join(scratch, "swept"), env });
  return runFolder;
}

/** The same run as a runtime with real weights would have left it: each trial names the digest of what it ran. */
export function withWeights(swept: string, path: string): string {
  copyRun(swept, path);
  const run = new StoredRun(path);
  run.plan.simulated = false;
  for (const variant of run.plan.variants) {
    Object.assign(variant, { kind: "external", path: `${variant.quant_tag}.onnx`, sha256: sha256(variant.variant_id) });
  }
  for (const line of run.variants) line.sha256 = sha256(line.variant_id);
  for (const { measured, variant_id } of run.trials) if (measured !== null) measured.model_sha256 = sha256(variant_id);
  run.seal();
  return path;
}

export function copyRun(from: string, to: string): string {
  mkdirSync(to, { recursive: true });
  cpSync(from, to, { recursive: true });
  return to;
}
