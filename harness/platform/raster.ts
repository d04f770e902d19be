import { HarnessError } from "../domain/errors.ts";

/** SVG → PNG at twice its size, for screens. CONFIG_USAGE where the machine has no font: a plot without words misleads. */
export async function svgToPng(svg: string): Promise<Uint8Array> {
  // Loaded here: commands that draw nothing need not pay for it.
  const { default: sharp } = await import("sharp");
  const render = (text: string, density: number) =>
    sharp(Buffer.from(text), { density }).png({ palette: true, quality: 90 });
  const probe =
    '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><rect width="60" height="20" fill="white"/><text x="2" y="15" font-size="14" font-family="sans-serif">Hello</text></svg>';
  const { channels } = await sharp(Buffer.from(probe)).stats();
  if (channels[0]?.min === channels[0]?.max) {
    throw new HarnessError("CONFIG_USAGE", "The picture would have no words: this machine has no font", {
      hint: "Install one (Debian: fonts-dejavu-core), or write SVG instead: --out-svg.",
    });
  }
  return await render(svg, 144).toBuffer();
}
