import { EXIT } from "./exit.ts";

/** Which signal ended us, once one did. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** 130 or 143; undefined while nobody interrupted. */
  exitCode(): number | undefined;
  dispose(): void;
}

/** First Ctrl-C or SIGTERM: stop in order. Second: stop now. */
export function watchInterrupts(): Interrupt {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const handlers = (["SIGINT", "SIGTERM"] as const).map((name) => {
    const code = name === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
    const handler = () => {
      if (exitCode !== undefined) process.exit(code);
      exitCode = code;
      controller.abort(new Error(`interrupted by ${name}`));
    };
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    dispose: () => {
      for (const off of handlers) off();
    },
  };
}
