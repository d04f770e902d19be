import { FINDINGS, type FindingCode } from "../../domain/codes.ts";
import type { Summary } from "../../domain/generated/summary-v1.ts";
import { findingText } from "../finding-sentences.ts";
import { ABSENT, count } from "../numbers.ts";
import { truncate, visible } from "../visible-text.ts";
import { esc, facts } from "./markup.ts";
import type { PageInput } from "./page-input.ts";

/** Findings of one code that are listed; the rest is counted. */
const MOST_OF_A_CODE = 8;
/** Longest message shown. */
const MESSAGE_COLUMNS = 400;

/** Doubts that stop nothing: each kind explained once, then where it was seen. */
export function findingsSection({ summary }: PageInput): string {
  const byCode = new Map<string, string[]>();
  for (const finding of summary.findings) {
    byCode.set(finding.code, [...(byCode.get(finding.code) ?? []), findingText(finding)]);
  }
  const items = [...byCode].map(([code, texts]) => {
    const shown = texts.slice(0, MOST_OF_A_CODE).map((text) => `<li>${esc(truncate(text, MESSAGE_COLUMNS))}</li>`);
    const rest = texts.length - shown.length;
    const more = rest > 0 ? `<li class="dim">and ${count(rest)} more, in summary.json</li>` : "";
    const meaning = FINDINGS[code as FindingCode] ?? "";
    return `<li><h3><code>${esc(code)}</code></h3><p class="dim">${esc(meaning)}</p><ul>${shown.join("")}${more}</ul></li>`;
  });
  const body = items.length === 0 ? '<p class="dim">None.</p>' : `<ul class="findings">${items.join("")}</ul>`;
  return `<section aria-labelledby="findings"><h2 id="findings">Findings</h2><p class="dim small">Doubts that stop nothing. <code>quantgate explain CODE</code> tells more of each.</p>${body}</section>`;
}

/** What was recorded over time; left out where the run recorded nothing. */
export function timeLineSection({ timeLines }: PageInput): string {
  if (timeLines === undefined || timeLines.length === 0) return "";
  const figures = timeLines.map(
    ({ title, svg }) =>
      `<figure><figcaption>${esc(title)}</figcaption><div class="scroll" tabindex="0" role="region" aria-label="${esc(title)}">${svg}</div></figure>`,
  );
  return `<section aria-labelledby="telemetry"><h2 id="telemetry">Telemetry</h2><div class="timelines">${figures.join("")}</div></section>`;
}

/** What somebody else needs to get the same: digests, versions, and the commands. */
export function provenanceSection({ summary, frontier }: PageInput): string {
  const code = (text: string) => `<code class="long">${esc(text)}</code>`;
  const { provenance, plan, journal, dataset } = summary;
  const tools = Object.entries(provenance.tool_versions)
    .map(([name, version]) => `${name} ${version}`)
    .sort()
    .join(", ");
  const pairs: (readonly [string, string])[] = [
    ["run", code(summary.run_id)],
    ["made", esc(summary.generated_at)],
    ["commit", provenance.commit_sha === null ? "not a checkout" : code(provenance.commit_sha)],
    ...(provenance.ref === null ? [] : ([["reference", code(truncate(visible(provenance.ref), 200))]] as const)),
    ["tools", tools === "" ? ABSENT : esc(tools)],
    ["hardware fingerprint", code(summary.hardware_fingerprint)],
    ["lane, memory profile", esc(`${summary.execution_lane}, ${summary.vram_profile}`)],
    ["plan", code(plan.digest)],
    ["config", code(provenance.config_digest)],
    [`journal, ${count(journal.lines)} lines`, code(journal.sha256)],
    ["dataset", `${esc(truncate(visible(dataset.id), 80))} ${code(dataset.digest)}`],
    ["summary", code(frontier.source.summary_sha256)],
    [
      "frontier",
      esc(
        `${frontier.uncertainty.resamples} resamples, ${frontier.uncertainty.rng}, seed ${frontier.uncertainty.seed}`,
      ),
    ],
  ];
  return `<section aria-labelledby="provenance"><h2 id="provenance">Where it comes from</h2>${facts(pairs)}<p class="dim small">${reproduce(summary)}</p></section>`;
}

function reproduce({ run_id }: Summary): string {
  const id = esc(truncate(visible(run_id), 80));
  return `<code>quantgate check ${id}</code> recomputes every verdict from the journal; <code>quantgate gate --run ${id}</code> decides again, by another policy if asked.`;
}
