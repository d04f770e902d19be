import type { SessionPort, TensorValue } from "../domain/session-port.ts";
import { readBytes } from "../platform/files.ts";
import { randomFeeds } from "./random-feeds.ts";

/** What one inference on random input gave. */
export interface SmokeResult {
  readonly input: { readonly name: string; readonly shape: readonly number[] };
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[]; readonly invalid: number }[];
}

/** Runs a model once on seeded random input. Rejects as the session does when it cannot be loaded or run. */
export async function smokeTest(
  session: SessionPort,
  path: string,
  sessionConfig: Readonly<Record<string, string>>,
): Promise<SmokeResult> {
  const model = await readBytes(path, { what: "model", code: "CONFIG_MODEL_MISSING" });
  const open = await session.open(model, { sessionConfig });
  try {
    const feeds = randomFeeds(model);
    const results = await open.run(feeds);
    const [[name, first] = ["", undefined]] = Object.entries(feeds);
    return {
      input: { name, shape: first?.dims ?? [] },
      outputs: Object.entries(results).map(([name, { dims, data }]) => ({
        name,
        shape: [...dims],
        invalid: countInvalid(data),
      })),
    };
  } finally {
    await open.close();
  }
}

function countInvalid(data: TensorValue["data"]): number {
  let invalid = 0;
  for (const value of data) if (typeof value === "number" && !Number.isFinite(value)) invalid++;
  return invalid;
}
