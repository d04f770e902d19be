import { resolve } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { decideWithPolicy } from "../../pipeline/decide.ts";
import { renderTerminal } from "../../report/terminal.ts";
import { textOptions } from "../terminal.ts";

export interface GateFlags {
  readonly run: string;
  readonly policy?: string;
  readonly certificate?: string;
  readonly outDir: string;
  readonly json?: boolean;
}

/** Decides a stored run again, by the plan's gates or another policy's. */
export async function runGate(flags: GateFlags): Promise<number> {
  const policy = flags.policy === undefined ? undefined : resolve(flags.policy);
  const certificate = flags.certificate === undefined ? undefined : resolve(flags.certificate);
  const { summary, gate } = await decideWithPolicy({ run: flags.run, outDir: flags.outDir, policy, certificate });
  if (flags.json) process.stdout.write(artifactJson(gate));
  else process.stdout.write(`${renderTerminal(summary, textOptions(process.stdout, process.env))}\n`);
  return summary.state === "canary-abort" ? 5 : summary.suite.exit_code;
}
