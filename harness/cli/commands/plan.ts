import { artifactJson } from "../../domain/canonical-json.ts";
import { planSweep } from "../../pipeline/sweep.ts";
import { renderPlan } from "../../report/plan-text.ts";
import { textOptions } from "../terminal.ts";
import { type SweepFlags, sweepOptionsFrom } from "./flags.ts";

/** Prints what a sweep would do; touches nothing on disk. */
export async function runPlan(config: string | undefined, flags: SweepFlags): Promise<number> {
  const { plan } = await planSweep(sweepOptionsFrom(config, flags));
  const text = flags.json ? artifactJson(plan) : `${renderPlan(plan, textOptions(process.stdout, process.env))}\n`;
  process.stdout.write(text);
  return 0;
}
