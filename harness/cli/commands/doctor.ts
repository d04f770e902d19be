import { artifactJson } from "../../domain/canonical-json.ts";
import { ERROR_CODES } from "../../domain/errors.ts";
import { DOCTOR_CHECKS, doctor } from "../../pipeline/doctor.ts";
import { renderDoctor } from "../../report/doctor-text.ts";
import { watchInterrupts } from "../interrupt.ts";
import { textOptions } from "../terminal.ts";

export interface DoctorFlags {
  readonly config?: string;
  readonly dataDir?: string;
  readonly quick?: boolean;
  readonly json?: boolean;
}

/** Says what this machine can run; exit code 5 when it can run nothing. */
export async function runDoctor(flags: DoctorFlags): Promise<number> {
  const interrupt = watchInterrupts();
  try {
    const checks = flags.quick ? DOCTOR_CHECKS.filter(({ area }) => area !== "noise") : DOCTOR_CHECKS;
    const report = await doctor({ config: flags.config, dataDir: flags.dataDir, checks, signal: interrupt.signal });
    const text = flags.json
      ? artifactJson(report)
      : `${renderDoctor(report, textOptions(process.stdout, process.env))}\n`;
    process.stdout.write(text);
    return report.able ? 0 : ERROR_CODES.RUNTIME_UNAVAILABLE;
  } catch (error) {
    const exitCode = interrupt.exitCode();
    if (exitCode === undefined) throw error;
    process.stderr.write("interrupted\n");
    return exitCode;
  } finally {
    interrupt.dispose();
  }
}
