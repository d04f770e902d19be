/** 8-bit pixels, interleaved, three channels. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** width x height x 3. */
  readonly pixels: Uint8Array;
}

/**
 * Resizes by a triangle filter with half-pixel centers that widens when it shrinks: bilinear interpolation when enlarging,
 * antialiased when not. Rows first, then columns, rounded to 8 bits after each, as Pillow's BILINEAR does (equal within 1).
 * Our own, because libvips shifts enlarged images by half a pixel, and so that its version cannot change a model's inputs.
 */
export function resizePicture(source: Picture, { width, height }: { width: number; height: number }): Picture {
  const wide = width === source.width ? source : resampleRows(source, width);
  return height === source.height ? wide : resampleColumns(wide, height);
}

/** Which inputs make one output, and by how much; the same number of taps for all, zeros beyond `count`. */
interface Taps {
  readonly most: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Float64Array;
}

function tapsFor(from: number, to: number): Taps {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const most = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Float64Array(to * most);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(from, Math.trunc(center + support + 0.5));
    const own = weights.subarray(i * most, i * most + end - start);
    for (let k = 0; k < own.length; k++) own[k] = Math.max(0, 1 - Math.abs((start + k + 0.5 - center) / support));
    const sum = own.reduce((total, weight) => total + weight, 0);
    for (let k = 0; k < own.length; k++) own[k] = (own[k] as number) / sum;
    first[i] = start;
    count[i] = own.length;
  }
  return { most, first, count, weights };
}

function resampleRows(source: Picture, width: number): Picture {
  const { most, first, count, weights } = tapsFor(source.width, width);
  const input = source.pixels;
  const pixels = new Uint8Array(width * source.height * 3);
  let to = 0;
  for (let y = 0; y < source.height; y++) {
    const row = y * source.width * 3;
    for (let x = 0; x < width; x++) {
      let r = 0.5;
      let g = 0.5;
      let b = 0.5;
      let from = row + (first[x] as number) * 3;
      const weight = x * most;
      const taps = count[x] as number;
      for (let k = 0; k < taps; k++, from += 3) {
        const w = weights[weight + k] as number;
        r += w * (input[from] as number);
        g += w * (input[from + 1] as number);
        b += w * (input[from + 2] as number);
      }
      // Storing into 8 bits cuts off the fraction; with the half added, it rounds.
      pixels[to++] = r;
      pixels[to++] = g;
      pixels[to++] = b;
    }
  }
  return { width, height: source.height, pixels };
}

function resampleColumns(source: Picture, height: number): Picture {
  const { most, first, count, weights } = tapsFor(source.height, height);
  const input = source.pixels;
  const stride = source.width * 3;
  const pixels = new Uint8Array(stride * height);
  const sums = new Float64Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(0.5);
    const taps = count[y] as number;
    for (let k = 0; k < taps; k++) {
      const w = weights[y * most + k] as number;
      const from = ((first[y] as number) + k) * stride;
      for (let x = 0; x < stride; x++) sums[x] = (sums[x] as number) + w * (input[from + x] as number);
    }
    pixels.set(sums, y * stride);
  }
  return { width: source.width, height, pixels };
}
