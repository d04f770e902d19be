import { artifactJson } from "../../domain/canonical-json.ts";
import { evaluate } from "../../pipeline/evaluate.ts";
import { renderEvaluation } from "../../report/evaluate-text.ts";
import { watchInterrupts } from "../interrupt.ts";
import { textOptions } from "../terminal.ts";

export interface EvaluateFlags {
  readonly config: string;
  readonly threads: number;
  readonly batchSize?: number;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** Evaluates one model on the config's dataset and prints quality and speed. */
export async function runEvaluate(model: string, flags: EvaluateFlags): Promise<number> {
  const interrupt = watchInterrupts();
  try {
    const result = await evaluate({ ...flags, model, signal: interrupt.signal });
    const text = flags.json
      ? artifactJson(result)
      : `${renderEvaluation(result, textOptions(process.stdout, process.env))}\n`;
    process.stdout.write(text);
    return 0;
  } catch (error) {
    const exitCode = interrupt.exitCode();
    if (exitCode === undefined) throw error;
    process.stderr.write("interrupted\n");
    return exitCode;
  } finally {
    interrupt.dispose();
  }
}
