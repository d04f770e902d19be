import type { Summary, SummaryRow } from "../../domain/generated/summary-v1.ts";
import { accuracyStyle, estimateText, POINTS, SPEED, sharedLevel, styled } from "../estimates.ts";
import { dropLimits, shortReason, speedLimits } from "../gate-words.ts";
import { ABSENT, isNumber, percent } from "../numbers.ts";
import { groupRows } from "../rows.ts";
import { kernelText } from "../summary-table.ts";
import { intervalBar } from "../svg/interval-bar.ts";
import { linear, logarithmic } from "../svg/scale.ts";
import { badge, esc, shortName } from "./markup.ts";
import type { PageInput } from "./page-input.ts";
import { type PageScales, pageScales } from "./scales.ts";

/** Every row in one table that can be sorted, with its intervals drawn against their margins. */
export function resultsSection({ summary, frontier }: PageInput): string {
  const scales = pageScales(summary);
  const level = sharedLevel(summary.rows.flatMap(({ drop, speedup }) => [drop, speedup]));
  const front = new Set(
    frontier.sessions.flatMap(({ quant_rows }) => quant_rows.filter((row) => row.on_front).map((row) => row.cell_id)),
  );
  const tables = groupRows(summary).map((group) => {
    const rows = group.rows.map((row) => tableRow(summary, row, { scales, isOnFront: front.has(row.cell_id) }));
    const caption = group.title ?? "Results";
    const heads = [
      ["variant", "text"],
      ["accuracy", "number"],
      [`drop, points${level === undefined ? "" : ` [${level}]`}`, "number"],
      [`speed${level === undefined ? "" : ` [${level}]`}`, "number"],
      ["size", "number"],
      ["kernels", "text"],
      ["verdict", "text"],
    ] as const;
    const head = heads
      .map(
        ([name, kind]) =>
          `<th scope="col"><button type="button" class="sort" data-kind="${kind}">${esc(name)}</button></th>`,
      )
      .join("");
    const title = group.title === undefined ? "" : `<h3>${shortName(group.title, 80)}</h3>`;
    return `${title}<div class="scroll" tabindex="0" role="region" aria-label="${shortName(caption, 80)}"><table class="results"><caption class="sr">${shortName(caption, 80)}: accuracy, drop, speed, size and verdict of each variant</caption><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
  });
  return `<section aria-labelledby="results"><h2 id="results">Results</h2>${tables.join("")}<p class="small dim">Bars: the interval that the gate used; shaded: beyond the margin. An arrow: outside of the axis.</p></section>`;
}

function tableRow(
  summary: Summary,
  row: SummaryRow,
  { scales, isOnFront }: { scales: PageScales; isOnFront: boolean },
): string {
  const index = summary.rows.indexOf(row);
  const isBaseline = row.role === "baseline";
  const bars = { verdict: row.verdict, width: 132, height: 18 };
  const drop = intervalBar({
    ...bars,
    estimate: row.drop,
    domain: scales.drop,
    scale: linear,
    margin: scales.dropMargin,
    goodIsBelow: true,
    neutral: 0,
  });
  const speed = intervalBar({
    ...bars,
    estimate: row.speedup,
    domain: scales.speed,
    scale: logarithmic,
    margin: scales.speedMargin,
    goodIsBelow: false,
    neutral: 1,
  });
  const reason = row.verdict === "reference" ? undefined : shortReason(summary, row)?.long;
  const accuracy = styled(row.accuracy?.value, accuracyStyle(row.n));
  const cells: readonly (readonly [html: string, sort: string | number | null | undefined])[] = [
    [accuracy === ABSENT ? ABSENT : `${accuracy}`, row.accuracy?.value],
    isBaseline
      ? ['<span class="dim">baseline</span>', 0]
      : [
          `<div class="with-bar"><span>${estimateText(row.drop, POINTS, dropLimits(row))}</span>${drop}</div>`,
          row.drop?.value,
        ],
    isBaseline
      ? ['<span class="dim">1.00x</span>', 1]
      : [
          `<div class="with-bar"><span>${estimateText(row.speedup, SPEED, speedLimits(row))}</span>${speed}</div>`,
          row.speedup?.value,
        ],
    [isBaseline ? "100 %" : percent(row.bytes_ratio, { limits: [1] }), isBaseline ? 1 : row.bytes_ratio],
    [esc(kernelText(row)), kernelText(row)],
    [
      `${badge(row.verdict)}${reason === undefined ? "" : ` <span class="small dim">${esc(reason)}</span>`}`,
      row.verdict,
    ],
  ];
  const link = `<a href="#v${index}">${shortName(row.quant_tag)}</a>${isOnFront ? ' <span class="chip mark" title="on the Pareto front">front</span>' : ""}`;
  const body = cells.map(([html, sort]) => `<td data-sort="${sortKey(sort)}">${html}</td>`).join("");
  return `<tr data-row="${index}"><th scope="row" data-sort="${shortName(row.quant_tag)}">${link}</th>${body}</tr>`;
}

function sortKey(value: string | number | null | undefined): string {
  if (typeof value === "string") return esc(value);
  return isNumber(value) ? String(value) : "";
}
