import { createInterface } from "node:readline";
import { HarnessError } from "../../../domain/errors.ts";
import type {
  CommandChunk,
  CommandError,
  CommandProgress,
  CommandValue,
} from "../../../domain/generated/command-reply-v1.ts";
import type { CommandArgs, CommandRequest } from "../../../domain/generated/command-request-v1.ts";
import { parseWireJson } from "../../../platform/json.ts";
import { validator } from "../../../platform/schema.ts";

/** One operation of a program. `emit` writes what arrives before the result; the signal aborts on cancel. */
export type CommandOp = (
  args: CommandArgs,
  context: {
    readonly emit: (event: Omit<CommandChunk, "id"> | Omit<CommandProgress, "id">) => void;
    readonly signal: AbortSignal;
  },
) => Promise<CommandValue>;

const KNOWN: ReadonlySet<string> = new Set<CommandError["code"]>([
  "RUNTIME_CONTEXT",
  "RUNTIME_UNAVAILABLE",
  "RUNTIME_CRASHED",
  "RUNTIME_TIMEOUT",
  "RUNTIME_PROTOCOL",
  "CONFIG_MODEL_MISSING",
  "CONFIG_MODEL_INVALID",
]);

/**
 * The program's side of the line protocol: reads requests from standard input, one after the other, until it ends. Whatever else writes to
 * standard output is sent to standard error, so that no library can break the protocol.
 */
export async function serveCommand(ops: Readonly<Record<string, CommandOp>>): Promise<void> {
  const out = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
  const send = (reply: object) => void out(`${JSON.stringify(reply)}\n`);
  const running = new Map<number, AbortController>();
  let last: Promise<void> = Promise.resolve();
  for await (const line of createInterface({ input: process.stdin })) {
    const request = validator.validate<CommandRequest>("command_request.v1", parseWireJson(line, "the caller"), {
      what: "the request",
      code: "RUNTIME_PROTOCOL",
    });
    if (request.op === "cancel") {
      running.get(request.args.request ?? 0)?.abort(cancelled());
      continue;
    }
    const controller = new AbortController();
    running.set(request.id, controller);
    last = last.then(async () => {
      send(await answer(ops[request.op], request, { send, signal: controller.signal }));
      running.delete(request.id);
    });
  }
  await last;
}

async function answer(
  op: CommandOp | undefined,
  { id, op: name, args }: CommandRequest,
  { send, signal }: { readonly send: (reply: object) => void; readonly signal: AbortSignal },
): Promise<object> {
  try {
    if (op === undefined) {
      throw new HarnessError("RUNTIME_UNAVAILABLE", `The operation ${name} is not known`, { hint: "Use another." });
    }
    signal.throwIfAborted();
    return { id, event: "result", value: await op(args, { emit: (event) => send({ id, ...event }), signal }) };
  } catch (error) {
    const code = error instanceof HarnessError && KNOWN.has(error.code) ? error.code : "RUNTIME_CRASHED";
    return { id, event: "error", code, message: error instanceof Error ? error.message : String(error) };
  }
}

function cancelled(): HarnessError {
  return new HarnessError("RUNTIME_TIMEOUT", "The request was cancelled", { hint: "Nothing to do." });
}
