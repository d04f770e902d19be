import { HarnessError } from "../domain/errors.ts";
import type { MatrixConfig } from "../domain/generated/config-v1.ts";
import type { GateSpecDoc, Plan } from "../domain/generated/plan-v1.ts";

/** The gates of a certification run: the latency gate under both policies. */
export const AA_GATES = { anyRegression: "aa_any_regression", nonInferiority: "aa_non_inferiority" } as const;

/** What a certification run compares: the config's baseline with twins of itself. */
export interface TwinDesign {
  /** Identical twins a session. */
  readonly twins: number;
  /** Twins a session that are slowed by `handicap`. */
  readonly handicapped: number;
  /** Share by which they are slowed; the latency margin unless told. */
  readonly handicap: number;
  readonly blocks: number;
  readonly seed: number;
}

export interface TwinConfig {
  readonly raw: MatrixConfig;
  /** Handicap by quant id; empty without slowed twins. */
  readonly handicaps: Readonly<Record<string, number>>;
  readonly twinIds: readonly string[];
  readonly handicappedIds: readonly string[];
}

/** The gate whose level and margin a certificate is about: the first relative latency margin. CONFIG_INVALID where there is none. */
export function latencyGateOf({ gates }: Plan): GateSpecDoc & { margin: number } {
  const gate = gates.find(
    ({ metric, margin, margin_kind }) => metric === "latency.call" && margin !== null && margin_kind === "relative",
  );
  if (gate !== undefined && gate.margin !== null && gate.margin > 0) return { ...gate, margin: gate.margin };
  throw new HarnessError("CONFIG_INVALID", "The config has no latency gate with a relative margin to certify", {
    hint: "Keep the default gate latency_ratio, or declare one on latency.call with margin_kind relative.",
  });
}

/** The config with its baseline and twins of it as the only quants, and the latency gate under both policies as the only gates. */
export function twinConfig(raw: MatrixConfig, plan: Plan, design: TwinDesign): TwinConfig {
  const gate = latencyGateOf(plan);
  const [model] = plan.models;
  const baseline = plan.variants.find((v) => v.role === "baseline" && v.model_id === model?.id);
  const quants = raw.quants ?? [];
  const declared = quants.find((quant) => (typeof quant === "string" ? quant : quant.id) === baseline?.quant_tag);
  if (declared === undefined || baseline === undefined) {
    throw new HarnessError("CONFIG_INVALID", "The config declares no baseline to compare with itself", {
      hint: 'Add "fp32" to quants, or give one quant "role": "baseline".',
    });
  }
  const own = typeof declared === "string" ? { id: declared, recipe: declared } : declared;
  const twin = (id: string) => ({
    ...own,
    ...("kind" in own ? {} : { recipe: own.recipe ?? own.id }),
    id,
    role: "candidate" as const,
  });
  const ids = (kind: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${baseline.quant_tag}-${kind}-${i + 1}`);
  const twinIds = ids("twin", design.twins);
  const handicappedIds = ids("slowed", design.handicapped);
  const common = { metric: "latency.call", margin: gate.margin, margin_kind: "relative", alpha: gate.alpha } as const;
  return {
    raw: {
      ...raw,
      models: (raw.models ?? []).filter(({ id }) => id === model?.id) as NonNullable<MatrixConfig["models"]>,
      quants: [{ ...own, role: "baseline" }, ...[...twinIds, ...handicappedIds].map(twin)] as NonNullable<
        MatrixConfig["quants"]
      >,
      gates: [
        ...plan.gates.map(({ id }) => ({ id, enabled: false })),
        { ...common, id: AA_GATES.anyRegression, policy: "any-regression", tier: "primary" },
        { ...common, id: AA_GATES.nonInferiority, policy: "non-inferiority", tier: "primary" },
      ],
      batch_sizes: [plan.cells[0]?.batch_size ?? 1],
      runtime: { ...raw.runtime, threads: [plan.cells[0]?.threads ?? 1] },
      runs_per_quant: design.blocks,
      evaluate_runs: 1,
      seed: design.seed,
    },
    handicaps: Object.fromEntries(handicappedIds.map((id) => [id, design.handicap])),
    twinIds,
    handicappedIds,
  };
}
