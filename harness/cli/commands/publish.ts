import { artifactJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import { promote, rollback } from "../../pipeline/promote.ts";
import { publish, resumePublications } from "../../pipeline/publish.ts";
import { renderMove, renderPublication } from "../../report/publish-text.ts";
import { watchInterrupts } from "../interrupt.ts";

interface RegistryFlags {
  readonly registry: string;
  readonly outDir: string;
  readonly json?: boolean;
}

export interface PublishFlags extends RegistryFlags {
  readonly name?: string;
  readonly alias?: string;
  readonly pathPattern?: string;
  readonly force?: boolean;
  readonly reason?: string;
  readonly resume?: boolean;
}

interface MoveFlags extends RegistryFlags {
  readonly alias: string;
  readonly reason?: string;
}

/** Publishes a passing variant, or finishes what was interrupted. */
export async function runPublish(
  run: string | undefined,
  variant: string | undefined,
  flags: PublishFlags,
): Promise<number> {
  if (flags.resume === true && run === undefined) {
    const published = await interruptible((signal) => resumePublications({ ...flags, signal }));
    if (typeof published === "number") return published;
    const text = published.map(renderPublication).join("\n") || "no publication to this registry is under way";
    process.stdout.write(flags.json ? artifactJson({ published }) : `${text}\n`);
    return 0;
  }
  if (run === undefined || variant === undefined || flags.resume === true) {
    throw new HarnessError("CONFIG_USAGE", "Publishing needs a run and a variant, or --resume alone", {
      hint: "quantgate publish results/latest u8s8 --registry models/",
    });
  }
  const published = await interruptible((signal) => publish({ ...flags, run, variant, signal }));
  if (typeof published === "number") return published;
  process.stdout.write(flags.json ? artifactJson(published) : `${renderPublication(published)}\n`);
  return 0;
}

/** Lets an alias name a published version. */
export async function runPromote(
  name: string,
  flags: MoveFlags & { readonly version?: string; readonly from?: string; readonly force?: boolean },
): Promise<number> {
  const moved = await promote({ ...flags, name });
  process.stdout.write(flags.json ? artifactJson(moved) : `${renderMove(moved)}\n`);
  return 0;
}

/** Lets an alias name what it named before. */
export async function runRollback(name: string, flags: MoveFlags): Promise<number> {
  const moved = await rollback({ ...flags, name });
  process.stdout.write(flags.json ? artifactJson(moved) : `${renderMove(moved)}\n`);
  return 0;
}

/** The result, or the exit code of the signal that came before it; what was sent stays in the outbox. */
async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | number> {
  const interrupt = watchInterrupts();
  try {
    return await work(interrupt.signal);
  } catch (error) {
    const code = interrupt.exitCode();
    if (code === undefined) throw error;
    process.stderr.write("interrupted; the same command goes on where it stopped\n");
    return code;
  } finally {
    interrupt.dispose();
  }
}
