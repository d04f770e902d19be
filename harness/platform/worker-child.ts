import { Socket } from "node:net";
import { HarnessError } from "../domain/errors.ts";
import { frameChannel } from "./frame-channel.ts";

/** File descriptor of the channel that worker-host.ts opens for its children. */
const CHANNEL_FD = 3;

/**
 * Makes this process a worker: `handle` answers one request at a time, in the order they came. What it throws is reported as it is
 * when it is a HarnessError, else as RUNTIME_CRASHED. The process ends as soon as its owner is gone.
 */
export function serveRequests(handle: (message: unknown) => Promise<unknown>): void {
  const socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  let last: Promise<unknown> = Promise.resolve();
  const channel = frameChannel(socket, {
    onFault: () => process.exit(1),
    onMessage(message) {
      const { id, message: request } = message as { id: number; message: unknown };
      last = last.then(() => answer(id, request));
    },
  });
  socket.on("close", () => process.exit(0));
  socket.on("end", () => process.exit(0));

  async function answer(id: number, request: unknown): Promise<void> {
    try {
      channel.send({ id, value: await handle(request) });
    } catch (error) {
      channel.send({ id, error: portable(error) });
    }
  }
}

function portable(error: unknown): { code: string; message: string; hint: string } {
  if (error instanceof HarnessError) return { code: error.code, message: error.message, hint: error.hint };
  const text = error instanceof Error ? error.message : String(error);
  return { code: "RUNTIME_CRASHED", message: `The runtime failed: ${text}`, hint: "Run it again with the same model." };
}
