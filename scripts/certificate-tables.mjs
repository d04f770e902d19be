// Tables of docs/certificates.md, read off the committed certificates. A certificate that is not there is said to be missing.
import { existsSync, readFileSync } from "node:fs";
import { anytimeBlocks } from "./anytime-tables.mjs";

const percent = (x, digits = 2) => (x === null ? "unknown" : `${(100 * x).toFixed(digits)} %`);
const limits = ({ low, high }, digits = 2) => `${percent(low, digits)} to ${percent(high, digits)}`;

/** The generated blocks; `table` lays out Markdown rows. */
export function certificateBlocks(folder, table) {
  const read = (name) => {
    const path = new URL(`${name}.v1.json`, folder);
    return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  };
  const missing = (command) => [`Not measured yet: \`${command}\`.`];
  const simulated = read("simulated");
  const ofSimulated = (rows) => () =>
    simulated === undefined ? missing("npm run certify:simulated") : rows(simulated);
  return {
    "simulated-rates": ofSimulated(worstRates(table)),
    "simulated-models": ofSimulated(({ noise_models }) =>
      table(
        ["model", "noise of a block's log latency"],
        noise_models.map(({ id, description }) => [id, description]),
      ),
    ),
    "simulated-paired": ofSimulated(pairedRates(table)),
    "simulated-power": ofSimulated(powerRows(table)),
    "simulated-context": ofSimulated(contextRows(table)),
    "simulated-misses": ofSimulated(misses),
    ...anytimeBlocks(read("anytime"), table),
    "aa-loaded": () => aaRows(table, read("aa-loaded")) ?? missing("npm run certify:real -- aa"),
    "aa-in-turns": () => aaRows(table, read("aa-in-turns")) ?? missing("npm run certify:real -- aa --in-turns"),
    "power-runs": () => powerRuns(table, read("power")) ?? missing("npm run certify:real -- power"),
  };
}

const worstRates = (table) => (certificate) => {
  const groups = groupBy(certificate.error_rates);
  return table(
    ["decision", "α", "error", "worst rate of the 12 models", "99 % limits", "model", "suites"],
    [...groups.values()].map((rows) => {
      const worst = rows.reduce((x, y) => (y.rate > x.rate ? y : x));
      const { design, policy, alpha, error, rate, model, suites } = worst;
      const what = `${design}, ${policy}`;
      return [what, String(alpha), error, percent(rate), limits(worst), model, suites.toLocaleString("en-US")];
    }),
  );
};

function keyOf({ design, policy, error, alpha }) {
  return [design, policy, error, alpha].join();
}

function groupBy(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

const pairedRates = (table) => (certificate) =>
  table(
    ["α", "margin", "worst false PASS", "at n, discordance", "worst false FAIL", "at n, discordance"],
    [0.05, 0.01].flatMap((alpha) =>
      [0.01, 0.02].map((margin) => {
        const rows = certificate.paired.filter((row) => row.alpha === alpha && row.margin === margin);
        const worst = (key) => rows.reduce((x, y) => (y[key] > x[key] ? y : x));
        const where = ({ n, discordance }) => `${n}, ${percent(discordance, 1)}`;
        const [pass, fail] = [worst("false_pass"), worst("false_fail")];
        return [
          String(alpha),
          percent(margin, 0),
          percent(pass.false_pass),
          where(pass),
          percent(fail.false_fail),
          where(fail),
        ];
      }),
    ),
  );

const powerRows = (table) => (certificate) => {
  const columns = certificate.power.filter(({ model, alpha }) => model === "iid" && alpha === 0.01);
  const title = ({ verdict, effect, margin, blocks }) =>
    verdict === "fail"
      ? `finds ${percent(effect, 0)} in ${blocks} blocks`
      : `passes at margin ${percent(margin, 0)} in ${blocks} blocks`;
  const same = (row) => (column) =>
    certificate.power.find(
      (r) =>
        r.model === row &&
        r.alpha === 0.01 &&
        r.effect === column.effect &&
        r.blocks === column.blocks &&
        r.margin === column.margin,
    );
  return table(
    ["model", ...columns.map(title)],
    [
      ["planned (normal)", ...columns.map(({ planned }) => percent(planned, 1))],
      ...certificate.noise_models.map(({ id }) => [id, ...columns.map(same(id)).map(({ rate }) => percent(rate, 1))]),
    ],
  );
};

const contextRows = (table) => (certificate) =>
  table(
    ["model", "Welch, 10 trials an arm", "Welch, 32 trials an arm", "sessions called noisy, 10 blocks"],
    certificate.noise_models.map(({ id }) => {
      const at = (blocks) => certificate.context.find((r) => r.model === id && r.alpha === 0.05 && r.blocks === blocks);
      const welch = (blocks) => percent(at(blocks).sequential_welch.rate, 1);
      return [id, welch(10), welch(32), percent(at(10).called_noisy.rate, 1)];
    }),
  );

function misses({ suites, error_rates, coverage, power, paired, paired_plans }) {
  const count = (rows, key) => rows.filter((row) => row[key] === false).length;
  const lines = [
    `${suites.toLocaleString("en-US")} suites a cell. Targets missed: ${count(error_rates, "within")} of ${error_rates.length} error rates, ` +
      `${count(coverage, "within")} of ${coverage.length} coverages, ${count(power, "within")} of 2 powers, ` +
      `${count(paired, "within")} of ${paired.length} accuracy gates, ${count(paired_plans, "within")} of ${paired_plans.length} plans.`,
  ];
  const above = error_rates.filter(({ low, alpha }) => low > alpha);
  const vague = error_rates.filter(({ within, low, alpha }) => !within && low <= alpha);
  if (above.length > 0) {
    const names = above.map(
      ({ design, policy, error, model, alpha }) => `${design}, ${policy}, ${error}, ${model}, α ${alpha}`,
    );
    lines.push(`Certainly above α: ${names.join("; ")}.`);
  }
  if (vague.length > 0) {
    lines.push(
      `${vague.length} rates are not certainly above α, but the limits of that many suites reach beyond 1.1 α.`,
    );
  }
  return lines;
}

function aaRows(table, certificate) {
  if (certificate === undefined) return undefined;
  const { sessions, blocks, twins, handicapped, alpha, noise } = certificate;
  const row = (what, { count, comparisons, rate, ...share }) => [
    what,
    `${count} of ${comparisons}`,
    percent(rate),
    limits(share),
  ];
  return [
    `${sessions.run} sessions of ${blocks} blocks, each with ${twins} identical twins and ${handicapped} slowed; ${certificate.condition}. ` +
      `α ${alpha}; ${sessions.noisy} sessions called noisy, ${sessions.aborted} aborted. Median over sessions of the CV of the baseline's blocks ` +
      `${percent(noise.latency_cv_median, 1)}; median share of the CPU that a latency loop had ${percent(noise.cpu_share_median, 0)}; ` +
      `median load average ${noise.load1_median?.toFixed(1) ?? "unknown"}. Verdict: ${certificate.verdict}.`,
    "",
    ...table(
      ["what", "count", "rate", "99 % limits"],
      [
        ...certificate.error_rates.map(({ policy, truth, error, share }) =>
          row(`${policy}, ${truth}: ${error}`, share),
        ),
        ...certificate.naive.map(({ test, share }) => row(`false alarms of ${test}`, share)),
      ],
    ),
  ];
}

function powerRuns(table, document) {
  if (document === undefined) return undefined;
  const blocks = (count) => (count === null || count === undefined ? "over 200" : String(count));
  return table(
    ["slowdown", "α", "timed", "log-ratio sd of the pilot", "planned blocks", "found", "rate", "99 % limits"],
    document.runs.flatMap((run) => [
      [
        percent(run.slowdown, 0),
        String(run.alpha),
        "in turns",
        percent(run.log_ratio_sd, 1),
        blocks(run.planned_blocks),
        `${run.found.count} of ${run.found.comparisons}`,
        percent(run.found.rate, 0),
        limits(run.found, 0),
      ],
      [
        "",
        "",
        "one after the other",
        percent(run.log_ratio_sd_one_after_other, 1),
        blocks(run.planned_blocks_one_after_other),
        "not run",
        "",
        "",
      ],
    ]),
  );
}
