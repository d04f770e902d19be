import { canonicalJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { AnyMeasurement, Runtime } from "../domain/runtime-port.ts";
import { hostFingerprint } from "../platform/host.ts";
import type { Journal, JournalWriter } from "../store/journal.ts";

/** Times of two machines, or of two runtimes, in one session would be compared as if they were one's (RUNTIME_UNAVAILABLE). */
export async function refuseOtherPlace(
  { header }: Journal,
  runtime: Runtime<AnyMeasurement>,
  writer: JournalWriter,
): Promise<void> {
  const here = hostFingerprint();
  const versions = await runtime.versions();
  const differs = [
    ...(header.host.hard === here.hard ? [] : namesOfOthers(here.hardFacts, header.host.facts)),
    ...namesOfOthers(versions, header.tool_versions),
  ];
  if (header.host.hard === here.hard && differs.length === 0) return;
  const what = differs.length === 0 ? "its fingerprint differs" : `${differs.join(", ")} differ`;
  await writer.close();
  throw new HarnessError("RUNTIME_UNAVAILABLE", `This run was begun on another machine or runtime: ${what}`, {
    hint: "Resume it where it was begun, or start a new run here.",
  });
}

function namesOfOthers(here: object, there: object): string[] {
  const before = there as Readonly<Record<string, unknown>>;
  return Object.entries(here)
    .filter(([name, value]) => canonicalJson(before[name] ?? null) !== canonicalJson(value))
    .map(([name]) => name);
}
