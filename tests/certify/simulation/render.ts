import type { CertifySimulated } from "../../../harness/domain/generated/certify-simulated-v1.ts";

const percent = (x: number, digits = 2): string => `${(100 * x).toFixed(digits)}`;

/** The certificate as plain tables, the worst of each design first to be seen. */
export function renderSimulated(certificate: CertifySimulated): string {
  return [
    ...worstRates(certificate),
    "",
    ...rateTable(certificate),
    "",
    ...pairedLines(certificate),
    "",
    ...powerLines(certificate),
    "",
    ...contextLines(certificate),
    "",
    missed(certificate),
  ].join("\n");
}

function worstRates({ error_rates }: CertifySimulated): string[] {
  const groups = new Map<string, CertifySimulated["error_rates"]>();
  for (const row of error_rates) {
    const key = `${row.design}, ${row.policy}, ${row.error}, alpha ${row.alpha}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const lines = [...groups].map(([key, rows]) => {
    const worst = rows.reduce((x, y) => (y.rate > x.rate ? y : x));
    const limits = `[${percent(worst.low)}, ${percent(worst.high)}]`;
    return `  ${key.padEnd(68)} ${percent(worst.rate)} % ${limits} ${worst.model}, ${worst.suites} suites`;
  });
  return ["worst error rate over the noise models, with exact 99 % limits", ...lines];
}

function rateTable({ error_rates, noise_models }: CertifySimulated): string[] {
  const columns = [...new Set(error_rates.map(columnOf))];
  const head = columns.map((column, i) => `  ${String.fromCharCode(97 + i)}  ${column}`);
  const rows = noise_models.map(({ id }) => {
    const cells = columns.map((column) => {
      const row = error_rates.find((r) => r.model === id && columnOf(r) === column);
      return (row === undefined ? "-" : percent(row.rate)).padStart(5);
    });
    return `${id.padEnd(16)} ${cells.join(" ")}`;
  });
  const letters = columns.map((_, i) => String.fromCharCode(97 + i).padStart(5)).join(" ");
  return ["error rates, %, by noise model", ...head, `${"".padEnd(16)} ${letters}`, ...rows];
}

function columnOf({ design, policy, error, blocks, alpha }: CertifySimulated["error_rates"][number]): string {
  return `${design}, ${policy}, ${error}, ${blocks} blocks, alpha ${alpha}`;
}

function pairedLines({ paired, paired_plans }: CertifySimulated): string[] {
  const lines = paired.map(
    (row) =>
      `  alpha ${row.alpha} margin ${row.margin} discordance ${percent(row.discordance, 1)} % n ${row.n}: ` +
      `false pass ${percent(row.false_pass)} %, false fail ${percent(row.false_fail)} %, coverage ${percent(row.coverage)} %`,
  );
  const plans = paired_plans.map(
    (row) =>
      `  alpha ${row.alpha} discordance ${row.discordance} margin ${row.margin}: n ${row.n} planned ${percent(row.planned, 0)} %, realized ${percent(row.realized, 1)} %`,
  );
  return ["paired accuracy gates at the margin, exact", ...lines, "", "planned and realized power, exact", ...plans];
}

function powerLines({ power }: CertifySimulated): string[] {
  const lines = power
    .filter(({ alpha }) => alpha === 0.01)
    .map((row) => {
      const planned = row.planned === null ? "" : ` (planned ${percent(row.planned, 1)} %)`;
      const what =
        row.verdict === "fail"
          ? `finds ${percent(row.effect, 0)} %`
          : `passes identical, margin ${percent(row.margin, 0)} %`;
      return `  ${row.model.padEnd(16)} ${what}, ${row.blocks} blocks: ${percent(row.rate, 1)} %${planned}`;
    });
  return ["power at alpha .01", ...lines];
}

function contextLines({ context }: CertifySimulated): string[] {
  const lines = context
    .filter(({ alpha }) => alpha === 0.05)
    .map(
      (row) =>
        `  ${row.model.padEnd(16)} ${String(row.blocks).padStart(2)} blocks: sequential Welch ${percent(row.sequential_welch.rate, 1)} % false alarms, called noisy ${percent(row.called_noisy.rate, 1)} %`,
    );
  return ["at alpha .05, beside it", ...lines];
}

function missed({ error_rates, coverage, power, paired, paired_plans }: CertifySimulated): string {
  const count = (rows: readonly { within: boolean | null }[]) => rows.filter(({ within }) => within === false).length;
  return (
    `targets missed: error rates ${count(error_rates)} of ${error_rates.length}, coverage ${count(coverage)} of ${coverage.length}, ` +
    `power ${count(power)} of 2, accuracy gates ${count(paired)} of ${paired.length}, plans ${count(paired_plans)} of ${paired_plans.length}`
  );
}
