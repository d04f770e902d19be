import { resolve } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import { parity } from "../../pipeline/parity.ts";
import { atomicWrite } from "../../platform/files.ts";
import { renderParity } from "../../report/parity-text.ts";
import { EXIT } from "../exit.ts";
import { textOptions } from "../terminal.ts";

/** As a gate that fails. */
const EXIT_DIFFERS = 3;

interface ParityFlags {
  readonly config: string;
  readonly items?: number;
  readonly maxMae?: number;
  readonly batchSizes?: string[];
  readonly range?: string[];
  readonly blocks?: number;
  readonly threads?: number;
  readonly dataDir?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** A PyTorch model beside its ONNX export; 3 where the export does not answer alike. */
export async function runParity(reference: string, model: string, flags: ParityFlags): Promise<number> {
  const { config, items, maxMae, blocks, threads, dataDir } = flags;
  const batchSizes = flags.batchSizes?.map((text) => {
    const size = Number(text);
    if (Number.isInteger(size) && size >= 1) return size;
    throw new HarnessError("CONFIG_USAGE", `--batch-sizes names ${JSON.stringify(text)}`, {
      hint: "Whole numbers of at least 1.",
    });
  });
  const ranges = Object.fromEntries((flags.range ?? []).map(readRange));
  const found = await parity({ reference, model, config, items, maxMae, batchSizes, ranges, blocks, threads, dataDir });
  if (flags.out !== undefined) await atomicWrite(resolve(flags.out), artifactJson(found));
  process.stdout.write(
    flags.json ? artifactJson(found) : `${renderParity(found, textOptions(process.stdout, process.env))}\n`,
  );
  return found.verdict === "pass" ? EXIT.ok : EXIT_DIFFERS;
}

/** `output=0:1`. */
function readRange(text: string): [string, [number, number]] {
  const found = /^(.+)=(-?[\d.eE+-]+):(-?[\d.eE+-]+)$/.exec(text);
  const [low, high] = [Number(found?.[2]), Number(found?.[3])];
  if (found !== null && low <= high) return [found[1] as string, [low, high]];
  throw new HarnessError("CONFIG_USAGE", `--range is ${JSON.stringify(text)}`, {
    hint: "Write it as NAME=LOW:HIGH, e.g. output=0:1.",
  });
}
