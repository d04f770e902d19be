import { relative } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { init } from "../../pipeline/init.ts";

export interface InitFlags {
  readonly images: string;
  readonly labels?: string;
  readonly dataDir?: string;
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Writes a starter config that sweep runs unchanged, and says what it found out. */
export async function runInit(model: string, flags: InitFlags): Promise<number> {
  const result = await init({ model, ...flags });
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
    `labels   ${result.labels.map(shown).join(", ")}`,
    `next     quantgate sweep ${shown(result.config)}${dataDir}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
