// Seeded inputs for models of text and sound. Text: words of random letters, sizes, weights and grays, drawn by sharp from SVG; needs
// any TrueType font on the machine (Debian: fonts-dejavu-core). Sound: gliding harmonics over noise.
import sharp from "sharp";

const { rng } = await import(new URL("../dist/harness/stats/index.js", import.meta.url));
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const FAMILIES = ["DejaVu Sans", "DejaVu Serif", "Liberation Sans", "Liberation Serif", "sans-serif"];

function word(random) {
  const length = 3 + random.below(8);
  return Array.from({ length }, () => LETTERS[random.below(LETTERS.length)]).join("");
}

function line(random, { x, y, size, words }) {
  const text = Array.from({ length: words }, () => word(random)).join(" ");
  const gray = random.below(90);
  const family = FAMILIES[random.below(FAMILIES.length)];
  const weight = random.below(3) === 0 ? "bold" : "normal";
  return `<text x="${x}" y="${y}" font-family="${family}" font-weight="${weight}" font-size="${size}" fill="rgb(${gray},${gray},${gray})">${text}</text>`;
}

async function draw(width, height, background, body) {
  const [r, g, b] = background;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="rgb(${r},${g},${b})"/>${body}</svg>`;
  return sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
}

const light = (random) => [0, 0, 0].map(() => 180 + random.below(76));

/** RGB to [3, height, width] floats, (value / 255 - mean) / deviation. */
function planes(pixels, into, at, { mean, deviation }) {
  const area = pixels.length / 3;
  for (let c = 0; c < 3; c++)
    for (let p = 0; p < area; p++) into[at + c * area + p] = (pixels[3 * p + c] / 255 - mean[c]) / deviation[c];
}

async function pictures(count, { width, height, seed, body, norm }) {
  const random = rng(seed);
  const size = 3 * width * height;
  const data = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const pixels = await draw(width, height, light(random), body(random));
    const darkest = pixels.reduce((least, value) => Math.min(least, value), 255);
    if (darkest > 170) throw new Error("no text was drawn: install a font package, such as fonts-dejavu-core");
    planes(pixels, data, i * size, norm);
  }
  return { count, shape: [3, height, width], data };
}

/** Single lines of 48 x 320 pixels, as the recognition model reads them. */
export function textLines(count, seed) {
  const half = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };
  const body = (random) =>
    line(random, {
      x: 4 + random.below(8),
      y: 33 + random.below(5),
      size: 24 + random.below(10),
      words: 1 + random.below(3),
    });
  return pictures(count, { width: 320, height: 48, seed, body, norm: half });
}

/** Pages of 320 x 320 pixels with some lines, as the detection model reads them. */
export function textPages(count, seed) {
  const imagenet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
  const body = (random) => {
    const lines = 2 + random.below(5);
    return Array.from({ length: lines }, (_, i) =>
      line(random, {
        x: 5 + random.below(60),
        y: 40 + Math.floor((270 * i) / lines) + random.below(15),
        size: 14 + random.below(18),
        words: 1 + random.below(2),
      }),
    ).join("");
  };
  return pictures(count, { width: 320, height: 320, seed, body, norm: imagenet });
}

const RATE = 16_000;
/** Frames of a window that the embedding reads, and samples that give them. */
const FRAMES = 76;
const SAMPLES = 160 * (FRAMES + 4);

/** Windows of [76, 32, 1] mel features: gliding harmonics over noise through openWakeWord's own feature model. */
export async function melWindows(count, seed, featureModel, session) {
  const random = rng(seed);
  const opened = await session.open(new Uint8Array(featureModel), {});
  const data = new Float32Array(count * FRAMES * 32);
  for (let n = 0; n < count; n++) {
    const wave = glide(random);
    const results = await opened.run({ input: { dtype: "float32", dims: [1, SAMPLES], data: wave } });
    const frames = Object.values(results)[0].data;
    if (frames.length < FRAMES * 32) throw new Error(`the feature model gave only ${frames.length / 32} frames`);
    for (let k = 0; k < FRAMES * 32; k++) data[n * FRAMES * 32 + k] = frames[k] / 10 + 2;
  }
  await opened.close();
  return { count, shape: [FRAMES, 32, 1], data };
}

/** Samples on the scale of 16-bit sound, as the feature model expects them. */
function glide(random) {
  const [from, to] = [80 + random.below(400), 80 + random.below(400)];
  const [loud, noise, voices] = [500 + random.below(6000), 20 + random.below(800), 1 + random.below(8)];
  let phase = 0;
  return Float32Array.from({ length: SAMPLES }, (_, i) => {
    phase += (2 * Math.PI * (from + ((to - from) * i) / SAMPLES)) / RATE;
    let sum = 0;
    for (let k = 1; k <= voices; k++) sum += Math.sin(k * phase) / k;
    return loud * sum * Math.sin((Math.PI * i) / SAMPLES) + noise * random.normal();
  });
}
