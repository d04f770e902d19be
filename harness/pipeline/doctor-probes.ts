import type { DoctorFinding } from "../domain/doctor.ts";
import { systemClock } from "../platform/clock.ts";
import { findProgram } from "../platform/find-program.ts";
import { type ProbeClient, startProbe } from "../telemetry/probe-client.ts";
import type { DeviceWindow } from "../telemetry/summarize-window.ts";
import type { DoctorCheck } from "./doctor.ts";

const FIRST_SAMPLE_MS = 5000;
/** Two samples at least, so that shares and rates are there. */
const WATCH_MS = 500;
/** Readings that explain a run; others may be missing without a word. */
const TELLING = {
  cpu: ["temperature_cpu_c", "cpu_frequency_hz", "energy_j", "pressure_cpu_s", "cpu_steal_s"],
  card: ["temperature_gpu_c", "clock_sm_hz", "power_draw_w", "memory_used_bytes", "throttle_thermal"],
} as const;

export const PROBE_CHECKS: readonly DoctorCheck[] = [
  { id: "probe-cpu", area: "probe", look: () => watch("cpu") },
  { id: "probe-nvidia", area: "probe", look: () => card("nvidia", ["nvidia-smi"], "an NVIDIA card") },
  { id: "probe-amd", area: "probe", look: () => card("amd", ["rocm-smi", "amd-smi"], "an AMD card") },
];

function card(
  backend: "nvidia" | "amd",
  tools: readonly string[],
  what: string,
): Promise<DoctorFinding> | DoctorFinding {
  if (tools.some((tool) => findProgram(tool) !== undefined)) return watch(backend);
  return {
    status: "missing",
    found: `no ${tools.join(" or ")} in PATH`,
    advice: `Nothing to do, unless this machine has ${what}: then install its driver's tools.`,
  };
}

async function watch(backend: ProbeClient["backend"]): Promise<DoctorFinding> {
  const client = startProbe({ backend, intervalMs: 100 });
  try {
    const startNs = systemClock.monotonicNs();
    await client.ready(FIRST_SAMPLE_MS);
    const endNs = systemClock.monotonicNs() + BigInt(WATCH_MS) * 1_000_000n;
    await client.caughtUp(endNs, FIRST_SAMPLE_MS);
    const { devices, samples } = client.window(startNs, endNs);
    const notes = client.notes().filter(({ code }) => code !== "TOOL_WARNING");
    return describe(backend, { devices, samples, problem: notes[0]?.message });
  } finally {
    await client.stop();
  }
}

/** What a probe's window says about what will be known of a run. */
export function describe(
  backend: ProbeClient["backend"],
  {
    devices,
    samples,
    problem,
  }: { readonly devices: readonly DeviceWindow[]; readonly samples: number; readonly problem: string | undefined },
): DoctorFinding {
  const telling = backend === "cpu" ? TELLING.cpu : TELLING.card;
  const readings = devices.flatMap((device) => Object.entries(device.readings));
  const there = new Set(readings.filter(([, reading]) => reading.kind !== "absent").map(([id]) => id));
  const names = devices.map(({ name, id }) => name ?? id).join(", ");
  const facts = { samples, readings: there.size };
  if (samples === 0 || there.size === 0) {
    const advice = "Runs go on without these readings; a finding says so.";
    return {
      status: "warn",
      found: `the ${backend} probe read nothing${problem === undefined ? "" : `: ${problem}`}`,
      advice,
      facts,
    };
  }
  const absent = telling.filter((id) => !there.has(id));
  const found = `${names}: ${there.size} readings`;
  if (absent.length === 0) return { status: "ok", found, facts };
  const reasons = absent.map((id) => {
    const reading = readings.find(([key]) => key === id)?.[1];
    return `${id} (${reading?.kind === "absent" ? reading.reason : "not-reported"})`;
  });
  return {
    status: "ok",
    found: `${found}, without ${reasons.join(", ")}`,
    advice: absent.some((id) => id.startsWith("temperature"))
      ? "Heat cannot be judged here; virtual machines often hide the thermometer."
      : "Nothing to do.",
    facts,
  };
}
