import { requestMetrics } from "../../aggregate/request-metrics.ts";
import { packBits } from "../../aggregate/run-record.ts";
import { canonicalJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import type { LanguageDoc, MeasuredDoc, RequestDoc } from "../../domain/generated/journal-v1.ts";
import type { Replies, StoredReply } from "../../domain/generated/replies-v1.ts";
import type { Task } from "../../domain/generated/task-bank-v1.ts";
import type { GenerateResult } from "../../domain/language-runtime.ts";
import type { PromptItem, Reply } from "../../domain/language-trial.ts";
import type { ReplyMeasurement } from "../../domain/runtime-port.ts";
import type { TaskResponse, TaskTools } from "../../domain/task-port.ts";
import { scoreTask, type TaskScore } from "../../evaluators/score-task.ts";
import { sha256 } from "../../platform/digest.ts";
import { validator } from "../../platform/schema.ts";
import type { RunFolder } from "../../store/run-folder.ts";
import { repeatsDoc, storedRepeats } from "./stored-repeats.ts";

export interface ReplyScoring {
  readonly tasks: readonly Task[];
  readonly prompts: readonly PromptItem[];
  readonly tools: TaskTools;
  /** Scores that were found before, by task and answer: the same answer is not run through its tests again. */
  readonly known: Map<string, TaskScore>;
  readonly folder: RunFolder;
  /** Items of the plan's fixed subset. */
  readonly subset: readonly number[];
  /** Items that the trial evaluates, in their order; undefined: the subset alone. */
  readonly evaluated: readonly number[] | undefined;
}

export type ReplyResults = Pick<
  MeasuredDoc,
  "load_s" | "warmup" | "latency_ns" | "throughput" | "memory" | "quality" | "subset" | "outputs_sha256" | "language"
>;

/** Replies → scores, figures, and the text itself beside the journal. RUNTIME_CRASHED where not one reply came. */
export async function replyResults({ trial }: ReplyMeasurement, scoring: ReplyScoring): Promise<ReplyResults> {
  const { folder, subset, prompts } = scoring;
  const completed = trial.replies.flatMap(({ result }) => result ?? []);
  if (completed.length === 0) {
    const why = trial.replies[0]?.failure?.message ?? "there were none";
    throw new HarnessError("RUNTIME_CRASHED", `No prompt was answered: ${why}`, { hint: "Look at the server's log." });
  }
  const stored = new Map<number, StoredReply>();
  for (const reply of trial.replies) stored.set(reply.item, await storedReply(reply, scoring));
  const evaluated = (scoring.evaluated ?? subset).map((item) => stored.get(item) as StoredReply);
  const inSubset = subset.map((item) => stored.get(item) as StoredReply);
  const correct = countRight(evaluated);
  const document: Replies = {
    schema_version: "quantgate.replies.v1",
    replies: [...stored.values()],
    repeats: storedRepeats(trial.repeats),
  };
  validator.validate("replies.v1", document, { what: "replies", code: "STORE_SCHEMA" });
  const bytes = new TextEncoder().encode(canonicalJson(document));
  const seconds = trial.repliesS;
  return {
    load_s: trial.loadS ?? null,
    warmup: { iterations: trial.warmup.requests, seconds: trial.warmup.seconds },
    latency_ns: completed.map(({ times }) => Math.round(times.endS * 1e9)),
    throughput: { items_per_second: evaluated.length / seconds, items: evaluated.length, seconds, batch_size: 1 },
    memory: { peak_rss_bytes: trial.state.memoryBytes ?? null, rss_before_load_bytes: null },
    quality: {
      n: evaluated.length,
      correct,
      top_k: 1,
      top_k_correct: correct,
      invalid_rows: 0,
      correct_bits: packBits(evaluated.map(({ success }) => success)),
    },
    subset: { n: subset.length, correct: countRight(inSubset), outputs_sha256: replyDigest(inSubset) },
    outputs_sha256: scoring.evaluated === undefined ? null : replyDigest(evaluated),
    language: {
      context_tokens: trial.state.contextTokens ?? null,
      offloaded_bytes: trial.state.offloadedBytes ?? null,
      cold_ttft_s: trial.coldTtftS ?? null,
      cached_ttft_s: trial.cachedTtftS ?? null,
      overhead_s: trial.overheadS,
      adherence: adherenceOf(evaluated),
      requests: trial.replies.map((reply) => requestDoc(reply, prompts[reply.item]?.maxTokens)),
      replies: await folder.putArray("u8", [bytes.length], bytes),
      repeats: repeatsDoc(trial.repeats),
    },
  };
}

/** Digest of answers: of the token ids where the runtime names them, of the text where it does not. */
export function replyDigest(replies: readonly StoredReply[]): string {
  const answers = replies.map(({ item, state, token_ids, text, reasoning }) => ({
    item,
    state,
    answer: token_ids ?? [reasoning, text],
  }));
  return sha256(canonicalJson(answers));
}

function adherenceOf(replies: readonly StoredReply[]): LanguageDoc["adherence"] {
  const asked = replies.map(({ adherence }) => (adherence === null ? 0 : 1));
  const kept = replies.map(({ adherence }) => (adherence === 1 ? 1 : 0));
  const count = (flags: readonly number[]) => flags.reduce((sum, flag) => sum + flag, 0);
  return { n: count(asked), kept: count(kept), asked_bits: packBits(asked), kept_bits: packBits(kept) };
}

async function storedReply(reply: Reply, scoring: ReplyScoring): Promise<StoredReply> {
  const { item, state, result } = reply;
  const score = await scoreOnce(scoring.tasks[item] as Task, responseOf(reply), scoring);
  return {
    item,
    state,
    text: result?.text ?? reply.partialText,
    reasoning: result?.reasoning ?? "",
    token_ids: result?.tokenIds === undefined || result.tokenIds.length === 0 ? null : [...result.tokenIds],
    success: score.success,
    adherence: score.adherence ?? null,
    reasons: [
      ...(reply.failure === undefined ? [] : [`${reply.failure.code}: ${reply.failure.message}`]),
      ...(result?.isTruncated ? ["the server cut the prompt"] : []),
      ...score.reasons.map(({ of, kind, message }) => `${of}, ${kind}: ${message}`),
    ],
  };
}

async function scoreOnce(task: Task, response: TaskResponse, { tools, known }: ReplyScoring): Promise<TaskScore> {
  const key = sha256(canonicalJson({ task: task.id, response: { ...response } }));
  const found = known.get(key) ?? (await scoreTask(task, response, tools));
  // What could not be checked this time may be the next.
  if (!found.reasons.some(({ isUnavailable }) => isUnavailable)) known.set(key, found);
  return found;
}

/** An answer to half a prompt is no answer to the task. */
function responseOf({ state, result, partialText }: Reply): TaskResponse {
  if (result === undefined || result.isTruncated)
    return { status: state === "timed-out" ? state : "failed", text: partialText };
  return {
    status: "completed",
    text: result.text,
    ...(result.finish === "length" ? { isCutOff: true } : {}),
    ...firstTokenOf(result),
  };
}

function firstTokenOf({ details }: GenerateResult): Pick<TaskResponse, "firstToken"> {
  const first = details?.[0];
  if (first === undefined) return {};
  const all = [...first.top, first].filter(({ logprob }) => Number.isFinite(logprob));
  return { firstToken: all.map(({ text, logprob }) => ({ text, logprob })) };
}

function requestDoc(reply: Reply, maxTokens: number | undefined): RequestDoc {
  const { item, state, failure, retries, result } = reply;
  const base = { item, state, code: failure?.code ?? null, retries };
  if (result === undefined) return { ...base, ...NO_FIGURES };
  const metrics = requestMetrics(result, maxTokens);
  const gaps = Float64Array.from(metrics.interChunkS).sort();
  const quantile = (p: number) => gaps[Math.min(gaps.length - 1, Math.floor(p * gaps.length))] ?? null;
  return {
    ...base,
    status: metrics.status,
    ttft_kind: metrics.ttftKind === "cold" ? "unknown" : metrics.ttftKind,
    ttft_s: metrics.ttftS ?? null,
    total_s: metrics.totalS,
    prompt_tokens: result.prompt?.tokens ?? null,
    cached_tokens: result.cachedTokens ?? null,
    tokens: result.completion?.tokens ?? null,
    count_source: result.completion?.source ?? null,
    decode_tps: metrics.decodeTps ?? null,
    prefill_tps: metrics.prefillTps ?? null,
    tpot_s: metrics.tpotS ?? null,
    finish: result.finish,
    truncated: result.isTruncated,
    chunks: result.times.chunkS.length,
    gap_p50_s: quantile(0.5),
    gap_p99_s: quantile(0.99),
    count_problem: metrics.countProblem ?? null,
    server: { ...result.server.raw },
  };
}

const NO_FIGURES: Omit<RequestDoc, "item" | "state" | "code" | "retries"> = {
  status: "TOKEN_AND_TIMING_UNAVAILABLE",
  ttft_kind: "unknown",
  ttft_s: null,
  total_s: null,
  prompt_tokens: null,
  cached_tokens: null,
  tokens: null,
  count_source: null,
  decode_tps: null,
  prefill_tps: null,
  tpot_s: null,
  finish: null,
  truncated: false,
  chunks: 0,
  gap_p50_s: null,
  gap_p99_s: null,
  count_problem: null,
  server: {},
};

function countRight(replies: readonly StoredReply[]): number {
  return replies.reduce((sum, { success }) => sum + success, 0);
}
