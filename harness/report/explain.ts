import { ERROR_ADVICE, FINDING_ADVICE, REASON_ADVICE, RUN_QUALITY_ADVICE } from "../domain/advice.ts";
import {
  FINDINGS,
  type FindingCode,
  REASONS,
  type Reason,
  RUN_QUALITY_REASONS,
  type RunQualityReason,
} from "../domain/codes.ts";
import { ERROR_CODES, type ErrorCode } from "../domain/errors.ts";
import { nearestWord } from "../domain/nearest-word.ts";

/** What one code means, in one of the closed lists. */
export interface Explanation {
  readonly code: string;
  readonly kind: "reason" | "run-quality reason" | "finding" | "error";
  /** What it says. */
  readonly meaning: string;
  /** What to do. */
  readonly advice: string;
  /** Of errors. */
  readonly exitCode?: number;
}

/** Every code that can be explained, by kind. A code that stands in two lists has two explanations. */
export function explanations(): readonly Explanation[] {
  return [
    ...(Object.keys(REASONS) as Reason[]).map(
      (code): Explanation => ({ code, kind: "reason", meaning: REASONS[code], advice: REASON_ADVICE[code] }),
    ),
    ...(Object.keys(RUN_QUALITY_REASONS) as RunQualityReason[]).map((code): Explanation => {
      const { text, pollutes } = RUN_QUALITY_REASONS[code];
      const effect = pollutes ? "The trial counts as polluted." : "The trial is kept; only these figures are absent.";
      return { code, kind: "run-quality reason", meaning: `${text} ${effect}`, advice: RUN_QUALITY_ADVICE[code] };
    }),
    ...(Object.keys(FINDINGS) as FindingCode[]).map(
      (code): Explanation => ({ code, kind: "finding", meaning: FINDINGS[code], advice: FINDING_ADVICE[code] }),
    ),
    ...(Object.keys(ERROR_CODES) as ErrorCode[]).map((code): Explanation => {
      const exitCode = ERROR_CODES[code];
      return {
        code,
        kind: "error",
        meaning: `The command ends with exit code ${exitCode}.`,
        advice: ERROR_ADVICE[code],
        exitCode,
      };
    }),
  ];
}

/** Explanations of a code, whatever its case and separators; and the nearest code where there is none. */
export function explain(given: string): {
  readonly found: readonly Explanation[];
  readonly nearest: string | undefined;
} {
  const plain = (code: string) => code.toLowerCase().replaceAll(/[-_\s]/g, "");
  const all = explanations();
  const found = all.filter(({ code }) => plain(code) === plain(given));
  return {
    found,
    nearest:
      found.length > 0
        ? undefined
        : nearestWord(
            given,
            all.map(({ code }) => code),
          ),
  };
}
