import picocolors from "picocolors";
import { seconds } from "./durations.ts";
import { type Fact, factLines } from "./fact-lines.ts";
import { ABSENT, bytes, count, counted, decimal, percent } from "./numbers.ts";
import { type Column, tableLines, tableWidth } from "./table.ts";
import type { TextOptions } from "./text-options.ts";
import { visible, wrap } from "./visible-text.ts";

/** A quantized file as `quantize` made it; the parts of the manifest that a person reads. */
export interface QuantizedModel {
  readonly recipe: string;
  readonly path: string;
  readonly manifestPath: string;
  /** Time to make it. */
  readonly seconds: number;
  readonly manifest: {
    readonly source_bytes: number;
    readonly bytes_on_disk: number;
    readonly bytes_packed: number;
    readonly result_sha256: string;
    readonly opset: number;
    readonly calibration: { readonly method: string; readonly items: number } | null;
    readonly session: Readonly<Record<string, string>>;
    readonly kernels: { readonly native: number; readonly emulated: number; readonly skipped: number };
    readonly layers: readonly QuantizedLayer[];
  };
}

export interface QuantizedLayer {
  readonly name: string;
  readonly op: string;
  readonly parameters: number;
  readonly storage: string | null;
  readonly bits: number | null;
  readonly granularity: string | null;
  readonly block_size: number | null;
  readonly symmetric: boolean | null;
  readonly weight_sqnr_db: number | null;
  readonly skipped: string | null;
  readonly kernel: "native" | "emulated" | "skipped";
  readonly kernel_op: string | null;
  readonly kernel_reason: string;
}

/** What each file became and, layer by layer, what is stored and which kernel runs it. Ends without a line break. */
export function renderQuantize(files: readonly QuantizedModel[], options: TextOptions): string {
  return files.map((file) => fileLines(file, options).join("\n")).join("\n\n");
}

function fileLines(file: QuantizedModel, options: TextOptions): string[] {
  const colors = picocolors.createColors(options.color);
  const { manifest } = file;
  const session = Object.entries(manifest.session).map(([key, value]) => `${key}=${value}`);
  const facts: Fact[] = [
    ["model", file.path],
    ["manifest", file.manifestPath],
    ["size", sizeText(manifest)],
    ["kernels", kernelText(manifest.kernels)],
    ["calibration", calibrationText(manifest.calibration)],
    ...(session.length === 0 ? [] : [["run with", ...session] as Fact]),
    ["sha256", manifest.result_sha256],
    ["made in", seconds(file.seconds)],
  ];
  return [
    colors.bold(visible(file.recipe)),
    ...factLines(facts, options),
    "",
    ...tableLines(fittedLayers(manifest.layers, options), colors.dim),
    ...reasonLines(manifest.layers, options),
  ];
}

function sizeText({ source_bytes, bytes_on_disk, bytes_packed }: QuantizedModel["manifest"]): string {
  const share = source_bytes > 0 ? ` (${percent(bytes_on_disk / source_bytes, { limits: [1] })})` : "";
  const packed = bytes_packed === bytes_on_disk ? "" : `; ${bytes(bytes_packed)} with its bits packed`;
  return `${bytes(source_bytes)} to ${bytes(bytes_on_disk)}${share}${packed}`;
}

function kernelText({ native, emulated, skipped }: QuantizedModel["manifest"]["kernels"]): string {
  const total = native + emulated + skipped;
  const parts = [`${count(native)} of ${counted(total, "layers")} native`];
  if (emulated > 0) parts.push(`${count(emulated)} emulated`);
  if (skipped > 0) parts.push(`${count(skipped)} left in float32`);
  return parts.join(", ");
}

function calibrationText(calibration: QuantizedModel["manifest"]["calibration"]): string {
  return calibration === null ? "none needed" : `${calibration.method}, ${counted(calibration.items, "items")}`;
}

/** Columns give way from the least telling, until the table fits. */
function fittedLayers(layers: readonly QuantizedLayer[], { color, width }: TextOptions): Column[] {
  const colors = picocolors.createColors(color);
  const paint = { native: colors.green, emulated: colors.yellow, skipped: colors.dim };
  const text = (header: string, pick: (layer: QuantizedLayer) => string, align: Column["align"] = "left"): Column => ({
    header,
    align,
    cells: layers.map((layer) => ({ text: visible(pick(layer)) })),
  });
  const columns = {
    name: text("  layer", (layer) => `  ${layer.name}`),
    op: text("op", (layer) => layer.op),
    parameters: text("weights", (layer) => count(layer.parameters), "right"),
    stored: text("stored as", storedText),
    noise: text("SQNR, dB", (layer) => decimal(layer.weight_sqnr_db, { digits: 1 }), "right"),
    kernel: {
      header: "kernel",
      align: "left" as const,
      cells: layers.map((layer) => ({ text: layer.kernel, paint: paint[layer.kernel] })),
    },
    runs: text("run by", (layer) => layer.kernel_op ?? ABSENT),
  };
  const { name, op, parameters, stored, noise, kernel, runs } = columns;
  const layouts = [
    [name, op, parameters, stored, noise, kernel, runs],
    [name, op, stored, noise, kernel, runs],
    [name, stored, noise, kernel, runs],
    [name, stored, kernel],
  ];
  return layouts.find((layout) => tableWidth(layout) <= width) ?? [name, kernel];
}

/** `int8 per channel, symmetric`; fewer bits than the container are named first. */
function storedText(layer: QuantizedLayer): string {
  if (layer.storage === null) return "float32";
  const container = Number(/\d+$/.exec(layer.storage)?.[0]);
  const bits = layer.bits !== null && layer.bits !== container ? `${layer.bits} bits in ` : "";
  const block = layer.block_size === null ? "" : ` of ${layer.block_size}`;
  const symmetry = layer.symmetric === null ? "" : layer.symmetric ? ", symmetric" : ", asymmetric";
  return `${bits}${layer.storage} per ${layer.granularity ?? "tensor"}${block}${symmetry}`;
}

/** Why layers are not native: each reason once, with the layers it holds for. */
function reasonLines(layers: readonly QuantizedLayer[], { width }: TextOptions): string[] {
  const reasons = new Map<string, string[]>();
  for (const layer of layers) {
    if (layer.kernel === "native") continue;
    const key = `${layer.kernel}: ${layer.skipped ?? layer.kernel_reason}`;
    reasons.set(key, [...(reasons.get(key) ?? []), layer.name]);
  }
  const lines = [...reasons].flatMap(([reason, names]) =>
    wrap(`  ${visible(reason)} (${names.map(visible).join(", ")})`, width, "    "),
  );
  return lines.length === 0 ? [] : ["", ...lines];
}
