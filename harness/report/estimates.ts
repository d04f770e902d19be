import type { EstimateDoc } from "../domain/generated/summary-v1.ts";
import { ABSENT, type DecimalOptions, decimal, digitsNeeded, isNumber, type MaybeNumber } from "./numbers.ts";
import { pad } from "./visible-text.ts";

/** From the unit of a document to the unit a person reads. */
export interface NumberStyle {
  /** Multiplies value and bounds. */
  readonly factor: number;
  readonly digits: number;
  readonly significant?: number;
  /** Follows the point estimate, not the bounds. */
  readonly suffix: string;
}

/** Drops and accuracies, in points (hundredths). */
export const POINTS: NumberStyle = { factor: 100, digits: 1, suffix: "" };
/** Baseline latency over variant latency. Two significant digits, as 0.005x is a real outcome. */
export const SPEED: NumberStyle = { factor: 1, digits: 2, significant: 2, suffix: "x" };
export const PERCENT: NumberStyle = { factor: 100, digits: 1, suffix: " %" };

/** Accuracy shows a second decimal where one item is worth less than a tenth of a point. */
export function accuracyStyle(items: number): NumberStyle {
  return { ...POINTS, digits: items >= 2000 ? 2 : 1 };
}

/** A number of a document in a style. `limits` are in the unit of the document. */
export function styled(value: MaybeNumber, style: NumberStyle, limits: readonly number[] = []): string {
  return isNumber(value) ? decimal(value * style.factor, scaledOptions(style, limits)) : ABSENT;
}

/** `1.71x [1.66, 1.76]`; a bound that does not exist is {@link ABSENT}. */
export function estimateText(estimate: EstimateDoc | null, style: NumberStyle, limits: readonly number[] = []): string {
  const parts = estimateParts(estimate, style, limits);
  return parts === null ? ABSENT : `${parts.value} [${parts.low}, ${parts.high}]`;
}

/** Estimates of one column, their points and bounds aligned; null where there is none. */
export function alignedEstimates(
  estimates: readonly { readonly estimate: EstimateDoc | null; readonly limits: readonly number[] }[],
  style: NumberStyle,
): (string | null)[] {
  const all = estimates.map(({ estimate, limits }) => estimateParts(estimate, style, limits));
  const width = (part: "value" | "low" | "high") => Math.max(0, ...all.map((parts) => parts?.[part].length ?? 0));
  const [value, low, high] = [width("value"), width("low"), width("high")];
  return all.map(
    (parts) =>
      parts && `${pad(parts.value, value, "left")} [${pad(parts.low, low, "left")}, ${pad(parts.high, high, "left")}]`,
  );
}

/** `90 %` when all the estimates share a level, else undefined. */
export function sharedLevel(estimates: readonly (EstimateDoc | null)[]): string | undefined {
  const levels = new Set(estimates.flatMap((estimate) => (estimate === null ? [] : [levelText(estimate.level)])));
  return levels.size === 1 ? [...levels][0] : undefined;
}

/** `90 %`, `99.9 %`: as many digits as the level has. */
export function levelText(level: number): string {
  return `${Number((level * 100).toPrecision(6))} %`;
}

/** All three numbers with the digits of the one that needs most, so that they can be compared by eye. */
function estimateParts(estimate: EstimateDoc | null, style: NumberStyle, limits: readonly number[]) {
  if (estimate === null) return null;
  const numbers = [estimate.value, estimate.low, estimate.high].filter(isNumber);
  if (numbers.length === 0) return null;
  const options = scaledOptions(style, limits);
  const digits = Math.max(...numbers.map((number) => digitsNeeded(number * style.factor, options)));
  const value = styled(estimate.value, { ...style, digits });
  return {
    value: value === ABSENT ? value : value + style.suffix,
    low: styled(estimate.low, { ...style, digits }),
    high: styled(estimate.high, { ...style, digits }),
  };
}

function scaledOptions(style: NumberStyle, limits: readonly number[]): DecimalOptions {
  return {
    digits: style.digits,
    limits: limits.map((limit) => limit * style.factor),
    ...(style.significant === undefined ? {} : { significant: style.significant }),
  };
}
