/** What stands for a number that is not there. */
export const ABSENT = "–";

/** Past nine digits a difference is rounding noise of the double itself. */
const MAX_DIGITS = 9;
const SAME = 1e-9;
const MINUS = 0x2d;

/** A number as a document may hold it. */
export type MaybeNumber = number | null | undefined;

/** How a number is rounded for a person. */
export interface DecimalOptions {
  /** Digits after the point, at least. */
  readonly digits: number;
  /** Numbers the text must not be rounded onto or across: margins and limits, in the unit of the value. */
  readonly limits?: readonly number[];
  /** Significant digits, at least; for small ratios that would read 0.00. */
  readonly significant?: number;
}

/**
 * Decimal text with thousands separators; {@link ABSENT} for null, NaN and infinities.
 * Digits are added until the text lies on the same side of every limit as the value, so that it cannot contradict a verdict.
 */
export function decimal(value: MaybeNumber, options: DecimalOptions): string {
  return isNumber(value) ? fixed(value, digitsNeeded(value, options)) : ABSENT;
}

/** Digits after the point with which {@link decimal} shows the number. */
export function digitsNeeded(value: number, options: DecimalOptions): number {
  const limits = options.limits ?? [];
  let digits = Math.max(options.digits, significantDigits(value, options.significant));
  while (digits < MAX_DIGITS && !limits.every((limit) => side(rounded(value, digits), limit) === side(value, limit))) {
    digits += 1;
  }
  return digits;
}

/** A whole number with thousands separators: 4,600. */
export function count(value: MaybeNumber): string {
  return decimal(value, { digits: 0 });
}

/** `1 layer`, `6 layers`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${value === 1 && noun.endsWith("s") ? noun.slice(0, -1) : noun}`;
}

/** The next number up with two significant digits, so that what is still needed is never understated: 4,562 → 4,600. */
export function aboutCount(value: number): string {
  const step = value < 100 ? 1 : 10 ** (Math.floor(Math.log10(value)) - 1);
  return count(Math.ceil(value / step) * step);
}

/** Fraction → `73 %`. */
export function percent(fraction: MaybeNumber, options: Partial<DecimalOptions> = {}): string {
  if (!isNumber(fraction)) return ABSENT;
  const limits = (options.limits ?? []).map((limit) => limit * 100);
  return `${decimal(fraction * 100, { digits: options.digits ?? 0, limits })} %`;
}

/** Bytes in decimal units with three significant digits: `83.1 MB`. */
export function bytes(value: MaybeNumber): string {
  if (!isNumber(value)) return ABSENT;
  const units = ["B", "kB", "MB", "GB", "TB"];
  let scaled = value;
  let index = 0;
  // 999.5 would print as 1000.
  while (Math.abs(scaled) >= 999.5 && index < units.length - 1) {
    scaled /= 1000;
    index += 1;
  }
  const digits = index === 0 || Math.abs(scaled) >= 99.95 ? 0 : Math.abs(scaled) >= 9.995 ? 1 : 2;
  return `${decimal(scaled, { digits })} ${units[index] ?? "TB"}`;
}

export function isNumber(value: MaybeNumber): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

function significantDigits(value: number, significant = 0): number {
  if (value === 0 || significant === 0) return 0;
  return significant - 1 - Math.floor(Math.log10(Math.abs(value)));
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  // Most numbers are short; a list of a store holds 200,000 of them.
  if (text.charCodeAt(0) !== MINUS && text.length <= (digits > 0 ? digits + 4 : 3)) return text;
  const [whole = "", fraction] = text.replace(/^-/, "").split(".");
  const sign = text.startsWith("-") && Number(text) !== 0 ? "-" : "";
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? `${sign}${grouped}` : `${sign}${grouped}.${fraction}`;
}

function side(value: number, limit: number): number {
  const difference = value - limit;
  return Math.abs(difference) <= SAME * Math.max(1, Math.abs(limit)) ? 0 : Math.sign(difference);
}
