import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type {
  EndLine,
  JournalHeader,
  JournalLine,
  SidecarLine,
  StepLine,
  TrialLine,
  VariantLine,
} from "../domain/generated/journal-v1.ts";
import { type Appender, openAppender } from "../platform/appender.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite, readBytes } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";

/** A journal as read: whole, checked lines only. */
export interface Journal {
  readonly header: JournalHeader;
  /** Prepare steps that are done. */
  readonly steps: readonly StepLine[];
  readonly variants: readonly VariantLine[];
  readonly trials: readonly TrialLine[];
  /** At most one a cell. */
  readonly sidecars: readonly SidecarLine[];
  readonly end: EndLine | undefined;
  readonly lines: number;
  /** Bytes of the whole lines. */
  readonly bytes: number;
  /** Digest of those bytes. */
  readonly sha256: string;
  /** What a crash left after the last whole line. */
  readonly torn: Uint8Array | undefined;
}

export interface JournalWriter {
  /** Adds one line and waits until it is on the disk. */
  write(body: StepLine | VariantLine | TrialLine | SidecarLine | EndLine): Promise<void>;
  close(): Promise<void>;
}

/** Starts a journal with its header line. */
export async function createJournal(path: string, header: JournalHeader): Promise<JournalWriter> {
  const appender = await openAppender(path);
  await appender.append(sealLine(0, header.plan, header));
  return writerFrom(appender, 1, header.plan);
}

/**
 * Opens a journal to go on with it. A torn last line is moved to `<path>.torn` and cut off.
 * Throws CONFIG_PLAN_MISMATCH for a journal of another plan, STORE_CORRUPT for one that is damaged elsewhere.
 */
export async function resumeJournal(
  path: string,
  planDigest: string,
): Promise<{ journal: Journal; writer: JournalWriter }> {
  const journal = await readJournal(path);
  if (journal.header.plan !== planDigest) {
    throw new HarnessError(
      "CONFIG_PLAN_MISMATCH",
      `The journal ${path} belongs to plan ${journal.header.plan.slice(0, 12)}, not to ${planDigest.slice(0, 12)}`,
      { hint: "The config, a model or the data changed since. Start a new run, or restore what changed." },
    );
  }
  if (journal.torn !== undefined) await atomicWrite(`${path}.torn`, journal.torn);
  const appender = await openAppender(path, { keepBytes: journal.bytes });
  return { journal, writer: writerFrom(appender, journal.lines, planDigest) };
}

/** Reads and checks a journal. STORE_MISSING, or STORE_CORRUPT naming the line. */
export async function readJournal(path: string): Promise<Journal> {
  const content = await readBytes(path, { what: "journal", code: "STORE_MISSING" });
  const lastNewline = content.lastIndexOf(10);
  const whole = content.subarray(0, lastNewline + 1);
  const texts = lastNewline < 0 ? [] : new TextDecoder().decode(whole.subarray(0, -1)).split("\n");
  const bodies = texts.map((text, index) => openLine(text, index, path));
  const [first, ...rest] = bodies;
  if (first?.body.kind !== "header") {
    throw corrupt(path, 1, "there is no header line", "Nothing was measured in this run: start a new one.");
  }
  const header = first.body;
  if (first.plan !== header.plan) throw corrupt(path, 1, "it belongs to another plan");
  const journal = {
    steps: [] as StepLine[],
    variants: [] as VariantLine[],
    trials: [] as TrialLine[],
    sidecars: [] as SidecarLine[],
    end: undefined as EndLine | undefined,
  };
  const seen = new Set<string>();
  for (const [index, { body, plan }] of rest.entries()) {
    const line = index + 2;
    if (plan !== header.plan) throw corrupt(path, line, "it belongs to another plan");
    if (journal.end !== undefined) throw corrupt(path, line, "it follows the end of the run");
    if (body.kind === "header") throw corrupt(path, line, "a second header");
    if (body.kind === "end") {
      journal.end = body;
      continue;
    }
    const id = nameOf(body);
    if (seen.has(id)) throw corrupt(path, line, `${id} is recorded twice`);
    seen.add(id);
    if (body.kind === "trial") journal.trials.push(body);
    else if (body.kind === "sidecar") journal.sidecars.push(body);
    else if (body.kind === "step") journal.steps.push(body);
    else journal.variants.push(body);
  }
  return {
    header,
    ...journal,
    lines: bodies.length,
    bytes: whole.length,
    sha256: sha256(whole),
    torn: whole.length < content.length ? content.slice(whole.length) : undefined,
  };
}

function nameOf(body: StepLine | VariantLine | TrialLine | SidecarLine): string {
  switch (body.kind) {
    case "trial":
      return `trial ${body.trial_id}`;
    case "sidecar":
      return `sidecar of ${body.cell_id}`;
    case "step":
      return `step ${body.step_id}`;
    case "variant":
      return `variant ${body.variant_id}`;
  }
}

function writerFrom(appender: Appender, nextSeq: number, plan: string): JournalWriter {
  let seq = nextSeq;
  return {
    async write(body) {
      await appender.append(sealLine(seq, plan, body));
      seq++;
    },
    close: () => appender.close(),
  };
}

/** Throws STORE_SCHEMA for a body that could not be read back: it must not take the lines before it along. */
function sealLine(seq: number, plan: string, body: JournalLine["body"]): string {
  const unsealed = { seq, plan, body, sha256: "0".repeat(64) };
  validator.validate("journal.v1", unsealed, { what: `journal line ${seq + 1}`, code: "STORE_SCHEMA" });
  const checksum = sha256(canonicalJson({ seq, plan, body }));
  return canonicalJson({ seq, plan, body, sha256: checksum });
}

function openLine(text: string, index: number, path: string): JournalLine {
  const number = index + 1;
  let line: JournalLine;
  try {
    const value = parseJson(text, { what: `line ${number}` });
    line = validator.validate<JournalLine>("journal.v1", value, { what: `line ${number}`, code: "STORE_CORRUPT" });
  } catch (cause) {
    throw corrupt(path, number, cause instanceof Error ? cause.message : "it cannot be read", undefined, cause);
  }
  if (line.seq !== index) throw corrupt(path, number, `line ${index} is missing before it`);
  const { sha256: claimed, ...content } = line;
  if (sha256(canonicalJson(content)) !== claimed)
    throw corrupt(path, number, "its checksum does not match its content");
  return line;
}

function corrupt(path: string, line: number, why: string, hint?: string, cause?: unknown): HarnessError {
  return new HarnessError("STORE_CORRUPT", `The journal ${path} is damaged at line ${line}: ${why}`, {
    hint: hint ?? "Restore the file from a copy, or run the sweep again; a damaged journal is never trusted.",
    cause,
  });
}
