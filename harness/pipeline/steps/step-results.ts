import type { StepLine } from "../../domain/generated/journal-v1.ts";
import { stepReference } from "../../domain/step-reference.ts";

/** An output of a step that is there, or why it is not. */
export type StepSource =
  | { readonly state: "ok"; readonly path: string; readonly sha256: string }
  | { readonly state: "failed" | "unavailable" | "unsupported"; readonly reason: string };

/** Why a step is skipped that needs another's output. */
export function needsReason(path: string, state: string): string {
  return `it needs ${path}, which is ${state}`;
}

/** What the steps of a run gave, by `step:ID/NAME`. */
export class StepResults {
  readonly #lines = new Map<string, StepLine>();
  readonly #pathOf: (file: string) => string;

  /** `pathOf` makes a path in the run's folder absolute. */
  constructor(pathOf: (file: string) => string) {
    this.#pathOf = pathOf;
  }

  add(line: StepLine): void {
    this.#lines.set(line.step_id, line);
  }

  /** Undefined for a path that is no reference. A skipped step has the state of what it was skipped for. */
  find(path: string): StepSource | undefined {
    const reference = stepReference(path);
    if (reference === undefined) return undefined;
    const line = this.#lines.get(reference.step);
    const output = line?.outputs.find(({ name }) => name === reference.output);
    if (line?.state === "ok" && output !== undefined) {
      return { state: "ok", path: this.#pathOf(output.file), sha256: output.sha256 };
    }
    const reason = `step ${reference.step}: ${line?.reason ?? "it did not run"}`;
    if (line?.state === "unavailable" || line?.state === "unsupported") return { state: line.state, reason };
    if (line?.state !== "skipped") return { state: "failed", reason };
    return { state: this.#causeOf(line) ?? "failed", reason };
  }

  /** The state at the beginning of a chain of steps that were skipped for one another ({@link needsReason}). */
  #causeOf({ reason }: StepLine): "failed" | "unavailable" | "unsupported" | undefined {
    const id = /^it needs step:([^/]+)\//.exec(reason ?? "")?.[1];
    const line = id === undefined ? undefined : this.#lines.get(id);
    if (line === undefined) return undefined;
    if (line.state === "skipped") return this.#causeOf(line);
    return line.state === "ok" ? undefined : line.state;
  }
}
