import { HarnessError } from "../domain/errors.ts";
import type { EstimateDoc, RegistryEntry } from "../domain/generated/registry-entry-v1.ts";
import type { SummaryRow } from "../domain/generated/summary-v1.ts";
import type { Publishable } from "./publishable.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/;

/** What is published, in one document. */
export function registryEntry(
  given: Omit<Publishable, "folder"> & {
    readonly name: string;
    readonly path: string;
    readonly version: string;
    readonly reason: string | null;
    /** When it is published, ISO 8601 UTC. */
    readonly at: string;
  },
): RegistryEntry {
  const { summary, row, report, file } = given;
  return {
    schema_version: "quantgate.registry-entry.v1",
    generated_at: given.at,
    hardware_fingerprint: summary.hardware_fingerprint,
    execution_lane: summary.execution_lane,
    vram_profile: summary.vram_profile,
    model_id: row.model_id,
    quant_tag: row.quant_tag,
    name: given.name,
    version: given.version,
    path: given.path,
    content_key: `sha256/${file.sha256.slice(0, 2)}/${file.sha256}.onnx`,
    sha256: file.sha256,
    bytes: file.bytes,
    opsets: { ...report.opsets },
    inputs: report.inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape: shape && [...shape] })),
    outputs: report.outputs.map(({ name, dtype, shape }) => ({ name, dtype, shape: shape && [...shape] })),
    run_id: summary.run_id,
    variant_id: row.variant_id,
    verdict: row.verdict,
    is_recommended: summary.suite.ship === row.cell_id,
    forced: row.verdict !== "pass",
    reason: given.reason,
    gate_digest: given.gateDigest,
    journal_sha256: summary.journal.sha256,
    metrics: metricsOf(row),
    provenance: summary.provenance,
  };
}

/** Figures with intervals that people compare versions by, and the effect of every gate. */
function metricsOf(row: SummaryRow): RegistryEntry["metrics"] {
  const figures: readonly (readonly [string, EstimateDoc | null | undefined])[] = [
    ["accuracy", row.accuracy],
    ["drop", row.drop],
    ["speedup", row.speedup],
    ["latency.p50", row.latency.p50],
    ["latency.p99", row.latency.p99],
    ["throughput", row.throughput],
    ["peak_memory", row.peak_memory],
    ...row.gates.map((gate) => [`gate.${gate.gate_id}`, gate.effect] as const),
  ];
  return figures.flatMap(([id, estimate]) => (estimate === null || estimate === undefined ? [] : [{ id, estimate }]));
}

/** A name as registries take it. `what`: an alias, a name. */
export function requireName(name: string, what: string): string {
  if (NAME.test(name)) return name;
  throw new HarnessError("CONFIG_USAGE", `${JSON.stringify(name)} cannot be ${what} in a registry`, {
    hint: "Use letters, digits, dots, underscores and hyphens; --name and --alias give others.",
  });
}

/** A version's name and the path of its model, by a pattern with {name}, {variant}, {timestamp} and {sha256}. */
export function versionKey(
  pattern: string,
  given: {
    readonly name: string;
    readonly variant: string;
    readonly sha256: string;
    readonly atMs: number;
    /** Id of the publication. */
    readonly id: string;
  },
): { readonly version: string; readonly path: string } {
  const { name, variant, sha256, atMs, id } = given;
  // Two publishers may meet in one millisecond.
  const timestamp = `${new Date(atMs).toISOString().replaceAll(/[-:.]/g, "")}-${id.slice(0, 4)}`;
  const values: Record<string, string> = {
    name,
    timestamp,
    sha256,
    variant: variant.replaceAll(/[^A-Za-z0-9._-]+/g, "-"),
  };
  const path = pattern.replaceAll(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
  const isUnique = pattern.includes("{timestamp}") || pattern.includes("{sha256}");
  const isSafe = path.split("/").every((part) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(part));
  if (!isUnique || !isSafe || !path.endsWith(".onnx") || path.startsWith("sha256/")) {
    throw new HarnessError("CONFIG_USAGE", `${pattern} is no pattern for paths of versions`, {
      hint: "It needs {timestamp} or {sha256}, ends in .onnx, and may hold {name} and {variant}; sha256/ is taken.",
    });
  }
  return { version: `v${timestamp}`, path };
}
