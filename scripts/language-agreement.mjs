// Quantgate's own figures of a llama-server beside llama-bench on the same file, in turn, since a machine's speed drifts by more than what is looked for.
//
// Settled before the run: rounds in the order own, bench, bench, own, so that a drift meets both alike; both with the same threads
// and priority, llama.cpp's defaults for batches, flash attention and the type of cached keys and values; the prompt of each round as long for one as for the
// other, and as many tokens decoded behind it (a reply's first token comes out of the prompt, so llama-bench decodes one less). Every round
// counts. A figure's ratio is the Hodges-Lehmann estimate over rounds of the logarithm of own / bench, with its 90 % interval.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { getPriority, loadavg } from "node:os";
import { join } from "node:path";

const GENERATE = 48;
/** Fewer tokens have no decode rate. */
const LEAST = 32;
const CONTEXT = 1024;
const FIGURES = [
  { key: "ttft_ms", quantity: "time to first token, ms" },
  { key: "prefill_tps", quantity: "prefill rate, tokens/s" },
  { key: "decode_tps", quantity: "decode rate, tokens/s" },
];

/** Writes agreement.json into `out`: every round, and the ratios. `dist`: the compiled Quantgate. */
export async function agreement({ dist, models, model, quants, server, bench, bank, threads, rounds, out }) {
  const use = (path) => import(join(dist, path));
  const { openLanguageRuntime } = await use("harness/pipeline/language/open-language-runtime.js");
  const { collectReply } = await use("harness/runtimes/language/collect-reply.js");
  const { requestMetrics } = await use("harness/aggregate/request-metrics.js");
  const { GREEDY } = await use("harness/domain/language-runtime.js");
  const { hodgesLehmann } = await use("harness/stats/index.js");
  const { signal } = new AbortController();
  const record = { threads, priority: getPriority(), rounds: [], ratios: [] };
  const save = () => writeFileSync(join(out, "agreement.json"), `${JSON.stringify(record, undefined, 1)}\n`);

  const figuresOf = async (runtime, prompt) => {
    const request = { prompt, maxTokens: GENERATE, sampling: GREEDY, cachePrompt: false };
    const timeouts = { timeoutMs: 600_000, stallTimeoutMs: 600_000 };
    const reply = await collectReply(runtime.generate({ ...request, ...timeouts }, { signal }));
    const { ttftS, prefillTps, decodeTps } = requestMetrics(reply);
    const figures = { ttft_ms: ttftS * 1000, prefill_tps: prefillTps, decode_tps: decodeTps };
    return { prompt: reply.prompt.tokens, generated: reply.tokenIds.length, figures };
  };

  for (const quant of quants) {
    const file = join(models, `${model}.${quant}.gguf`);
    const controls = { runtime: "llama-server", url: null, command: server, route: "native" };
    const runtime = openLanguageRuntime({ ...controls, api_key_env: null, load_timeout_sec: 600 }, process.env);
    try {
      await runtime.load(
        { name: model, path: file },
        { contextTokens: CONTEXT, threads, gpuLayers: undefined },
        { signal },
      );
      record.versions = await runtime.versions({ signal });
      const prompts = [];
      // Discarded: it warms the server, and tells which prompts are answered at length.
      for (const prompt of promptsOf(bank)) {
        const { prompt: tokens, generated } = await figuresOf(runtime, prompt);
        if (generated >= LEAST) prompts.push({ prompt, tokens, generated });
      }
      if (prompts.length === 0) throw new Error(`${quant} answers no prompt with ${LEAST} tokens`);
      for (let round = 0; round < rounds; round++) {
        const { prompt, tokens, generated } = prompts[round % prompts.length];
        const load = loadavg()[0];
        const before = await figuresOf(runtime, prompt);
        const beside = benchFigures({
          bench,
          file,
          threads,
          tokens,
          decoded: generated - 1,
          isTurned: round % 2 === 1,
        });
        const after = await figuresOf(runtime, prompt);
        const own = [before.figures, after.figures];
        record.rounds.push({ quant, round, prompt_tokens: tokens, decoded: generated - 1, load, own, bench: beside });
        save();
      }
    } finally {
      await runtime.close();
    }
    record.ratios.push(
      ...ratiosOf(
        record.rounds.filter((one) => one.quant === quant),
        quant,
        hodgesLehmann,
      ),
    );
    save();
    for (const { quantity, ratio } of record.ratios.filter((one) => one.quant === quant)) {
      console.log(
        `${quant} ${quantity}: ${ratio.value.toFixed(3)} [${ratio.low.toFixed(3)}, ${ratio.high.toFixed(3)}]`,
      );
    }
  }
}

/** Conversations of the bank whose answers may be long. */
function promptsOf(bank) {
  const { system, tasks } = JSON.parse(readFileSync(bank, "utf8"));
  const first = system === undefined ? [] : [{ role: "system", content: system }];
  return tasks
    .filter(({ max_tokens }) => max_tokens >= GENERATE)
    .map(({ messages }) => ({ kind: "chat", messages: [...first, ...messages] }));
}

function benchFigures({ bench, file, threads, tokens, decoded, isTurned }) {
  const run = (...sizes) =>
    JSON.parse(
      execFileSync(bench, ["-m", file, "-t", String(threads), "-r", "1", "-o", "json", ...sizes.map(String)], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    )[0];
  const prefillOf = () => run("-p", tokens, "-n", 0);
  const decodeOf = () => run("-p", 0, "-n", decoded, "-d", tokens);
  const first = isTurned ? decodeOf() : prefillOf();
  const second = isTurned ? prefillOf() : decodeOf();
  const [prefill, decode] = isTurned ? [second, first] : [first, second];
  return { ttft_ms: prefill.avg_ns / 1e6, prefill_tps: prefill.avg_ts, decode_tps: decode.avg_ts };
}

function ratiosOf(rounds, quant, hodgesLehmann) {
  return FIGURES.map(({ key, quantity }) => {
    const ownOf = ({ own }) => Math.sqrt(own[0][key] * own[1][key]);
    const logs = rounds.map((round) => Math.log(ownOf(round) / round.bench[key]));
    const { value, low, high } = hodgesLehmann(logs, { level: 0.9 });
    return {
      quant,
      quantity,
      rounds: rounds.length,
      own: median(rounds.map(ownOf)),
      bench: median(rounds.map(({ bench }) => bench[key])),
      ratio: { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) },
    };
  });
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
