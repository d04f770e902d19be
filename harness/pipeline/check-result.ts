import { HarnessError } from "../domain/errors.ts";

/** One artifact looked at. */
export interface CheckResult {
  readonly path: string;
  readonly ok: boolean;
  /** What was checked, or the first problem. */
  readonly message: string;
}

/** A check that ends in a sentence, or in a HarnessError that says what is wrong. */
export async function attempt(path: string, check: () => Promise<string>): Promise<CheckResult> {
  try {
    return { path, ok: true, message: await check() };
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return { path, ok: false, message: error.message };
  }
}
