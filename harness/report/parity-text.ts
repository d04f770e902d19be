import picocolors from "picocolors";
import type { Parity } from "../domain/generated/parity-v1.ts";
import { seconds } from "./durations.ts";
import { estimateText, SPEED } from "./estimates.ts";
import { type Fact, factLines } from "./fact-lines.ts";
import { ABSENT, count, percent } from "./numbers.ts";
import type { TextOptions } from "./text-options.ts";
import { visible } from "./visible-text.ts";

/** A model beside its export, for a person. Ends without a line break. */
export function renderParity(parity: Parity, options: TextOptions): string {
  const colors = picocolors.createColors(options.color);
  const { reference, candidate, dataset, speed, limit } = parity;
  const verdict = parity.verdict === "pass" ? colors.green("PASS") : colors.red("FAIL");
  const batchText = (fixed: number | null) => (fixed === null ? "any batch size" : `batch of ${fixed} only`);
  const facts: Fact[] = [
    [
      "reference",
      `${reference.path} · PyTorch ${reference.version}, ${reference.provider} · ${batchText(reference.fixed_batch)}`,
    ],
    [
      "export",
      `${candidate.path} · ONNX Runtime ${candidate.version}, ${candidate.provider} · ${batchText(candidate.fixed_batch)}`,
    ],
    ["items", `${count(dataset.count)} of ${dataset.id}`],
    ...parity.outputs.flatMap((output): Fact[] => {
      const { range, nan, inf } = output;
      const declared =
        range.declared === null
          ? "not declared"
          : `declared ${range.declared.join(" to ")}, ${count(range.outside)} outside`;
      return [
        [
          `output ${output.name}`,
          `MAE ${short(output.mae)} (limit ${limit}), max ${short(output.max_abs)}, p99 ${short(output.p99_abs)}`,
          `same argmax ${percent(output.argmax_agreement, { digits: 2 })}, NaN ${nan.reference} / ${nan.candidate}, Inf ${inf.reference} / ${inf.candidate}`,
          `range ${short(range.low)} to ${short(range.high)}, ${declared}`,
        ],
      ];
    }),
    [
      "batch sizes",
      ...parity.batches.map(
        (batch) => `${batch.batch_size}: PyTorch ${mae(batch.reference_mae)}, ONNX ${mae(batch.candidate_mae)}`,
      ),
    ],
    ...(speed === null
      ? []
      : ([
          [
            "speed",
            `${estimateText(speed.speedup, SPEED)} over PyTorch in ${count(speed.blocks)} blocks: ${seconds(speed.reference_p50_s)} → ${seconds(speed.candidate_p50_s)}`,
          ],
        ] as Fact[])),
  ];
  return [verdict, ...factLines(facts, options), ...parity.reasons.map((reason) => visible(`${reason}.`))].join("\n");
}

function short(value: number | null): string {
  return value === null ? ABSENT : value === 0 ? "0" : value.toPrecision(3);
}

function mae(value: number | null): string {
  return value === null ? "fixed" : `MAE ${short(value)}`;
}
