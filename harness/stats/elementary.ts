// Own elementary functions, because Math.log, Math.exp and Math.pow may differ in the last bit between Node versions, compilers
// and processors (fused multiply-add), and a verdict has to repeat byte for byte. Only + - * / and sqrt, which IEEE 754 fixes.

/** The natural logarithm of 2 in two parts: the first has 20 trailing zero bits, so that k·LN2_HIGH is exact for |k| < 2^20. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** Largest and smallest arguments of {@link exp} with a finite, non-zero result. */
const EXP_OVERFLOW = 709.782712893384;
const EXP_UNDERFLOW = -745.1332191019412;

/** Smallest normal double; below it the exponent field reads 0. */
const SMALLEST_NORMAL = 2 ** -1022;

/** Eight bytes to take doubles apart and put powers of two together. DataView, because it fixes the byte order. */
const bits = new DataView(new ArrayBuffer(8));

/** 2^power for a whole power in [-1022, 1023]. */
function powerOfTwo(power: number): number {
  bits.setUint32(0, (power + 1023) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** 2·atanh(s) for |s| ≤ 0.172, by its series: log of (1+s)/(1-s). */
function twiceAtanh(s: number): number {
  const z = s * s;
  const tail =
    1 / 3 +
    z *
      (1 / 5 +
        z *
          (1 / 7 +
            z *
              (1 / 9 +
                z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21 + z / 23)))))))));
  return 2 * s + 2 * s * z * tail;
}

/** Natural logarithm, within about 1 unit in the last place, the same bits on every machine; NaN below 0, -Infinity at 0. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN;
  if (x === Infinity) return Infinity;
  let exponent = -1023;
  if (x < SMALLEST_NORMAL) {
    bits.setFloat64(0, x * 2 ** 54);
    exponent -= 54;
  } else {
    bits.setFloat64(0, x);
  }
  const head = bits.getUint32(0);
  exponent += head >>> 20;
  bits.setUint32(0, (head & 0xfffff) | 0x3ff00000);
  let mantissa = bits.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa *= 0.5;
    exponent += 1;
  }
  const fraction = twiceAtanh((mantissa - 1) / (mantissa + 1));
  return exponent * LN2_HIGH + (exponent * LN2_LOW + fraction);
}

/** log(1 + x) without cancellation near 0. */
export function log1p(x: number): number {
  if (x > -0.25 && x < 0.3) return twiceAtanh(x / (2 + x));
  const rounded = 1 + x;
  // The second term gives back what rounding 1 + x lost.
  return rounded > 0 && rounded < Infinity ? log(rounded) + (x - (rounded - 1)) / rounded : log(rounded);
}

/** e^x - 1 for |x| ≤ 0.35, by its series. */
function smallExpm1(x: number): number {
  let sum = 1;
  for (let k = 15; k >= 2; k--) sum = 1 + (x / k) * sum;
  return x * sum;
}

/** e^x, within about 1 unit in the last place, the same bits on every machine. */
export function exp(x: number): number {
  if (!(x >= EXP_UNDERFLOW)) return x < EXP_UNDERFLOW ? 0 : Number.NaN;
  if (x > EXP_OVERFLOW) return Infinity;
  const power = Math.round(x / Math.LN2);
  const rest = x - power * LN2_HIGH - power * LN2_LOW;
  const result = 1 + smallExpm1(rest);
  if (power >= -1021 && power <= 1023) return result * powerOfTwo(power);
  // Two steps where 2^power itself has no normal double.
  const half = Math.trunc(power / 2);
  return result * powerOfTwo(half) * powerOfTwo(power - half);
}

/** e^x - 1 without cancellation near 0. */
export function expm1(x: number): number {
  return x > -0.35 && x < 0.35 ? smallExpm1(x) : exp(x) - 1;
}
