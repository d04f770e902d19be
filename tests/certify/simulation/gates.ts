import type { Comparison, PairedTable } from "../../../harness/domain/comparison.ts";
import type { GateSpecDoc } from "../../../harness/domain/generated/plan-v1.ts";

/** The latency gate that the simulations decide by: the default one, with its policy and level. */
export function latencyGate(policy: "non-inferiority" | "any-regression", alpha: number, margin: number): GateSpecDoc {
  return {
    id: "latency_ratio",
    metric: "latency.call",
    policy,
    margin,
    margin_kind: "relative",
    limit: null,
    tier: "primary",
    alpha,
  };
}

export function accuracyGate(alpha: number, margin: number): GateSpecDoc {
  return {
    id: "accuracy_drop",
    metric: "quality.accuracy",
    policy: "non-inferiority",
    margin,
    margin_kind: "absolute",
    limit: null,
    tier: "primary",
    alpha,
  };
}

/** A complete, unsuspicious comparison with these blocks (or this table): nothing but them decides. */
export function comparison(
  cellId: string,
  { logRatios = new Float64Array(0), table }: { logRatios?: Float64Array; table?: PairedTable },
): Comparison {
  const n = table === undefined ? 0 : table.a + table.b + table.c + table.d;
  const trials = { planned: 1, completed: 1, failed: 0, missing: 0 };
  return {
    cellId,
    role: "candidate",
    variantFailure: undefined,
    trials,
    overall:
      table === undefined ? undefined : { n, total: table.a + table.c, table, differences: undefined, strict: table },
    classes: [],
    invalidRows: 0,
    baselineInvalidRows: 0,
    latencyLogRatios: logRatios,
    memoryLogRatios: new Float64Array(0),
    throughputLogRatios: new Float64Array(0),
    isLatencyConstant: false,
    bytesOnDisk: undefined,
    baselineBytesOnDisk: undefined,
    determinism: { n: 0, matching: 0 },
    isNoisy: false,
    secondsPerItem: undefined,
    secondsPerBlock: undefined,
  };
}
