import { setTimeout as sleep } from "node:timers/promises";
import { startStreamProcess } from "./stream-process.ts";

/** A program that does not know the question may begin its work instead. */
const LONGEST_MS = 10_000;
const MOST_BYTES = 8192;
const MOST_CHARACTERS = 80;

/**
 * What a program says of its version when asked with `--version`: what follows "version" on the first line that has the word, on either
 * of its outputs. Undefined where it says none, cannot be started, or does not end in time.
 */
export async function programVersion(
  [program, ...args]: readonly [string, ...string[]],
  { signal, timeoutMs = LONGEST_MS }: { readonly signal: AbortSignal; readonly timeoutMs?: number },
): Promise<string | undefined> {
  let output = "";
  let ended = () => {};
  const end = new Promise<boolean>((resolve) => {
    ended = () => resolve(true);
  });
  const child = await startStreamProcess([program, ...args, "--version"], {
    onBytes(_, bytes) {
      output = (output + Buffer.from(bytes).toString("utf8")).slice(0, MOST_BYTES);
    },
    onEnd: () => ended(),
  }).catch(() => undefined);
  if (child === undefined) return undefined;
  const timer = new AbortController();
  try {
    const late = sleep(timeoutMs, false, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => false);
    if (!(await Promise.race([end, late]))) return undefined;
    return versionIn(output) ?? versionIn(child.log());
  } finally {
    timer.abort();
    await child.stop();
    signal.throwIfAborted();
  }
}

function versionIn(output: string): string | undefined {
  const [, version] = /^.*?\bversion[:\s]+(\S.*)$/im.exec(output) ?? [];
  return version
    ?.replaceAll(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, MOST_CHARACTERS);
}
