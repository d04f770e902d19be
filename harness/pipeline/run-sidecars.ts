import { resolve } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import type { SidecarLine, TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan, PlannedCell, PlannedVariant } from "../domain/generated/plan-v1.ts";
import { type Clock, secondsSince } from "../platform/clock.ts";
import { ensureFolder } from "../platform/files.ts";
import type { JournalWriter } from "../store/journal.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { parseSidecar, type SidecarParseOptions } from "../telemetry/parse-sidecar.ts";
import { runSidecar } from "../telemetry/run-sidecar.ts";
import { expandTemplate } from "../telemetry/sidecar-template.ts";
import { probePayload } from "./probe-payload.ts";
import type { OnProgress } from "./progress.ts";

export interface SidecarLoop {
  readonly plan: Plan;
  readonly folder: RunFolder;
  readonly writer: JournalWriter;
  /** Finished trials, whose windows stand in for a program where no template was given. */
  readonly trials: readonly TrialLine[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

const DEFAULT_TIMEOUT_SEC = 120;

/**
 * Runs each cell's hardware sidecar, after the trials so that it disturbs none, and records what it said. A sidecar that fails, hangs or is
 * not there is a line with a problem. Rejects on abort, and where the journal cannot be written.
 */
export async function runSidecars(loop: SidecarLoop, earlier: readonly SidecarLine[]): Promise<void> {
  const { plan, writer, onProgress } = loop;
  if (plan.sidecar.profile === "none") return;
  const done = new Set(earlier.map(({ cell_id }) => cell_id));
  for (const cell of plan.cells) {
    if (done.has(cell.cell_id)) continue;
    const line = await sidecarOf(loop, cell);
    await writer.write(line);
    if (line.problem !== null) onProgress({ kind: "warning", message: `${cell.cell_id}: ${line.problem}` });
  }
}

/** Refuses a command line that can never be filled in, before anything is measured (CONFIG_USAGE). */
export function checkTemplate(template: string | null | undefined): void {
  if (template == null) return;
  expandTemplate(template, { model_id: "", quant_tag: "", runtime_target: "", execution_mode: "", out_file: "" });
}

async function sidecarOf(loop: SidecarLoop, cell: PlannedCell): Promise<SidecarLine> {
  const { plan, folder, clock, signal } = loop;
  const { profile, template, profiles = {}, timeout_sec = DEFAULT_TIMEOUT_SEC } = plan.sidecar;
  const variant = plan.variants.find(({ variant_id }) => variant_id === cell.variant_id) as PlannedVariant;
  const path = sidecarPath(plan, cell, variant);
  const options: SidecarParseOptions = { profile, profiles };
  const start = clock.monotonicNs();
  const common = { kind: "sidecar" as const, cell_id: cell.cell_id };
  await ensureFolder(folder.file(path, ".."));
  if (template == null) {
    const payload = probePayload(loop.trials.filter((trial) => trial.cell_id === cell.cell_id));
    const parse = parseSidecar(JSON.stringify(payload), options);
    return { ...common, source: "probes", ...(await keep(folder, path, parse)), wall_s: 0, problem: null, parse };
  }
  const outFile = resolve(folder.file(path.replace(/\.json$/, ".raw.json")));
  const argv = expandTemplate(template, {
    model_id: variant.model_id,
    quant_tag: variant.quant_tag,
    runtime_target: String((plan.config as { runtime?: { kind?: unknown } }).runtime?.kind ?? "onnxruntime"),
    execution_mode: plan.execution_lane,
    out_file: outFile,
  });
  const { parse, problem } = await runSidecar({ ...options, argv, outFile, timeoutMs: timeout_sec * 1000, signal });
  const wall_s = plan.simulated ? 0 : secondsSince(clock, start);
  return {
    ...common,
    source: "program",
    ...(await keep(folder, path, parse)),
    wall_s,
    problem: problem ?? null,
    parse,
  };
}

/** The answer is in the journal too: a file that cannot be written loses nothing. */
async function keep(folder: RunFolder, path: string, parse: SidecarLine["parse"]): Promise<Pick<SidecarLine, "file">> {
  try {
    await folder.writeText(path, artifactJson(parse));
    return { file: path };
  } catch {
    return { file: null };
  }
}

/** `sidecar/<model>/<quant>_hardware_sidecar.json`; further settings of the same quant carry their setting in the name. */
function sidecarPath({ cells }: Plan, cell: PlannedCell, { model_id, quant_tag }: PlannedVariant): string {
  const isFirst = cells.find(({ variant_id }) => variant_id === cell.variant_id)?.cell_id === cell.cell_id;
  const setting = isFirst ? "" : `@t${cell.threads}b${cell.batch_size}`;
  return `sidecar/${safe(model_id)}/${safe(quant_tag)}${setting}_hardware_sidecar.json`;
}

/** As the name of a file, on any system; a tag such as `llama3:8b` holds a colon. */
function safe(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._@+-]/g, "-").replace(/^\.+/, "-");
}
