import { artifactJson } from "../../domain/canonical-json.ts";
import type { ThermalStability } from "../../domain/generated/thermal-stability-v1.ts";
import { thermal } from "../../pipeline/thermal.ts";
import { type ThermalEvent, thermalRun } from "../../pipeline/thermal-run.ts";
import { renderThermal } from "../../report/thermal-text.ts";
import { watchInterrupts } from "../interrupt.ts";
import { textOptions } from "../terminal.ts";

interface CommonFlags {
  readonly cooldownTargetC?: number;
  readonly pollutedThermalThresholdC?: number;
  readonly monotonicWindow?: number;
  readonly executionLane?: "ci" | "lab";
  readonly vramProfile?: "safe" | "balanced" | "stress";
  readonly provenanceRef?: string;
  readonly storageRoot?: string;
  readonly json?: boolean;
}

export interface ThermalFlags extends CommonFlags {
  readonly summaries?: string[];
  readonly only?: string;
  readonly out?: string;
  readonly outDir: string;
}

export interface ThermalRunFlags extends CommonFlags {
  readonly seconds: number;
  readonly blocks: number;
  readonly threads: number;
  readonly batchSize: number;
  /** Its cap, s; true without one. */
  readonly coolDown?: number | true;
  readonly hardwareSidecarProfile: "auto" | "nvidia" | "amd" | "cpu_only" | "none";
  readonly quantTag?: string;
  readonly dataDir?: string;
  readonly out: string;
}

const DEFAULT_CAP_S = 300;

/** Thermal stability of stored runs; exit code 0 stable, 3 unstable, 4 not known. */
export async function runThermal(flags: ThermalFlags): Promise<number> {
  const artifact = await thermal({
    summaries: flags.summaries ?? [],
    limits: limitsOf(flags),
    only: flags.only,
    executionLane: flags.executionLane,
    vramProfile: flags.vramProfile,
    ref: flags.provenanceRef,
    out: flags.out,
    storageRoot: flags.storageRoot,
    outDir: flags.outDir,
  });
  return print(artifact, flags.json);
}

/** Loads this machine and says whether its speed holds; exit codes as {@link runThermal}. */
export async function runThermalLoad(model: string | undefined, flags: ThermalRunFlags): Promise<number> {
  const interrupt = watchInterrupts();
  try {
    const artifact = await thermalRun({
      model,
      seconds: flags.seconds,
      blocks: flags.blocks,
      threads: flags.threads,
      batchSize: flags.batchSize,
      coolDownCapS: flags.coolDown === true ? DEFAULT_CAP_S : flags.coolDown,
      probe: flags.hardwareSidecarProfile,
      limits: limitsOf(flags),
      quantTag: flags.quantTag,
      executionLane: flags.executionLane,
      vramProfile: flags.vramProfile,
      ref: flags.provenanceRef,
      dataDir: flags.dataDir,
      out: flags.out,
      storageRoot: flags.storageRoot,
      signal: interrupt.signal,
      onProgress: (event) => process.stderr.write(flags.json ? "" : `${progressLine(event)}\n`),
    });
    const exitCode = print(artifact, flags.json);
    if (!flags.json) process.stdout.write(`\nartifact ${flags.out}     plot ${flags.out}.svg\n`);
    return exitCode;
  } catch (error) {
    const exitCode = interrupt.exitCode();
    if (exitCode === undefined) throw error;
    process.stderr.write("interrupted\n");
    return exitCode;
  } finally {
    interrupt.dispose();
  }
}

function print(artifact: ThermalStability, json: boolean | undefined): number {
  const text = json ? artifactJson(artifact) : `${renderThermal(artifact, textOptions(process.stdout, process.env))}\n`;
  process.stdout.write(text);
  return { stable: 0, unstable: 3, inconclusive: 4 }[artifact.verdict ?? "inconclusive"];
}

function limitsOf(flags: CommonFlags) {
  const { cooldownTargetC, pollutedThermalThresholdC, monotonicWindow } = flags;
  return {
    ...(cooldownTargetC === undefined ? {} : { cooldownTargetC }),
    ...(pollutedThermalThresholdC === undefined ? {} : { pollutedThermalThresholdC }),
    ...(monotonicWindow === undefined ? {} : { monotonicWindow }),
  };
}

function progressLine(event: ThermalEvent): string {
  if (event.kind === "block") {
    const first = event.index === 0 ? `${event.seconds} s` : "the same work again";
    return `block ${event.index + 1} of ${event.of}: ${first}`;
  }
  const { state, waitedS, toC } = event.result;
  return `cool-down: ${state} after ${waitedS.toFixed(0)} s${toC === undefined ? "" : ` at ${toC} °C`}`;
}
