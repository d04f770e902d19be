// Tables of the study of early stopping in docs/certificates.md.
const percent = (x, digits = 1) => `${(100 * x).toFixed(digits)} %`;

/** The generated blocks of the study; `table` lays out Markdown rows. */
export function anytimeBlocks(study, table) {
  const of = (rows) => () => (study === undefined ? ["Not run yet: `node scripts/anytime-study.mjs`."] : rows(study));
  return {
    "anytime-items": of(({ synthetic }) => table(...itemRows(synthetic))),
    "anytime-blocks": of(({ blocks }) => table(...blockRows(blocks))),
    "anytime-real": of(({ real }) => table(...realRows(real.rows))),
  };
}

function itemRows(rows) {
  return [
    ["setting", "claim", "evaluated", "saved", "pass", "fail", "error", "99 % limits"],
    rows.map(({ setting, claim, share_evaluated, verdicts, replays, errors }) => [
      setting,
      claim,
      percent(share_evaluated),
      percent(1 - share_evaluated),
      percent(verdicts.pass / replays),
      percent(verdicts.fail / replays),
      errors.map(({ verdict, rate }) => `${verdict} ${percent(rate, 2)}`).join(", "),
      errors.map(({ low, high }) => `${percent(low, 2)} to ${percent(high, 2)}`).join(", "),
    ]),
  ];
}

function blockRows(rows) {
  return [
    ["noise", "signs: pass", "fail", "blocks", "clipped: pass", "fail", "blocks"],
    rows.map(({ noise, sign, clipped }) => [
      noise,
      ...[sign, clipped].flatMap(({ pass, fail, mean_blocks }) => [
        percent(pass, 2),
        percent(fail, 2),
        mean_blocks.toFixed(1),
      ]),
    ]),
  ];
}

function realRows(rows) {
  return [
    [
      "variant",
      "gates",
      "claim",
      "drop",
      "fixed",
      "pass",
      "fail",
      "inconclusive",
      "settled after (median)",
      "evaluated",
    ],
    rows.map(({ variant, gates, claim, drop, fixed_verdicts, verdicts, settled, evaluated_mean }) => [
      `\`${variant}\``,
      gates,
      claim,
      percent(drop, 2),
      [...new Set(fixed_verdicts)].join(", "),
      String(verdicts.pass),
      String(verdicts.fail),
      String(verdicts.inconclusive),
      String(settled.median),
      String(Math.round(evaluated_mean)),
    ]),
  ];
}
