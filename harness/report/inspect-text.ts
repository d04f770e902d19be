import picocolors from "picocolors";
import { type Fact, factLines } from "./fact-lines.ts";
import { bytes, count, counted } from "./numbers.ts";
import type { TextOptions } from "./text-options.ts";
import { visible, wrap } from "./visible-text.ts";

/** What `inspect` finds about a file; the shape of quantize/'s report with the file's path and digest. */
export interface InspectedModel {
  readonly path: string;
  readonly sha256: string;
  readonly ir_version: number;
  readonly producer: string | null;
  readonly opsets: Readonly<Record<string, number>>;
  readonly graph: string;
  readonly inputs: readonly InspectedValue[];
  readonly outputs: readonly InspectedValue[];
  readonly nodes: number;
  readonly operators: Readonly<Record<string, number>>;
  readonly quantize_linear: number;
  readonly dequantize_linear: number;
  readonly parameters: number;
  readonly initializer_bytes: Readonly<Record<string, number>>;
  /** Size of the file. */
  readonly bytes: number;
  readonly problems: readonly InspectedProblem[];
}

export interface InspectedValue {
  readonly name: string;
  readonly dtype: string | null;
  readonly shape: readonly (number | string | null)[] | null;
}

export interface InspectedProblem {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
}

/** More operators than this are counted together. */
const MOST_OPERATORS = 20;

/** Structure and validity of a model: the verdict first, then what is inside. Ends without a line break. */
export function renderInspect(report: InspectedModel, options: TextOptions): string {
  const facts: Fact[] = [
    ["file", `${report.path} · ${bytes(report.bytes)}`],
    ["sha256", report.sha256],
    ["format", formatText(report)],
    ["inputs", ...valueTexts(report.inputs)],
    ["outputs", ...valueTexts(report.outputs)],
    ["nodes", `${count(report.nodes)} in graph "${report.graph}"`],
    ["operators", operatorText(report.operators)],
    ["quantization", quantizationText(report)],
    ["parameters", parameterText(report)],
  ];
  return [...verdictLines(report, options), "", ...factLines(facts, options)].join("\n");
}

function verdictLines({ problems, path }: InspectedModel, { color, width }: TextOptions): string[] {
  const colors = picocolors.createColors(color);
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  const counts = [errors > 0 ? counted(errors, "errors") : "", warnings > 0 ? counted(warnings, "warnings") : ""];
  const shown = counts.filter((text) => text !== "").join(", ");
  const name = visible(path);
  const head = errors > 0 ? colors.red(`NOT VALID: ${name}`) : colors.green(`valid: ${name}`);
  const lines = problems.flatMap((problem) => {
    const text = `  ${problem.severity}: ${visible(problem.message)} [${visible(problem.code)}]`;
    return wrap(text, width, "    ").map(problem.severity === "error" ? colors.red : colors.yellow);
  });
  return [`${colors.bold(head)}${shown === "" ? "" : ` · ${shown}`}`, ...lines];
}

function formatText({ ir_version, opsets, producer }: InspectedModel): string {
  const imports = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`);
  return [`IR ${ir_version}`, `opset ${imports.join(", ") || "none"}`, ...(producer === null ? [] : [producer])].join(
    " · ",
  );
}

function valueTexts(values: readonly InspectedValue[]): string[] {
  if (values.length === 0) return ["none"];
  return values.map(({ name, dtype, shape }) => {
    const axes = shape === null ? "unknown rank" : `[${shape.map((axis) => axis ?? "?").join(", ")}]`;
    return `${name} · ${dtype ?? "no tensor type"} ${axes}`;
  });
}

function operatorText(operators: Readonly<Record<string, number>>): string {
  const entries = Object.entries(operators).sort(([, left], [, right]) => right - left);
  const shown = entries.slice(0, MOST_OPERATORS).map(([name, times]) => `${name} ${count(times)}`);
  const rest = entries.slice(MOST_OPERATORS);
  const more =
    rest.length === 0 ? [] : [`${counted(rest.length, "others")} ${count(rest.reduce((sum, [, n]) => sum + n, 0))}`];
  return [...shown, ...more].join(", ") || "none";
}

function quantizationText(report: InspectedModel): string {
  const { quantize_linear: quantize, dequantize_linear: dequantize } = report;
  if (quantize + dequantize === 0) return "no QuantizeLinear or DequantizeLinear";
  return `${count(quantize)} QuantizeLinear, ${count(dequantize)} DequantizeLinear`;
}

function parameterText({ parameters, initializer_bytes }: InspectedModel): string {
  const types = Object.entries(initializer_bytes).map(([type, size]) => `${type} ${bytes(size)}`);
  return [count(parameters), ...types].join(" · ");
}
