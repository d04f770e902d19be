import { relative } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { certify } from "../../pipeline/certify.ts";
import { renderCertificate } from "../../report/certificate-text.ts";
import { watchInterrupts } from "../interrupt.ts";
import { textOptions } from "../terminal.ts";

export interface CertifyFlags {
  readonly comparisons: number;
  readonly twins: number;
  readonly handicapped: number;
  readonly blocks?: number;
  readonly handicap?: number;
  readonly resume?: boolean;
  readonly maxMinutes?: number;
  readonly condition?: string;
  readonly dataDir?: string;
  readonly outDir: string;
  readonly json?: boolean;
}

/** A/A on this machine; exit 0 when it is fit for latency gates, 5 when not. */
export async function runCertify(config: string | undefined, flags: CertifyFlags): Promise<number> {
  const interrupt = watchInterrupts();
  try {
    const onProgress = ({ done, sessions }: { done: number; sessions: number }) => {
      if (!flags.json) process.stderr.write(`session ${done} of ${sessions}\n`);
    };
    const { certificate, path } = await certify({ ...flags, config, signal: interrupt.signal, onProgress });
    const text = renderCertificate(certificate, textOptions(process.stdout, process.env));
    const shown = relative(process.cwd(), path);
    process.stdout.write(flags.json ? artifactJson(certificate) : `${text}\n\ncertificate  ${shown}\n`);
    return certificate.verdict === "fit" ? 0 : 5;
  } catch (error) {
    const exitCode = interrupt.exitCode();
    if (exitCode === undefined) throw error;
    process.stderr.write("interrupted\n");
    return exitCode;
  } finally {
    interrupt.dispose();
  }
}
