import { exp, log } from "./elementary.ts";
import { requireProbability } from "./require.ts";

const ROOT_TWO_PI = 2.5066282746310007;

/** Below this |z| the power series is used, above it the continued fraction of the tail. */
const SERIES_UNTIL = 3;

/** Density of the standard normal distribution. The square is split so that its rounding does not spoil far tails. */
export function normalPdf(z: number): number {
  const size = Math.abs(z);
  if (size > 39) return 0;
  const head = Math.round(size * 16) / 16;
  return (exp(-0.5 * head * head) * exp(-0.5 * (size - head) * (size + head))) / ROOT_TWO_PI;
}

/** P(Z ≤ z) of the standard normal distribution, or P(Z > z) for the upper tail; full relative accuracy in both tails. */
export function normalCdf(z: number, { tail = "lower" }: { tail?: "lower" | "upper" } = {}): number {
  if (Number.isNaN(z)) throw new RangeError("z must be a number, got NaN");
  const signed = tail === "lower" ? z : -z;
  if (Math.abs(signed) < SERIES_UNTIL) return 0.5 + centralArea(signed);
  return signed < 0 ? tailArea(-signed) : 1 - tailArea(signed);
}

/** Φ(z) - ½ = φ(z) Σ z^(2k+1) / (1·3·5···(2k+1)), all terms of one sign. */
function centralArea(z: number): number {
  const square = z * z;
  let term = z;
  let sum = z;
  for (let k = 3; k < 200; k += 2) {
    term *= square / k;
    const next = sum + term;
    if (next === sum) break;
    sum = next;
  }
  return normalPdf(z) * sum;
}

/** P(Z > z) = φ(z) / (z + 1/(z + 2/(z + 3/(z + ...)))) for z ≥ 3, evaluated from the inside. */
function tailArea(z: number): number {
  if (z > 39) return 0;
  const depth = 30 + Math.ceil(900 / (z * z));
  let fraction = z;
  for (let k = depth; k >= 1; k--) fraction = z + k / fraction;
  return normalPdf(z) / fraction;
}

/** Numerator and denominator of Wichura's three rational approximations, highest power first (AS 241, PPND16, 1988). */
const CENTER = [
  [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
] as const;
const SHOULDER = [
  [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
] as const;
const FAR = [
  [
    2.0103343992922881e-7, 0.000027115555687434876, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
    1.7848265399172913, 5.463784911164114, 6.657904643501103,
  ],
  [
    2.0442631033899397e-15, 1.421511758316446e-7, 0.000018463183175100548, 0.0007868691311456133, 0.014875361290850615,
    0.1369298809227358, 0.599832206555888, 1,
  ],
] as const;

type Rational = readonly [readonly number[], readonly number[]];

function rational([top, bottom]: Rational, x: number): number {
  let numerator = 0;
  let denominator = 0;
  for (let i = 0; i < top.length; i++) {
    numerator = numerator * x + top[i]!;
    denominator = denominator * x + bottom[i]!;
  }
  return numerator / denominator;
}

/** The p-quantile of the standard normal distribution, p in [0, 1]; about 1e-15 relative (Wichura 1988, AS 241). */
export function normalQuantile(p: number): number {
  requireProbability("p", p);
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * rational(CENTER, 0.180625 - q * q);
  const smaller = q < 0 ? p : 1 - p;
  if (smaller === 0) return q < 0 ? -Infinity : Infinity;
  const r = Math.sqrt(-log(smaller));
  const z = r <= 5 ? rational(SHOULDER, r - 1.6) : rational(FAR, r - 5);
  return q < 0 ? -z : z;
}
