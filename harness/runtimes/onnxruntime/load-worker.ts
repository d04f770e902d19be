// Main of a child process that loads the machine: started by constant-load.ts, never imported.
import { serveRequests } from "../../platform/worker-child.ts";
import type { LoadAnswer, LoadRequest } from "./constant-load.ts";
import { loadLoop } from "./load-loop.ts";
import { importOnnxruntime, loadSession, sessionOptions } from "./load-session.ts";
import { fullSettings } from "./session-request.ts";

serveRequests(async (message): Promise<LoadAnswer> => {
  const { model, feeds, threads, limits } = message as LoadRequest;
  const ort = await importOnnxruntime();
  const session = await loadSession(ort, model, sessionOptions(fullSettings({ threads })));
  const tensors = Object.entries(feeds).map(([name, { dtype, dims, data }]) => {
    return [name, new ort.Tensor(dtype as "float32", data as Float32Array, dims)] as const;
  });
  const inputs = Object.fromEntries(tensors);
  // The first call allocates; it is no part of the load.
  await session.run(inputs);
  const startNs = process.hrtime.bigint();
  const stretches = await loadLoop(() => session.run(inputs), limits);
  const endNs = process.hrtime.bigint();
  await session.release();
  return { startNs: String(startNs), endNs: String(endNs), stretches };
});
