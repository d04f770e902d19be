import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Path of a program in PATH; undefined where there is none that may be run. */
export function findProgram(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const endings = process.platform === "win32" ? [".exe", ".cmd", ".bat", ""] : [""];
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter((one) => one !== "")) {
    for (const ending of endings) {
      const path = join(folder, `${name}${ending}`);
      if (isRunnable(path)) return path;
    }
  }
  return undefined;
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
