import { relative } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { quantize } from "../../pipeline/quantize.ts";
import { renderQuantize } from "../../report/quantize-text.ts";
import { watchInterrupts } from "../interrupt.ts";
import { textOptions } from "../terminal.ts";

export interface QuantizeFlags {
  readonly recipe: string[];
  readonly config?: string;
  readonly dataDir?: string;
  readonly outDir: string;
  readonly json?: boolean;
}

/** Quantizes a model and prints what each layer became. */
export async function runQuantize(model: string, flags: QuantizeFlags): Promise<number> {
  const interrupt = watchInterrupts();
  try {
    const files = await quantize({
      model,
      dataDir: flags.dataDir,
      recipes: flags.recipe,
      config: flags.config,
      outDir: flags.outDir,
      signal: interrupt.signal,
    });
    const shown = files.map((file) => ({ ...file, path: relative(process.cwd(), file.path) || file.path }));
    const text = flags.json
      ? artifactJson(shown)
      : `${renderQuantize(shown, textOptions(process.stdout, process.env))}\n`;
    process.stdout.write(text);
    return 0;
  } catch (error) {
    const exitCode = interrupt.exitCode();
    if (exitCode === undefined) throw error;
    process.stderr.write("interrupted; no partial file was written\n");
    return exitCode;
  } finally {
    interrupt.dispose();
  }
}
