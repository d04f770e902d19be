import { dirname, resolve } from "node:path";
import { latencyBlocks } from "../aggregate/latency-blocks.ts";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { CanaryReport } from "../domain/generated/canary-v1.ts";
import type { Frontier } from "../domain/generated/frontier-v1.ts";
import type { Plan } from "../domain/generated/plan-v1.ts";
import type { Summary } from "../domain/generated/summary-v1.ts";
import { buildScatter } from "../explore/scatter.ts";
import { sha256Base64 } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import { svgToPng } from "../platform/raster.ts";
import { compareMarkdown } from "../report/compare-text.ts";
import { renderCompareHtml } from "../report/html/compare-page.ts";
import { renderHtml } from "../report/html/page.ts";
import type { PageInput } from "../report/html/page-input.ts";
import { renderMarkdown } from "../report/markdown.ts";
import { type FigureTheme, runFigure } from "../report/svg/figure.ts";
import { timeSeriesSvg } from "../report/time-series-svg.ts";
import { RunFolder } from "../store/run-folder.ts";
import { askedOf, frontierOf } from "./frontier.ts";
import { readRun } from "./read-run.ts";
import { readSummary } from "./read-summary.ts";
import { runSeries } from "./run-series.ts";

const TIME_LINES = "What the probes read while trials ran; shaded: trials that were disturbed";

/** Where reports go; what is not named is not written. */
export interface ReportTargets {
  readonly outMd?: string | undefined;
  readonly outScatter?: string | undefined;
  readonly outHtml?: string | undefined;
  readonly outSvg?: string | undefined;
  readonly outPng?: string | undefined;
}

export interface ReportRequest extends ReportTargets {
  /** A summary, the folder of its run, or a run id under `outDir`. */
  readonly summary: string;
  readonly includeInvalid?: boolean | undefined;
  readonly theme?: FigureTheme | undefined;
  readonly outDir?: string | undefined;
  readonly cwd?: string | undefined;
}

export interface ReportResult {
  readonly summary: Summary;
  readonly frontier: Frontier;
  /** Paths that were written, in full. */
  readonly written: readonly string[];
  /** What was left out, and why. */
  readonly warnings: readonly string[];
}

/** Reports of a stored summary. A run beside it adds its canary and the latency of every call; without one the summary speaks alone. */
export async function report(request: ReportRequest): Promise<ReportResult> {
  const { cwd = process.cwd(), includeInvalid } = request;
  const { input, warnings } = await pageInput(request.summary, request);
  const { summary, frontier } = input;
  const written: string[] = [];
  const write = async (path: string | undefined, content: () => string | Promise<string | Uint8Array>) => {
    if (path === undefined) return;
    const target = resolve(cwd, path);
    await atomicWrite(target, await content());
    written.push(target);
  };
  await write(request.outMd, () => renderMarkdown(summary, { frontier, includeInvalid }));
  await write(request.outScatter, () => artifactJson(buildScatter(summary, frontier, { includeInvalid })));
  await write(request.outHtml, () => renderHtml(input, sha256Base64));
  await write(request.outSvg, () => runFigure(input, request.theme));
  await write(request.outPng, () => svgToPng(runFigure(input, request.theme)));
  return { summary, frontier, written, warnings };
}

/** Two runs on one page. A scatter or a picture is of one run, so they are refused (CONFIG_USAGE). */
export async function compareReports(
  request: Omit<ReportRequest, "summary"> & { readonly runs: readonly [string, string] },
): Promise<{
  readonly a: Summary;
  readonly b: Summary;
  readonly written: readonly string[];
  readonly warnings: readonly string[];
}> {
  const { cwd = process.cwd(), runs } = request;
  if (request.outScatter ?? request.outSvg ?? request.outPng) {
    throw new HarnessError("CONFIG_USAGE", "Scatter and pictures are of one run, not of two", {
      hint: "With --compare use --out-html and --out-md.",
    });
  }
  const [a, b] = [await pageInput(runs[0], request), await pageInput(runs[1], request)];
  const written: string[] = [];
  for (const [path, content] of [
    [request.outHtml, () => renderCompareHtml(a.input, b.input, sha256Base64)],
    [request.outMd, () => compareMarkdown(a.input.summary, b.input.summary)],
  ] as const) {
    if (path === undefined) continue;
    await atomicWrite(resolve(cwd, path), content());
    written.push(resolve(cwd, path));
  }
  return { a: a.input.summary, b: b.input.summary, written, warnings: [...a.warnings, ...b.warnings] };
}

async function pageInput(
  given: string,
  { cwd = process.cwd(), outDir = "results", includeInvalid }: Omit<ReportRequest, "summary">,
): Promise<{ input: PageInput; warnings: string[] }> {
  const stored = await readSummary(given, { cwd, outDir });
  const folder = dirname(stored.path);
  const warnings: string[] = [];
  const frontier = frontierOf(stored, { base: folder, ...(await askedOf(folder)) });
  const run = await RunFolder.open(folder, folder).catch(() => undefined);
  const plan = await run?.read<Plan>("plan.json").catch(() => undefined);
  if (run === undefined || plan?.plan_digest !== stored.summary.plan.digest) {
    return { input: { summary: stored.summary, frontier, includeInvalid }, warnings };
  }
  const optional = async <T>(what: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      warnings.push(`${what} is left out: ${error.message}`);
      return undefined;
    }
  };
  const canary = await optional("the canary", () => run.read<CanaryReport>("canary.json"));
  const latencies = await optional("the latency of every call", async () => latencyBlocks((await readRun(run)).record));
  const series = await optional("the plot of the machine", () => runSeries(run, stored.summary));
  const timeLines = series === undefined ? undefined : [{ title: TIME_LINES, svg: timeSeriesSvg(series) }];
  return { input: { summary: stored.summary, frontier, canary, latencies, timeLines, includeInvalid }, warnings };
}
