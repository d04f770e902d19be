import { DOCTOR_AREAS, type DoctorEntry, type DoctorReport } from "../domain/doctor.ts";
import type { TextOptions } from "./text-options.ts";
import { pad, visible, wrap } from "./visible-text.ts";

const WORDS: Readonly<Record<DoctorEntry["status"], string>> = {
  ok: "ok",
  warn: "warn",
  missing: "none",
  fail: "FAIL",
};
const TITLES: Readonly<Record<DoctorEntry["area"], string>> = {
  runtime: "Runtimes",
  probe: "Probes",
  data: "Data",
  noise: "Noise",
  storage: "Storage",
};

/** What this machine can run, by area, with what to do about each gap below it. */
export function renderDoctor({ checks, able }: DoctorReport, { width }: TextOptions): string {
  const areas = DOCTOR_AREAS.filter((area) => checks.some((entry) => entry.area === area));
  const blocks = areas.flatMap((area) => [
    TITLES[area],
    ...checks.filter((entry) => entry.area === area).flatMap((entry) => lines(entry, width)),
    "",
  ]);
  const gaps = checks.filter(({ status }) => status === "fail" || status === "warn").length;
  const verdict = able ? "This machine can run sweeps" : "This machine cannot run sweeps yet";
  return [
    ...blocks,
    `${verdict}${gaps === 0 ? "" : `; ${gaps} ${gaps === 1 ? "thing deserves" : "things deserve"} a look`}.`,
  ].join("\n");
}

function lines({ status, found, advice }: DoctorEntry, width: number): string[] {
  const indent = " ".repeat(8);
  const head = wrap(`  ${pad(WORDS[status], 4, "right")}  ${visible(found)}`, width, indent);
  return advice === undefined ? head : [...head, ...wrap(`${indent}→ ${visible(advice)}`, width, `${indent}  `)];
}
