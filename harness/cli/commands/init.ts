import { relative } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import { init } from "../../pipeline/init.ts";
import { initLanguage } from "../../pipeline/language/init-language.ts";

export interface InitFlags {
  readonly images?: string;
  readonly labels?: string;
  readonly dataDir?: string;
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Writes a starter config that sweep runs unchanged, and says what it found out. */
export async function runInit(model: string | undefined, flags: InitFlags): Promise<number> {
  const isImages = flags.images !== undefined || flags.labels !== undefined || /\.onnx$/i.test(model ?? "");
  const result = isImages
    ? await initImages(model, flags)
    : { ...(await initLanguage({ model, ...flags })), labels: [] };
  if (flags.json) {
    process.stdout.write(artifactJson(result));
    return 0;
  }
  const shown = (path: string) => relative(process.cwd(), path) || path;
  const dataDir = flags.dataDir === undefined ? "" : ` --data-dir ${flags.dataDir}`;
  const lines = [
    ...result.notes,
    "",
    `config   ${shown(result.config)}`,
    ...(result.labels.length === 0 ? [] : [`labels   ${result.labels.map(shown).join(", ")}`]),
    `next     quantgate sweep ${shown(result.config)}${dataDir}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

function initImages(model: string | undefined, flags: InitFlags) {
  const { images } = flags;
  if (model !== undefined && images !== undefined) return init({ model, ...flags, images });
  throw new HarnessError("CONFIG_USAGE", model === undefined ? "No model was named" : "No images were named", {
    hint: "For example: quantgate init model.onnx --images photos/. Without both, a language model is looked for.",
  });
}
