import type { TextOptions } from "../report/text-options.ts";

/** Width and color of a stream: NO_COLOR and dumb terminals get none, FORCE_COLOR always, pipes none. */
export function textOptions(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): TextOptions {
  const isForced = env["FORCE_COLOR"] !== undefined && env["FORCE_COLOR"] !== "0";
  const isRefused = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  const width = stream.columns ?? (Number(env["COLUMNS"]) || 100);
  return { color: !isRefused && (isForced || stream.isTTY === true), width };
}
