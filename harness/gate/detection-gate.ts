import type { Comparison, PrecisionDrop } from "../domain/comparison.ts";
import type { GateSpecDoc } from "../domain/generated/plan-v1.ts";
import * as stats from "../stats/index.ts";
import type { Measured, NotMeasured } from "./block-gate.ts";
import { type Claims, type Sides, sidedClaims } from "./claims.ts";
import type { Effect } from "./effect.ts";
import { judge } from "./judge.ts";

/** Gates on average precision: intervals and claims from the paired bootstrap over images (BCa, Efron 1987). */
export function measureDetection(spec: GateSpecDoc, { detection }: Comparison): Measured | NotMeasured {
  if (detection === undefined) return { reason: "missing-metric" };
  const level = 1 - 2 * spec.alpha;
  if (spec.metric === "quality.category_ap") return worstCategory(spec, detection.categories, detection.images);
  const isLimit = spec.policy === "floor" || spec.policy === "ceiling";
  const figure = isLimit ? detection.map : detection.drop;
  if (figure === undefined) return { reason: "missing-metric" };
  return { effect: precisionEffect(figure, detection.images, level), claims: precisionClaims(spec, figure) };
}

/** A figure of average precision with its interval. Equal resamples have no scale, so they are judged by none. */
export function precisionEffect(figure: PrecisionDrop, images: number, level: number): Effect {
  const method = "bootstrap-bca over images";
  const { sorted, value } = figure;
  if (sorted.length === 0 || sorted[0] === sorted.at(-1)) {
    const reason = sorted.length === 0 ? "no-data" : "no-variation";
    return {
      value: undefined,
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
      level,
      n: images,
      method,
      reason,
    };
  }
  const { low, high } = stats.bcaLimits(sorted, { ...figure, level });
  return {
    value,
    low: low ?? Number.NEGATIVE_INFINITY,
    high: high ?? Number.POSITIVE_INFINITY,
    level,
    n: images,
    method,
    ...(low === undefined || high === undefined ? { reason: "too-few-resamples" as const } : {}),
  };
}

function precisionClaims(spec: GateSpecDoc, figure: PrecisionDrop): Claims {
  const { sorted } = figure;
  if (sorted.length === 0 || sorted[0] === sorted.at(-1)) return { pass: undefined, fail: undefined };
  const sides: Sides = (location) => stats.bcaTails(sorted, { ...figure, location });
  if (spec.policy === "floor" || spec.policy === "ceiling") {
    const { below, above } = sides(spec.limit as number);
    return spec.policy === "floor" ? { pass: above, fail: below } : { pass: below, fail: above };
  }
  return sidedClaims(spec.policy, spec.margin as number, -(spec.margin as number), sides);
}

/** As for classes (class-drop.ts): PASS needs every category at α, FAIL one at α/K. */
function worstCategory(
  spec: GateSpecDoc,
  categories: readonly { readonly name: string; readonly drop: PrecisionDrop }[],
  images: number,
): Measured | NotMeasured {
  if (categories.length === 0) return { reason: "missing-metric" };
  const margin = spec.margin as number;
  const judged = categories.map(({ name, drop }) => {
    const plain = precisionEffect(drop, images, 1 - 2 * spec.alpha);
    const corrected = precisionEffect(drop, images, 1 - (2 * spec.alpha) / categories.length);
    const effect = { ...plain, low: corrected.low } as Effect;
    return { name, effect, verdict: judge(spec.policy, effect, margin), claims: precisionClaims(spec, drop) };
  });
  const order = ["fail", "inconclusive", "pass"];
  const height = ({ effect }: (typeof judged)[number]) =>
    effect.value === undefined ? Number.POSITIVE_INFINITY : effect.high;
  const [worst] = [...judged].sort(
    (x, y) => order.indexOf(x.verdict) - order.indexOf(y.verdict) || height(y) - height(x),
  ) as [(typeof judged)[number]];
  const all = (read: (claims: Claims) => number | undefined) => {
    const ps = judged.map(({ claims }) => read(claims));
    return ps.every((p) => p !== undefined) ? (ps as number[]) : undefined;
  };
  const [pass, fail] = [all((claims) => claims.pass), all((claims) => claims.fail)];
  return {
    effect: worst.effect,
    claims: {
      pass: pass === undefined ? undefined : Math.max(...pass),
      fail: fail === undefined ? undefined : Math.min(1, categories.length * Math.min(...fail)),
    },
    detail: worst.name,
  };
}
