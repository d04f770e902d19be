import type {
  DivergenceDoc,
  EstimateDoc,
  PairAgreementDoc,
  TokenDeterminismDoc,
} from "../domain/generated/summary-v1.ts";
import type { ClusterEstimate, ClusteredShare, Unjudged } from "../stats/index.ts";
import type { Divergence } from "./divergence.ts";
import type { PairAgreement, TokenDeterminism } from "./token-determinism.ts";

/** A divergence as a summary row holds it. */
export function divergenceDoc(found: Divergence, referenceVariantId: string): DivergenceDoc {
  return {
    reference_variant_id: referenceVariantId,
    source: found.source,
    prompts: found.prompts,
    positions: found.positions,
    unmatched: found.unmatched,
    mean: estimateDoc(found.mean),
    median: estimateDoc(found.median),
    p99: estimateDoc(found.p99),
    top_agreement: estimateDoc(found.topAgreement),
    covered_mass: found.coveredMass ?? null,
    perplexity: { reference: found.perplexity.reference ?? null, variant: found.perplexity.variant ?? null },
  };
}

/** Determinism on token ids as a summary row holds it. */
export function tokenDeterminismDoc({ cold, warm, across }: TokenDeterminism): TokenDeterminismDoc {
  return { cold: pairDoc(cold), warm: pairDoc(warm), across: pairDoc(across) };
}

function pairDoc(pairs: PairAgreement): PairAgreementDoc {
  return {
    rate: estimateDoc(pairs.rate),
    pairs: pairs.rate.n,
    uncompared: pairs.uncompared,
    first_divergence: pairs.firstDivergence ?? null,
    median_divergence: pairs.medianDivergence ?? null,
    median_logprob_gap: pairs.medianLogprobGap ?? null,
  };
}

/** Infinite limits become null; a missing value says why. */
function estimateDoc(found: ClusterEstimate | ClusteredShare | Unjudged): EstimateDoc {
  const { value, low, high, level, n, method } = found;
  const reason = "reason" in found ? found.reason : value === undefined ? "no-data" : undefined;
  return {
    value: finite(value),
    low: finite(low),
    high: finite(high),
    level,
    n,
    method,
    ...(reason === undefined ? {} : { reason }),
  };
}

function finite(x: number | undefined): number | null {
  return x !== undefined && Number.isFinite(x) ? x : null;
}
