import type { PairAgreementDoc, Summary, SummaryRow } from "../domain/generated/summary-v1.ts";
import { estimateText, type NumberStyle, PERCENT } from "./estimates.ts";
import { ABSENT, count, decimal, isNumber, percent } from "./numbers.ts";
import { variantName } from "./rows.ts";

/** A table of plain text; the first column names the variant. */
export interface TextTable {
  readonly title: string;
  /** What is in it, a sentence or two. */
  readonly note: string;
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const MS: NumberStyle = { factor: 1000, digits: 1, suffix: " ms" };
const RATE: NumberStyle = { factor: 1, digits: 1, suffix: " /s" };
const NATS: NumberStyle = { factor: 1, digits: 3, significant: 2, suffix: "" };

/** What only language models have: tokens and times, a second opinion on them, divergence and determinism. Empty tables are left out. */
export function languageTables(summary: Summary): TextTable[] {
  const tables = [tokenTable, sidecarTable, divergenceTable, determinismTable].map((make) => make(summary));
  return tables.filter(({ rows }) => rows.length > 0);
}

function tokenTable(summary: Summary): TextTable {
  const rows = summary.rows.flatMap((row) => {
    const metrics = row.token_metrics;
    if (metrics === undefined) return [];
    const { estimates, ttft, requests } = metrics;
    const ms = (value: number | null | undefined) =>
      isNumber(value) ? `${decimal(value * 1000, { digits: 1 })} ms` : ABSENT;
    return [
      [
        variantName(summary, row),
        decimal(row.weights?.bits_per_weight, { digits: 2 }),
        estimateText(estimates.ttft, MS),
        ms(ttft.cold_s),
        ms(ttft.cached_s),
        estimateText(estimates.prefill, RATE),
        estimateText(estimates.decode, RATE),
        percent(row.adherence?.value, { digits: 1 }),
        `${count(requests.total - requests.failed - requests.timed_out)} of ${count(requests.total)}`,
        metrics.status,
      ],
    ];
  });
  return {
    title: "Tokens",
    note: "TTFT: request sent to first content, nothing cached; cold: with loading; cached: a prompt asked just before. Prefill by the server's time, decode by arrival. Medians of block medians.",
    headers: [
      "variant",
      "bits per weight",
      "TTFT",
      "cold",
      "cached",
      "prefill",
      "decode",
      "form",
      "answered",
      "counts",
    ],
    rows,
  };
}

function sidecarTable(summary: Summary): TextTable {
  const rows = summary.rows.flatMap((row) => {
    if (row.token_metrics === undefined || row.hardware_sidecar === null) return [];
    return (row.hardware_sidecar?.comparisons ?? []).map((one) => {
      const number = (value: number | null) => decimal(value, { digits: 1 });
      return [
        variantName(summary, row),
        `${one.quantity}, ${one.unit}`,
        number(one.harness),
        number(one.sidecar),
        decimal(one.ratio, { digits: 3 }),
        one.status.toLowerCase().replaceAll("_", " "),
        one.reason ?? "",
      ];
    });
  });
  return {
    title: "Beside the sidecar",
    note: "What another program measured of the same variant after the trials. It decides nothing.",
    headers: ["variant", "figure", "measured", "sidecar", "ratio", "", "why"],
    rows,
  };
}

function divergenceTable(summary: Summary): TextTable {
  let reference = "";
  const rows = summary.rows.flatMap((row) => {
    const found = row.divergence;
    if (found == null) return [];
    reference = nameOf(summary, found.reference_variant_id);
    const { perplexity } = found;
    return [
      [
        variantName(summary, row),
        estimateText(found.mean, NATS),
        estimateText(found.median, NATS),
        estimateText(found.p99, NATS),
        estimateText(found.top_agreement, PERCENT),
        percent(found.covered_mass, { digits: 1 }),
        `${count(found.positions)} of ${count(found.prompts)} prompts`,
        `${decimal(perplexity.reference, { digits: 3 })} → ${decimal(perplexity.variant, { digits: 3 })}`,
        `${count(row.correct)} of ${count(row.n)}`,
      ],
    ];
  });
  return {
    title: `Divergence from ${reference}`,
    note: "Kullback-Leibler divergence of next-token probabilities from the variant with the most bits, in nats, at positions after the same tokens; out of the likeliest tokens alone it is a lower bound. The task decides, not the likeness; perplexity alone ranks quants wrongly.",
    headers: ["variant", "mean", "median", "p99", "same token", "mass seen", "positions", "perplexity", "right"],
    rows,
  };
}

function nameOf(summary: Summary, variantId: string): string {
  const row = summary.rows.find(({ variant_id }) => variant_id === variantId);
  return row === undefined ? variantId : variantName(summary, row);
}

function determinismTable(summary: Summary): TextTable {
  const rows = summary.rows.flatMap((row: SummaryRow) => {
    const found = row.token_determinism;
    if (found == null) return [];
    const { cold, warm, across } = found;
    const parted = [cold, warm, across].map(({ first_divergence }) => first_divergence).filter(isNumber);
    const gaps = [cold, warm, across].map(({ median_logprob_gap }) => median_logprob_gap).filter(isNumber);
    return [
      [
        variantName(summary, row),
        pairText(cold),
        pairText(warm),
        pairText(across),
        parted.length === 0 ? ABSENT : count(Math.min(...parted)),
        gaps.length === 0 ? ABSENT : decimal(Math.max(...gaps), { digits: 3, significant: 2 }),
      ],
    ];
  });
  return {
    title: "Determinism on tokens",
    note: "Pairs of answers to the same prompt with the same token ids. Cold: nothing cached; warm: part of the prompt out of the cache; across: one of each. First divergence: the earliest token at which any pair parts; gap: how much likelier one token was there, nats.",
    headers: ["variant", "cold", "warm", "across", "first divergence", "gap"],
    rows,
  };
}

function pairText({ rate, pairs, uncompared }: PairAgreementDoc): string {
  if (pairs === 0) return uncompared > 0 ? "no token ids" : ABSENT;
  return `${estimateText(rate, PERCENT)}, ${count(pairs)} pairs`;
}
