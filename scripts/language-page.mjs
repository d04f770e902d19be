// Tables of docs/language-real.md, between its marks, out of the artifacts that scripts/language-real.mjs keeps.
//
//   node scripts/language-page.mjs [--check]
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const shown = (x, digits = 1) => (Number.isFinite(x) ? x.toFixed(digits) : "–");
const interval = (estimate, digits) =>
  estimate === null || estimate === undefined
    ? "–"
    : `${shown(estimate.value, digits)} [${shown(estimate.low, digits)}, ${shown(estimate.high, digits)}]`;
const table = (headers, rows) => [
  `| ${headers.join(" | ")} |`,
  `| ${headers.map(() => "---").join(" | ")} |`,
  ...rows.map((cells) => `| ${cells.join(" | ")} |`),
];

/** Fills the page's marks from the folder's artifacts; with `check` it fails where they differ. */
export function publishPage(folder, page, check = false) {
  const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const blocks = {
    ...sweepBlocks(read("summary.json")),
    ...serverBlocks(read("server_timings.json")),
    ...agreementBlocks(read("agreement.json")),
    ...(existsSync(join(folder, "context_ceiling.json"))
      ? contextBlocks(read("context_ceiling.json"))
      : { context: ["Not part of this run."] }),
    ...refusalBlocks(read("refusal.json")),
  };
  let text = readFileSync(page, "utf8");
  for (const [name, lines] of Object.entries(blocks)) {
    const mark = new RegExp(`(<!-- real:${name} -->\\n)[^]*?(\\n<!-- /real -->)`);
    if (!mark.test(text)) throw new Error(`${page} has no mark ${name}`);
    text = text.replace(mark, (_, start, end) => `${start}\n${lines.join("\n")}\n${end}`);
  }
  if (check && text !== readFileSync(page, "utf8")) throw new Error(`${page} is not what ${folder} gives`);
  if (!check) writeFileSync(page, text);
}

function sweepBlocks(summary) {
  const { rows, host, generated_at, provenance } = summary;
  const agreement = rows.flatMap((row) =>
    (row.hardware_sidecar?.comparisons ?? [])
      .filter(({ status }) => status !== "NOT_COMPARABLE")
      .filter(({ quantity }) => /decode|prefill|first token/.test(quantity))
      .map((one) => [
        row.quant_tag,
        `${one.quantity}, ${one.unit}`,
        shown(one.harness),
        shown(one.sidecar),
        shown(one.ratio, 3),
        one.status === "AGREES" ? "yes" : "no",
      ]),
  );
  return {
    facts: [
      `Run ${summary.run_id} of ${generated_at.slice(0, 10)}: ${host.cpu}, ${host.cores} cores; ${Object.entries(
        provenance.tool_versions,
      )
        .map(([name, version]) => `${name} ${version}`)
        .join(", ")}. Suite: ${summary.suite.verdict}.`,
    ],
    sweep: table(
      [
        "quant",
        "bits per weight",
        "right",
        "form",
        "TTFT, ms",
        "prefill, tok/s",
        "decode, tok/s",
        "file, MB",
        "verdict",
      ],
      rows.map((row) => [
        row.quant_tag,
        shown(row.weights?.bits_per_weight, 2),
        `${row.correct ?? "–"} of ${row.n}`,
        shown((row.adherence?.value ?? Number.NaN) * 100, 0),
        shown((row.token_metrics?.ttft.uncached_s ?? Number.NaN) * 1000),
        shown(row.token_metrics?.throughput.prompt_tokens_per_second),
        shown(row.token_metrics?.throughput.generation_tokens_per_second),
        shown((row.bytes_on_disk ?? Number.NaN) / 1e6, 1),
        row.verdict,
      ]),
    ),
    bench: table(["quant", "figure", "sweep", "llama-bench afterwards", "ratio", "within 10 %"], agreement),
    divergence: table(
      [
        "quant",
        "mean, nats",
        "p99",
        "same likeliest token, %",
        "positions",
        "perplexity",
        "same tokens, cold",
        "warm",
        "across",
      ],
      rows.map((row) => [
        row.quant_tag,
        interval(row.divergence?.mean, 4),
        shown(row.divergence?.p99.value, 3),
        shown((row.divergence?.top_agreement.value ?? Number.NaN) * 100),
        row.divergence?.positions ?? "reference",
        `${shown(row.divergence?.perplexity.reference, 3)} → ${shown(row.divergence?.perplexity.variant, 3)}`,
        ...["cold", "warm", "across"].map((kind) => {
          const pairs = row.token_determinism?.[kind];
          return pairs === undefined ? "–" : `${shown((pairs.rate.value ?? Number.NaN) * 100)} % of ${pairs.pairs}`;
        }),
      ]),
    ),
    findings: summary.findings.map(({ code, subject, message }) => `* \`${code}\` ${subject}: ${message}`),
  };
}

/** Within 10 %, by the estimate; by the whole interval where it is narrow enough. */
function agreementBlocks({ ratios, rounds, threads, priority, versions }) {
  const isWithin = (x) => x >= 0.9 && x <= 1.1;
  const within = ratios.filter(({ ratio }) => isWithin(ratio.value)).length;
  const sure = ratios.filter(({ ratio }) => isWithin(ratio.low) && isWithin(ratio.high)).length;
  const loads = rounds.map(({ load }) => load).sort((a, b) => a - b);
  const tools = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return {
    agreement: [
      `${within} of ${ratios.length} figures agree within 10 %, ${sure} of them with the whole interval. ${rounds.length / new Set(ratios.map(({ quant }) => quant)).size} rounds a quant, ${threads} thread${threads === 1 ? "" : "s"}, nice ${priority}, load of the machine ${shown(loads[0])} to ${shown(loads.at(-1))}; ${tools.join(", ")}.`,
      "",
      ...table(
        ["quant", "figure", "Quantgate", "llama-bench", "ratio [90 %]", "within 10 %"],
        ratios.map(({ quant, quantity, own, bench, ratio }) => [
          quant,
          quantity,
          shown(own),
          shown(bench),
          interval(ratio, 3),
          isWithin(ratio.value) ? "yes" : "no",
        ]),
      ),
    ],
  };
}

function serverBlocks(rows) {
  return {
    server: table(
      ["quant", "replies", "decode by arrival, tok/s", "by the server's clock, tok/s", "ratio"],
      rows.map((row) => [
        row.quant,
        row.replies,
        shown(row.client_decode_tps),
        shown(row.server_decode_tps),
        shown(row.median_ratio, 4),
      ]),
    ),
  };
}

function contextBlocks(ceiling) {
  return {
    context: [
      ...table(
        ["context", "recall [90 %]", "TTFT, ms", "decode, tok/s", "passed", "reasons"],
        ceiling.points.map((point) => [
          point.context,
          interval(point.recall, 2),
          interval(point.ttft, 0),
          interval(point.decode, 1),
          `${point.passed ? "yes" : "no"}${point.undecided ? ", undecided" : ""}`,
          point.reasons.join(", ") || "–",
        ]),
      ),
      "",
      `Safe ceiling: ${ceiling.safe_context_ceiling ?? "none"}. ${ceiling.recommendation}`,
    ],
  };
}

function refusalBlocks(refusal) {
  return {
    refusal: [
      `A prompt of ${refusal.prompt_tokens} tokens to a context of ${refusal.context_tokens}: ${refusal.refused ? "refused" : "NOT refused"}, \`${refusal.code}\`: ${refusal.message}.`,
    ],
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  publishPage(join(root, "docs/language"), join(root, "docs/language-real.md"), process.argv.includes("--check"));
}
