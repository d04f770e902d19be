import { RUN_QUALITY_REASONS, type RunQualityReason } from "../domain/codes.ts";
import type { DeviceWindowDoc, MeasuredDoc, TrialLine } from "../domain/generated/journal-v1.ts";
import type { Plan, PlannedCell, RunQualityControls } from "../domain/generated/plan-v1.ts";
import { controlsProblem } from "./experimental-controls.ts";
import { gaugeOf, growthOf } from "./trial-readings.ts";

/** One thing that a trial's own window says against it. */
export interface QualityMark {
  readonly reason: RunQualityReason;
  /** What was read, as a clause. */
  readonly detail: string;
}

/** What the rules look at beside the limits. */
export interface QualityContext {
  readonly plan: Pick<Plan, "experimental_controls" | "run_quality" | "telemetry" | "simulated">;
  readonly cell: Pick<PlannedCell, "threads"> | undefined;
  /** Seed that the plan gave the trial. */
  readonly seed: number | undefined;
  /** Whether the trial's work runs on a graphics card, or the user watches one: only then foreign work there is a disturbance. */
  readonly watchesGpu: boolean;
}

/** A fault of the driver or a tenth of a percent: a blink of a limit is none. */
const BLINK_S = 0.005;
const percent = (share: number): string => `${Math.round(share * 100)} %`;

/**
 * Reasons against one trial, from what was read while it ran and the limits of the plan; empty where nothing speaks against it. A
 * reading that is not there accuses nobody, and a plan without limits (an older one) judges nothing.
 */
export function trialMarks(trial: TrialLine, context: QualityContext): QualityMark[] {
  const limits = context.plan.run_quality;
  if (limits === undefined) return [];
  const { measured } = trial;
  const marks = [
    ...(measured === null
      ? []
      : [...starvationMarks(measured, limits), ...loadMarks(trial, measured, context, limits)]),
    ...(measured === null ? [] : [...controlMarks(measured, context), ...tokenMarks(measured)]),
    ...deviceMarks(trial, context, limits),
    ...telemetryMarks(trial, context),
  ];
  return marks.sort((x, y) => (x.reason < y.reason ? -1 : x.reason > y.reason ? 1 : 0));
}

/** Whether a trial with these marks is polluted. */
export function isPolluting(marks: readonly QualityMark[]): boolean {
  return marks.some(({ reason }) => RUN_QUALITY_REASONS[reason].pollutes);
}

/** The trial itself was kept from running: so little of the processor that a median does not outlive it. */
export function starvationMarks({ host }: MeasuredDoc, limits: RunQualityControls): QualityMark[] {
  const cpu = share(host.loop_cpu_s, host.loop_wall_s);
  const steal = share(host.steal_s, host.wall_s);
  const pressure = share(host.cpu_pressure_s, host.wall_s);
  return [
    ...over(
      "CPU_STARVED",
      cpu !== undefined && cpu < limits.min_cpu_share,
      () => `it had the CPU for ${percent(cpu ?? 0)} of its loop`,
    ),
    ...over(
      "HYPERVISOR_STEAL",
      isAbove(steal, limits.max_steal_share),
      () => `the hypervisor kept ${percent(steal ?? 0)} of a core`,
    ),
    ...over(
      "HIGH_SYSTEM_LOAD",
      isAbove(pressure, limits.max_pressure_share),
      () => `tasks waited for a CPU ${percent(pressure ?? 0)} of the time`,
    ),
  ];
}

/** Other programs, and our own beside the trial. */
function loadMarks(
  trial: TrialLine,
  { host }: MeasuredDoc,
  { cell }: QualityContext,
  limits: RunQualityControls,
): QualityMark[] {
  const foreign = foreignShare(host);
  const own = share(host.harness_cpu_s ?? null, host.wall_s);
  const runnable = gaugeOf(trial, "cpu", "processes_running")?.mean;
  const cpus = host.cpus ?? undefined;
  // The probe runs while it reads, and the trial's own threads are no foreign tasks.
  const tasks =
    runnable === undefined || cpus === undefined || cell === undefined
      ? undefined
      : Math.max(0, runnable - 1 - cell.threads) / cpus;
  return [
    ...over(
      "HIGH_CPU_SATURATION",
      isAbove(foreign, limits.max_foreign_cpu_share),
      () => `other programs used ${percent(foreign ?? 0)} of the processors`,
    ),
    ...over(
      "HIGH_SYSTEM_LOAD",
      isAbove(tasks, limits.max_runnable_share),
      () => `${(tasks ?? 0).toFixed(1)} foreign tasks a processor were ready to run`,
    ),
    ...over(
      "HIGH_ORCHESTRATION_OVERHEAD",
      isAbove(own, limits.max_orchestration_share),
      () => `the harness used ${percent(own ?? 0)} of a processor`,
    ),
  ];
}

/** Share of all processors that neither the trial nor the harness used; undefined where it was not read. */
export function foreignShare(host: MeasuredDoc["host"]): number | undefined {
  const { cpu_busy_s: busy, own_cpu_s: own, harness_cpu_s: harness, cpus, wall_s } = host;
  if (busy == null || own == null || harness == null || cpus == null || !(wall_s > 0)) return undefined;
  return Math.max(0, busy - own - harness) / (wall_s * cpus);
}

function controlMarks(measured: MeasuredDoc, { plan, cell, seed }: QualityContext): QualityMark[] {
  if (plan.simulated || cell === undefined) return [];
  const problem = controlsProblem(measured, plan.experimental_controls, { threads: cell.threads, seed });
  return problem === undefined ? [] : [{ reason: "MISSING_EXPERIMENTAL_CONTROLS", detail: problem }];
}

function deviceMarks(trial: TrialLine, { watchesGpu }: QualityContext, limits: RunQualityControls): QualityMark[] {
  const devices = trial.telemetry?.probes.flatMap((probe) => probe.devices) ?? [];
  return devices.flatMap((device) =>
    device.kind === "cpu"
      ? [...heatMarks(device, limits), ...memoryMarks(device, trial.wall_s, limits)]
      : watchesGpu
        ? [...heatMarks(device, limits), ...cardMarks(device, limits)]
        : [],
  );
}

function heatMarks(device: DeviceWindowDoc, limits: RunQualityControls): QualityMark[] {
  const { readings } = device;
  const flagged = readings["throttle_thermal"];
  const grown = growthOf(device, "throttle_thermal_s");
  const events = growthOf(device, "throttle_events")?.change ?? 0;
  const shares = [
    flagged?.kind === "gauge" ? flagged.mean : undefined,
    grown === undefined || !(grown.covered_s > 0) || grown.change <= BLINK_S
      ? undefined
      : grown.change / grown.covered_s,
  ].filter((one) => one !== undefined);
  const throttled = shares.length === 0 ? undefined : Math.max(...shares);
  const limitC = limits.max_temperature_c;
  const hottest = Math.max(
    ...["temperature_gpu_c", "temperature_memory_c", "temperature_junction_c", "temperature_cpu_c"].map((id) => {
      const reading = readings[id];
      return reading?.kind === "gauge" ? reading.peak : -Infinity;
    }),
  );
  return [
    ...over(
      "THERMAL_THROTTLE",
      isAbove(throttled, limits.max_throttled_share),
      () => `heat held the clocks of ${device.id} down ${percent(throttled ?? 0)} of the time`,
    ),
    ...over(
      "THERMAL_THROTTLE",
      events > 0 && limits.max_throttled_share !== undefined && limits.max_throttled_share < 1,
      () => `heat slowed a processor down ${events} times`,
    ),
    ...over("HIGH_TEMPERATURE", limitC !== undefined && hottest >= limitC, () => `${device.id} reached ${hottest} °C`),
  ];
}

function memoryMarks(device: DeviceWindowDoc, wallS: number, limits: RunQualityControls): QualityMark[] {
  const stalled = growthOf(device, "pressure_memory_s");
  const waiting = stalled === undefined ? undefined : share(stalled.change, stalled.covered_s || wallS);
  const available = device.readings["memory_available_bytes"];
  const total = device.readings["memory_total_bytes"];
  const free = available?.kind === "gauge" && total?.kind === "gauge" ? share(available.least, total.peak) : undefined;
  const least = limits.min_available_memory_share;
  return [
    ...over(
      "MEMORY_PRESSURE",
      isAbove(waiting, limits.max_memory_pressure_share),
      () => `tasks waited for memory ${percent(waiting ?? 0)} of the time`,
    ),
    ...over(
      "MEMORY_PRESSURE",
      least !== undefined && free !== undefined && free < least,
      () => `only ${percent(free ?? 0)} of the memory was free`,
    ),
  ];
}

function cardMarks(device: DeviceWindowDoc, limits: RunQualityControls): QualityMark[] {
  const foreign = device.readings["foreign_memory_bytes"];
  const limit = limits.max_foreign_gpu_bytes;
  const bytes = foreign?.kind === "gauge" ? foreign.peak : undefined;
  const faults = ["xid_events", "ecc_uncorrected", "remapped_rows_uncorrectable"].filter(
    (id) => (growthOf(device, id)?.change ?? 0) > 0,
  );
  return [
    ...over(
      "FOREIGN_GPU_LOAD",
      isAbove(bytes, limit),
      () => `others held ${Math.round((bytes ?? 0) / 2 ** 20)} MiB of ${device.id}`,
    ),
    ...over("GPU_FAULT", faults.length > 0, () => `${device.id} reported ${faults.join(", ")}`),
  ];
}

/** Tokens came, and nobody said when. A request that failed says nothing about the server's account. */
function tokenMarks({ language }: MeasuredDoc): QualityMark[] {
  const untimed =
    language?.requests.filter(
      ({ state, status }) =>
        state === "completed" && (status === "TIMING_UNAVAILABLE" || status === "TOKEN_AND_TIMING_UNAVAILABLE"),
    ).length ?? 0;
  return over(
    "MISSING_TOKEN_TIMINGS",
    untimed > 0,
    () => `${untimed} of ${language?.requests.length} replies have no times`,
  );
}

/** A probe that was asked for and gave nothing. */
function telemetryMarks(trial: TrialLine, { plan }: QualityContext): QualityMark[] {
  if (plan.telemetry === undefined || plan.telemetry.probe === "none" || trial.state !== "completed") return [];
  const silent = trial.telemetry?.probes.filter(({ samples }) => samples === 0).map(({ backend }) => backend) ?? [];
  if (trial.telemetry !== undefined && silent.length === 0) return [];
  const who = trial.telemetry === undefined ? "no probe" : `not the ${silent.join(" and ")} probe`;
  return [{ reason: "MISSING_TELEMETRY", detail: `${who} gave a reading` }];
}

function share(part: number | null, of: number): number | undefined {
  return part === null || !(of > 0) ? undefined : part / of;
}

function isAbove(value: number | undefined, limit: number | undefined): boolean {
  return value !== undefined && limit !== undefined && value > limit;
}

function over(reason: RunQualityReason, isOver: boolean, detail: () => string): QualityMark[] {
  return isOver ? [{ reason, detail: detail() }] : [];
}
