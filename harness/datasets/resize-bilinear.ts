import type { Picture } from "./resize-image.ts";

/**
 * Resizes by linear interpolation between the two nearest samples of each axis, whatever the scale: half-pixel centers, edges repeated,
 * no antialiasing. Rounded once, to 8 bits, ties to even, as an array of floats is (detectors are trained on OpenCV's INTER_LINEAR, whose
 * fixed-point weights differ from this by 1 at most).
 */
export function resizeBilinear(source: Picture, { width, height }: { width: number; height: number }): Picture {
  const columns = samplesFor(source.width, width);
  const rows = samplesFor(source.height, height);
  const input = source.pixels;
  const stride = source.width * 3;
  const pixels = new Uint8Array(width * height * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const above = (rows.first[y] as number) * stride;
    const below = (rows.second[y] as number) * stride;
    const down = rows.share[y] as number;
    for (let x = 0; x < width; x++) {
      const left = (columns.first[x] as number) * 3;
      const right = (columns.second[x] as number) * 3;
      const across = columns.share[x] as number;
      for (let channel = 0; channel < 3; channel++) {
        const top = mix(input[above + left + channel] as number, input[above + right + channel] as number, across);
        const bottom = mix(input[below + left + channel] as number, input[below + right + channel] as number, across);
        pixels[to++] = roundHalfEven(mix(top, bottom, down));
      }
    }
  }
  return { width, height, pixels };
}

function mix(a: number, b: number, share: number): number {
  return a * (1 - share) + b * share;
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** For each output, the two inputs beside its center, and the share of the second. */
function samplesFor(from: number, to: number) {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const share = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const center = ((i + 0.5) * from) / to - 0.5;
    const below = Math.floor(center);
    first[i] = Math.max(0, Math.min(from - 1, below));
    second[i] = Math.max(0, Math.min(from - 1, below + 1));
    share[i] = center - below;
  }
  return { first, second, share };
}
