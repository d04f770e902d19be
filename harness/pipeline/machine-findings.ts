import { allowsPolluted } from "../aggregate/row-quality.ts";
import type { RunMarks } from "../aggregate/run-marks.ts";
import type { RunRecord } from "../aggregate/run-record.ts";
import { vramFit } from "../aggregate/vram-fit.ts";
import { type Finding, RUN_QUALITY_REASONS, type RunQualityReason } from "../domain/codes.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { SummaryRow } from "../domain/generated/summary-v1.ts";

/** What the probes could not read, one finding a probe. */
export function probeFindings({ trials }: Pick<RunRecord, "trials">): Finding[] {
  const watched = trials.filter(({ telemetry }) => telemetry !== undefined);
  const backends = [...new Set(watched.flatMap(({ telemetry }) => telemetry?.probes.map((one) => one.backend) ?? []))];
  return backends.flatMap((backend): Finding[] => {
    const windows = watched.flatMap(
      ({ telemetry }) => telemetry?.probes.filter((one) => one.backend === backend) ?? [],
    );
    const silent = windows.filter(({ samples, devices }) => samples === 0 || devices.every(isBlind)).length;
    const problems = [...new Set(windows.flatMap((one) => one.problems))].filter((code) => code !== "XID").sort();
    if (silent === 0 && problems.length === 0) return [];
    const told = problems.length === 0 ? "" : ` (${problems.join(", ")})`;
    const message =
      silent === 0
        ? `The ${backend} probe had trouble, but read something in every trial${told}.`
        : `The ${backend} probe read nothing in ${silent} of ${windows.length} trials${told}.`;
    return [{ code: "PROBE_INCOMPLETE", subject: "run", message }];
  });
}

function isBlind({ readings }: { readonly readings: Readonly<Record<string, { readonly kind: string }>> }): boolean {
  return Object.values(readings).every(({ kind }) => kind === "absent");
}

/** Trials whose experimental controls did not hold. */
export function controlFindings(marks: RunMarks): Finding[] {
  return [...marks].flatMap(([trialId, own]) =>
    own
      .filter(({ reason }) => reason === "MISSING_EXPERIMENTAL_CONTROLS")
      .map(
        ({ detail }): Finding => ({
          code: "CONTROLS_NOT_VERIFIED",
          subject: trialId,
          message: `${trialId}: ${detail}.`,
        }),
      ),
  );
}

/** Pollution, sidecar and device memory of one row. */
export function rowMachineFindings(row: SummaryRow, plan: Pick<Plan, "config" | "vram_profile">): Finding[] {
  return [...pollutionFindings(row, plan), ...sidecarFindings(row), ...memoryFindings(row, plan)];
}

function pollutionFindings(row: SummaryRow, plan: Pick<Plan, "config">): Finding[] {
  const polluted = row.polluted_trials ?? 0;
  if (polluted === 0) return [];
  const reasons = row.run_quality_reasons.filter((code) => RUN_QUALITY_REASONS[code as RunQualityReason]?.pollutes);
  const share = `${polluted} of ${row.trials.completed + row.trials.failed} trials were disturbed (${reasons.join(", ")})`;
  if (allowsPolluted(plan)) {
    return [
      { code: "POLLUTED_ALLOWED", subject: row.cell_id, message: `${share}; they count because that was asked for.` },
    ];
  }
  const what =
    row.run_quality_status === "polluted" ? "the row is not recommended" : "the row's own figures leave them out";
  return [{ code: "TRIALS_POLLUTED", subject: row.cell_id, message: `${share}; ${what}.` }];
}

function sidecarFindings({ cell_id, hardware_sidecar: sidecar }: SummaryRow): Finding[] {
  if (sidecar === null) return [];
  const findings: Finding[] = [];
  if (sidecar.problem !== null) findings.push({ code: "SIDECAR_FAILED", subject: cell_id, message: sidecar.problem });
  const { sidecar_parse_status: status, sidecar_parse_errors: errors } = sidecar.parse;
  if (status === "PARSE_ERROR" || status === "REQUIRED_FIELD_MISSING") {
    const message = `The sidecar's answer is ${status}: ${errors.join(", ")}.`;
    findings.push({ code: "SIDECAR_INCOMPLETE", subject: cell_id, message });
  }
  for (const { quantity, unit, sidecar: told, harness, status: outcome, reason } of sidecar.comparisons) {
    if (outcome !== "DIVERGES") continue;
    const message = `${quantity}: ${short(told)} ${unit} by the sidecar, ${short(harness)} by the harness; ${reason}.`;
    findings.push({ code: "SIDECAR_DIVERGES", subject: cell_id, message });
  }
  return findings;
}

/** Four digits tell two figures apart that differ by more than a tolerance. */
function short(value: number | null): string {
  return value === null ? "nothing" : String(Number(value.toPrecision(4)));
}

function memoryFindings(row: SummaryRow, { vram_profile }: Pick<Plan, "vram_profile">): Finding[] {
  const parse = row.hardware_sidecar?.parse;
  const mebibytes = (value: number | null | undefined) => (value == null ? undefined : value * 2 ** 20);
  const fit = vramFit(
    {
      totalBytes: mebibytes(parse?.vram_total_mb),
      usedBytes: mebibytes(parse?.vram_used_mb),
      modelBytes: row.bytes_on_disk ?? undefined,
    },
    vram_profile,
  );
  return fit === undefined ? [] : [{ ...fit, subject: row.cell_id }];
}
