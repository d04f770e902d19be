import { readFileSync, rmSync, statSync } from "node:fs";
import type { SidecarParse } from "../domain/generated/sidecar-parse-v1.ts";
import { type ProgramOutcome, runProgram } from "../platform/process-host.ts";
import { parseSidecar, type SidecarParseOptions } from "./parse-sidecar.ts";

/** What a sidecar program left behind. A failure is told here and changes nothing else. */
export interface SidecarRun {
  readonly parse: SidecarParse;
  /** One sentence, where the program did not do as it should; its last words included. */
  readonly problem: string | undefined;
}

export interface SidecarRunOptions extends SidecarParseOptions {
  /** Program and arguments, e.g. of expandTemplate. */
  readonly argv: readonly string[];
  /** Where it was told to write; its standard output counts where it wrote nothing there. A file of before is removed. */
  readonly outFile: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly cwd?: string;
}

/** More than this is no sidecar's answer. */
const MAX_BYTES = 4 << 20;
const SAID_LENGTH = 300;

/** Runs a sidecar program without a shell and parses what it says. Rejects only on abort, with the signal's reason. */
export async function runSidecar(options: SidecarRunOptions): Promise<SidecarRun> {
  const { argv, outFile, timeoutMs, signal, cwd } = options;
  const [command = "", ...args] = argv;
  rmSync(outFile, { force: true });
  const outcome = await runProgram(command, args, {
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  const written = readWritten(outFile);
  const said = outcome.status === "not-started" ? undefined : outcome.stdout;
  return { parse: parseSidecar(written ?? said, options), problem: describe(command, outcome, timeoutMs) };
}

function readWritten(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    return size > 0 && size <= MAX_BYTES ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

function describe(command: string, outcome: ProgramOutcome, timeoutMs: number): string | undefined {
  if (outcome.status === "not-started") return `The sidecar ${command} could not be started: ${outcome.reason}.`;
  const tail = outcome.stderr.trim().slice(-SAID_LENGTH);
  const words = tail === "" ? "" : ` It said: ${tail}`;
  if (outcome.status === "timed-out") {
    return `The sidecar ${command} did not finish within ${timeoutMs / 1000} s and was killed.${words}`;
  }
  if (outcome.exitCode === 0) return undefined;
  const how = outcome.signal === null ? `with exit code ${outcome.exitCode}` : `by signal ${outcome.signal}`;
  return `The sidecar ${command} ended ${how}.${words}`;
}
