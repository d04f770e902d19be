import picocolors from "picocolors";
import type { DetectionFigures, Evaluation } from "../domain/evaluation.ts";
import type { EstimateDoc } from "../domain/generated/summary-v1.ts";
import { seconds } from "./durations.ts";
import { accuracyStyle, estimateText, levelText, POINTS, styled } from "./estimates.ts";
import { type Fact, factLines } from "./fact-lines.ts";
import { ABSENT, bytes, count, counted, decimal, isNumber } from "./numbers.ts";
import { type Column, tableLines } from "./table.ts";
import type { TextOptions } from "./text-options.ts";
import { visible } from "./visible-text.ts";

/** More classes than this are left to `--json`; the worst come first. */
const MOST_CLASSES = 20;

/** Quality and speed of one model on one dataset. Ends without a line break. */
export function renderEvaluation(evaluation: Evaluation, options: TextOptions): string {
  const colors = picocolors.createColors(options.color);
  const noun = evaluation.dataset.item_noun;
  const { accuracy, dataset, model, top_k, latency, throughput } = evaluation;
  const shown = `${estimateText(accuracy, accuracyStyle(dataset.count))} at ${levelText(accuracy.level)}`;
  const top = isNumber(dataset.count) && dataset.count > 0 ? top_k.correct / dataset.count : null;
  const facts: Fact[] = [
    ["model", `${model.path} · ${bytes(model.bytes)}`],
    ["sha256", model.sha256],
    ["dataset", `${dataset.id} · ${count(dataset.count)} ${noun}`],
    ...(evaluation.detection === undefined
      ? ([
          ["accuracy", `${shown} · ${count(evaluation.correct)} right`],
          [`top ${top_k.k}`, `${styled(top, accuracyStyle(dataset.count))} · ${count(top_k.correct)} right`],
        ] as Fact[])
      : detectionFacts(evaluation.detection)),
    ...(evaluation.invalid_rows === 0
      ? []
      : [["NaN or Inf", `${counted(evaluation.invalid_rows, "rows")} of outputs`] as Fact]),
    ["latency", ...latencyTexts(latency, evaluation.threads)],
    ["throughput", `${rate(throughput.items_per_second)} ${noun}/s at batch ${throughput.batch_size}`],
    ["load", seconds(evaluation.load_s)],
    ["peak memory", bytes(evaluation.peak_rss_bytes)],
  ];
  const rest = evaluation.per_class.length - MOST_CLASSES;
  return [
    ...factLines(facts, options),
    ...(evaluation.per_class.length === 0 ? [] : ["", ...tableLines(classColumns(evaluation), colors.dim)]),
    ...(rest > 0 ? [`  and ${counted(rest, "classes")} that are better`] : []),
  ].join("\n");
}

function detectionFacts(figures: DetectionFigures): Fact[] {
  const shown = (ap: number | null) => styled(ap, POINTS);
  return [
    ["mAP", `${shown(figures.ap)} · at IoU .50 ${shown(figures.ap50)}, .75 ${shown(figures.ap75)}`],
    [
      "by size",
      `small ${shown(figures.ap_small)}, medium ${shown(figures.ap_medium)}, large ${shown(figures.ap_large)}`,
    ],
    ["recall", `1 box ${shown(figures.ar1)}, 10 boxes ${shown(figures.ar10)}, 100 boxes ${shown(figures.ar100)}`],
    ["boxes", `${count(figures.boxes)} to be found, ${count(figures.detections)} detected`],
  ];
}

function latencyTexts(latency: Evaluation["latency"], threads: number): string[] {
  const line = (name: string, estimate: EstimateDoc) => {
    const bounds = `[${seconds(estimate.low)}, ${seconds(estimate.high)}]`;
    return `${name} ${seconds(estimate.value)} ${bounds}`;
  };
  return [
    `batch ${latency.batch_size}, ${counted(threads, "threads")}, ${counted(latency.samples, "samples")}`,
    line("p50", latency.p50),
    line("p90", latency.p90),
    line("p99", latency.p99),
  ];
}

function classColumns(evaluation: Evaluation): Column[] {
  const value = (estimate: EstimateDoc) => estimate.value ?? Number.NEGATIVE_INFINITY;
  const sorted = [...evaluation.per_class].sort((left, right) => value(left.accuracy) - value(right.accuracy));
  const worst = sorted.slice(0, MOST_CLASSES);
  const level = evaluation.accuracy.level;
  return [
    { header: "  class", align: "left", cells: worst.map((item) => ({ text: `  ${visible(item.class)}` })) },
    { header: "items", align: "right", cells: worst.map((item) => ({ text: count(item.n) })) },
    { header: "right", align: "right", cells: worst.map((item) => ({ text: count(item.correct) })) },
    {
      header: `accuracy [${levelText(level)}]`,
      align: "left",
      cells: worst.map((item) => ({ text: estimateText(item.accuracy, accuracyStyle(item.n)) })),
    },
  ];
}

function rate(value: number): string {
  return isNumber(value) ? decimal(value, { digits: 0, significant: 3 }) : ABSENT;
}
