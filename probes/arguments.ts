import { parseArgs } from "node:util";
import { BACKENDS, type Backend } from "./protocol.ts";

export interface SidecarArguments {
  readonly backend: Backend;
  readonly once: boolean;
  readonly fromFile: string | undefined;
  readonly columns: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly samples: number;
  readonly device: string | undefined;
  readonly pids: readonly number[];
  readonly tool: string | undefined;
  readonly model: string | undefined;
  readonly quant: string | undefined;
  readonly out: string | undefined;
}

export const USAGE = `usage: node sidecar.js --backend nvidia|amd|cpu [options]

Writes readings of the hardware to standard output, one JSON object a line; docs/probes.md describes them.

  --once              one sample, then the end
  --samples N         that many samples, then the end
  --interval-ms N     time between samples, 20 or more (default 200)
  --from-file PATH    a recorded output of the vendor's tool; for cpu: a folder with copies of proc/ and sys/
  --columns A,B,...   names of the columns of a recorded CSV without a heading
  --device ID         index, UUID or bus id of one GPU (default: all)
  --pid N             a process whose share is told apart, with its descendants; may be given again
  --tool PATH         the vendor's tool (default: nvidia-smi; rocm-smi, then amd-smi)
  --timeout-ms N      longest silence of the tool before it is killed (default 15000)
  --out FILE          at the end, write a hardware sidecar to FILE
  --model M           model to name in FILE
  --quant Q           quantization to name in FILE

Example: node dist/probes/sidecar.js --backend cpu --once
`;

/** Shorter beats would measure the probe. */
const MIN_INTERVAL_MS = 20;

/** Reads the command line; a string is what is wrong with it. */
export function readArguments(argv: readonly string[]): SidecarArguments | "help" | { readonly wrong: string } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        backend: { type: "string" },
        once: { type: "boolean", default: false },
        samples: { type: "string" },
        "interval-ms": { type: "string", default: "200" },
        "timeout-ms": { type: "string", default: "15000" },
        "from-file": { type: "string" },
        columns: { type: "string", default: "" },
        device: { type: "string" },
        pid: { type: "string", multiple: true, default: [] },
        tool: { type: "string" },
        model: { type: "string" },
        quant: { type: "string" },
        out: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return "help";
    const backend = BACKENDS.find((name) => name === values.backend);
    if (backend === undefined) return { wrong: `--backend must be one of ${BACKENDS.join(", ")}` };
    const intervalMs = Number(values["interval-ms"]);
    if (!(intervalMs >= MIN_INTERVAL_MS))
      return { wrong: `--interval-ms must be a number of at least ${MIN_INTERVAL_MS}` };
    const timeoutMs = Number(values["timeout-ms"]);
    if (!(timeoutMs > 0)) return { wrong: "--timeout-ms must be a positive number" };
    const samples = values.once ? 1 : values.samples === undefined ? Infinity : Number(values.samples);
    if (!(samples >= 1)) return { wrong: "--samples must be a number of at least 1" };
    const pids = values.pid.map(Number);
    if (!pids.every((pid) => Number.isInteger(pid) && pid > 0))
      return { wrong: "--pid must be the number of a process" };
    return {
      backend,
      once: values.once,
      fromFile: values["from-file"],
      columns: values.columns.split(",").filter((name) => name !== ""),
      intervalMs,
      timeoutMs,
      samples,
      device: values.device,
      pids,
      tool: values.tool,
      model: values.model,
      quant: values.quant,
      out: values.out,
    };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}
