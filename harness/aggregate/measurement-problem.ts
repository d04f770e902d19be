import type { TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import { unpackBits } from "./run-record.ts";

/** What a trial evaluated: all items, a stretch of the random order, or the subset alone. */
type Evaluated = Pick<TrialLine, "evaluates" | "items">;
type Measured = NonNullable<TrialLine["measured"]>;

/** Timed calls take up at least this share of their loop; less, and they are in another unit than the loop's time. */
const LEAST_SHARE_OF_LOOP = 0.01;
/** Rounding of sums and quotients that were written down. */
const ROUNDING = 1e-6;

/**
 * Why the figures of one completed trial cannot all be true, as a clause; undefined when they can. They are held against the plan and
 * against each other: a count against its bits, a rate against its time, calls against the loop that timed them.
 */
export function measurementProblem(measured: Measured, plan: Plan, evaluated: Evaluated): string | undefined {
  return (
    unmeasurable(measured) ??
    wrongSamples(measured, plan) ??
    wrongScores(measured, plan, evaluated) ??
    wrongOutputs(measured, plan, evaluated) ??
    wrongReplies(measured, plan, evaluated)
  );
}

function unmeasurable({ load_s, warmup, throughput, memory, host, language }: Measured): string | undefined {
  const isSilent = load_s === null || memory.peak_rss_bytes === null || memory.rss_before_load_bytes === null;
  if (isSilent && language === undefined) return "its load time or its peak memory are missing";
  const positive = {
    throughput: throughput.items_per_second,
    "evaluation time": throughput.seconds,
    "peak memory": memory.peak_rss_bytes ?? 1,
  };
  const notNegative = {
    "load time": load_s ?? 0,
    "warm-up time": warmup.seconds,
    "memory before the model": memory.rss_before_load_bytes ?? 0,
    "loop time": host.loop_wall_s,
    "CPU time": host.loop_cpu_s ?? 0,
    "number of context switches": host.involuntary_switches ?? 0,
    "steal time": host.steal_s ?? 0,
    pressure: host.cpu_pressure_s ?? 0,
    load: host.load1 ?? 0,
    "trial time": host.wall_s,
  };
  const odd =
    Object.entries(positive).find(([, value]) => !(value > 0 && value < Infinity)) ??
    Object.entries(notNegative).find(([, value]) => !(value >= 0 && value < Infinity));
  return odd === undefined ? undefined : `it reports ${odd[1]} as its ${odd[0]}`;
}

function wrongSamples(measured: Measured, plan: Plan): string | undefined {
  const { latency_ns, latency_slices = [latency_ns.length], host, throughput } = measured;
  const { min_samples, max_samples, slice_ms } = plan.experimental_controls;
  const n = latency_ns.length;
  if (slice_ms === undefined && latency_slices.length > 1) return "it was timed in slices that nobody planned";
  const inSlices = latency_slices.reduce((sum, count) => sum + count, 0);
  if (inSlices !== n) return `its slices hold ${inSlices} of ${n} latency samples`;
  if (n < min_samples || n > max_samples) return `it holds ${n} latency samples of ${min_samples} to ${max_samples}`;
  const called = latency_ns.reduce((sum, ns) => sum + ns, 0) * 1e-9;
  // Each call was rounded to a nanosecond.
  const most = host.loop_wall_s * (1 + ROUNDING) + n * 1e-9;
  if (called > most || called < host.loop_wall_s * LEAST_SHARE_OF_LOOP) {
    return `its calls add up to ${called} s in a loop of ${host.loop_wall_s} s`;
  }
  const rate = throughput.items / throughput.seconds;
  if (Math.abs(throughput.items_per_second - rate) <= rate * ROUNDING) return undefined;
  return `its throughput is ${throughput.items_per_second}/s for ${throughput.items} items in ${throughput.seconds} s`;
}

function wrongScores(
  { quality, subset, throughput }: Measured,
  { dataset, canary }: Plan,
  evaluated: Evaluated,
): string | undefined {
  const { n, correct, top_k_correct, invalid_rows, correct_bits } = quality;
  const items = evaluatedCount(evaluated, dataset.count) ?? canary.subset.length;
  if (n !== items || throughput.items !== items)
    return `it scored ${n} and timed ${throughput.items} of ${items} items`;
  if (subset.n !== canary.subset.length) return `its subset has ${subset.n} of ${canary.subset.length} items`;
  const right = setBits(correct_bits, n);
  if (right === undefined) return `its correct_bits are not the bits of ${n} items`;
  if (right !== correct) return `it counts ${correct} items as right, and its bits ${right}`;
  if (!(subset.correct >= 0 && subset.correct <= subset.n)) return `${subset.correct} of ${subset.n} items are right`;
  if (evaluated.evaluates === "subset" && subset.correct !== correct) {
    return `it counts ${correct} items of the subset as right, and ${subset.correct}`;
  }
  if (top_k_correct < correct || top_k_correct > n)
    return `${top_k_correct} items are right in the top k, ${correct} in the top 1`;
  if (invalid_rows < 0 || invalid_rows + correct > n)
    return `${invalid_rows} rows are invalid and ${correct} right of ${n}`;
  return undefined;
}

/** Items beside the subset; undefined where there are none. */
function evaluatedCount({ evaluates, items }: Evaluated, all: number): number | undefined {
  if (evaluates === "all") return all;
  return evaluates === "items" ? (items?.count ?? 0) : undefined;
}

/** Replies of just the items that were asked, adherence counted by its bits; a plan of tasks has them, and no other has. */
function wrongReplies({ language, quality }: Measured, plan: Plan, evaluated: Evaluated): string | undefined {
  if ((language === undefined) !== (plan.language === undefined)) return "it is not of the plan's kind of runtime";
  if (language === undefined) return undefined;
  const { n, kept, asked_bits, kept_bits } = language.adherence;
  if (setBits(asked_bits, quality.n) !== n || setBits(kept_bits, quality.n) !== kept || kept > n) {
    return `it counts ${kept} of ${n} tasks as adherent, and its bits do not`;
  }
  const beside = evaluated.evaluates === "items" ? (evaluated.items?.count ?? 0) : 0;
  const most = evaluated.evaluates === "all" ? plan.dataset.count : plan.canary.subset.length + beside;
  const asked = new Set(language.requests.map(({ item }) => item));
  if (asked.size !== language.requests.length || asked.size > most || asked.size < quality.n) {
    return `it holds ${language.requests.length} replies for ${quality.n} items`;
  }
  return [...asked].every((item) => item < plan.dataset.count)
    ? undefined
    : "it holds replies to items that there are not";
}

/** Bits set; undefined where the text is not base64 of just so many bits, the rest of the last byte 0. */
function setBits(base64: string, count: number): number | undefined {
  const bytes = Math.ceil(count / 8);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length !== 4 * Math.ceil(bytes / 3)) return undefined;
  try {
    if (atob(base64).length !== bytes) return undefined;
    const sum = (flags: Uint8Array) => flags.reduce((total, flag) => total + flag, 0);
    const right = sum(unpackBits(base64, count));
    return right === sum(unpackBits(base64, bytes * 8)) ? right : undefined;
  } catch {
    return undefined;
  }
}

function wrongOutputs(
  { outputs_sha256, predictions, outputs, language }: Measured,
  { dataset }: Plan,
  evaluated: Evaluated,
): string | undefined {
  const count = evaluatedCount(evaluated, dataset.count);
  if (count === undefined) {
    const isBare = outputs_sha256 === null && predictions === null && outputs === null;
    return isBare ? undefined : "it holds outputs of items that it did not evaluate";
  }
  if (language !== undefined) {
    const isWhole = outputs_sha256 !== null && predictions === null && outputs === null;
    return isWhole ? undefined : "its replies have no digest, or it holds outputs that a language model does not give";
  }
  if (outputs_sha256 === null || predictions === null)
    return "the digest of its outputs, or its predictions, are missing";
  if (predictions.dtype !== "i32" || predictions.shape[0] !== count) {
    return `its predictions are of ${predictions.shape[0]} of ${count} items`;
  }
  if (outputs === null) return undefined;
  if (outputs.dtype !== "f32" || outputs.shape[0] !== count) return "its outputs are not those of its items";
  return outputs.sha256 === outputs_sha256
    ? undefined
    : "the digest of its outputs is not that of the outputs it names";
}
