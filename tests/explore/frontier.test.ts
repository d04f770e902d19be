import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { QuantRow } from "../../harness/domain/generated/frontier-v1.ts";
import type { Summary, SummaryRow } from "../../harness/domain/generated/summary-v1.ts";
import { buildFrontier, frontierExitCode } from "../../harness/explore/frontier.ts";
import { validator } from "../../harness/platform/schema.ts";
import { bitsOf, type Figures, figuresBaseline, figuresRow, frontierSummary } from "../fixtures/frontier-builder.ts";
import { estimate } from "../fixtures/summary-builder.ts";

const source = { path: "summary.json", sha256: "0".repeat(64) };

function sessionOf(summary: Summary, options: Partial<Parameters<typeof buildFrontier>[1]> = {}) {
  const frontier = buildFrontier(summary, { source, ...options });
  validator.validate("frontier.v1", frontier, { what: "the frontier", code: "STORE_SCHEMA" });
  const [session] = frontier.sessions;
  assert.ok(session !== undefined);
  const byTag = (tag: string) => session.quant_rows.find((one) => one.quant_tag === tag) as QuantRow;
  return { frontier, session, byTag };
}

/** Worked out on paper: see the comments. */
function handComputed(): Summary {
  return frontierSummary(
    [
      figuresBaseline(8),
      figuresRow("F16", bitsOf("F16"), { lost: 0, speed: 1.4, gib: 4 }),
      // 0.2 points for 6 GiB: 0.2 / 6 = 0.0333 points a GiB.
      figuresRow("Q8_0", bitsOf("Q8_0"), { lost: 0.2, speed: 2, gib: 2 }),
      // Worse than Q8_0 in all three: dominated.
      figuresRow("Q5_0", bitsOf("Q5_0"), { lost: 0.5, speed: 1.9, gib: 2.5 }),
      // 0.8 points for 7 GiB: 0.114 points a GiB.
      figuresRow("Q4_0", bitsOf("Q4_0"), { lost: 0.8, speed: 3, gib: 1 }),
      figuresRow("Q2_K", bitsOf("Q2_K"), { lost: 20, speed: 4, gib: 0.5 }, { verdict: "fail" }),
    ],
    "Q4_0",
  );
}

describe("a frontier worked out by hand", () => {
  const { session, byTag, frontier } = sessionOf(handComputed());

  test("front: what nothing beats in all of accuracy, latency and size; failing rows take no part", () => {
    const front = session.quant_rows.filter((one) => one.on_front).map((one) => one.quant_tag);
    assert.deepEqual(front, ["F16", "Q8_0", "Q4_0"]);
    assert.deepEqual(byTag("Q2_K").reasons, ["VERDICT_FAIL"]);
    assert.equal(byTag("Q2_K").eligible, false);
    assert.equal(byTag("Q2_K").valid, true);
  });

  test("who dominates is named: F16 beats F32, Q8_0 beats Q5_0", () => {
    assert.deepEqual(
      byTag("F32").dominated_by.map((one) => one.quant_tag),
      ["F16"],
    );
    assert.ok(byTag("Q5_0").dominated_by.some((one) => one.quant_tag === "Q8_0" && one.by_point_estimates));
  });

  test("probabilities follow the resamples: clear cases are near 0 and 1", () => {
    assert.ok((byTag("Q4_0").on_front_probability as number) > 0.99);
    assert.ok((byTag("Q5_0").on_front_probability as number) < 0.2);
    assert.equal(byTag("Q2_K").on_front_probability, null);
  });

  test("prices: quality lost per GiB saved, with the interval of the drop", () => {
    assert.ok(Math.abs((byTag("Q8_0").vibe_delta as number) - 0.002 / 6) < 1e-12);
    assert.ok(Math.abs((byTag("Q4_0").vibe_delta as number) - 0.008 / 7) < 1e-12);
    assert.ok(Math.abs((byTag("Q4_0").vibe_delta_interval?.high as number) - 0.013 / 7) < 1e-12);
    assert.equal(byTag("F32").vibe_delta, null, "the baseline saves nothing");
  });

  test("choices: baseline by bits, minimum by bits, value by price, recommendation by the run's rule", () => {
    assert.equal(session.baseline_quant, "F32");
    assert.equal(session.minimum_viable_quant, "Q4_0");
    assert.equal(session.best_value_quant, "F16", "it loses nothing");
    assert.equal(session.recommendation, "Q4_0");
    assert.match(session.recommendation_reason, /Holm/);
    assert.equal(frontierExitCode(frontier), 0);
  });
});

describe("known traps", () => {
  test("F16 ranks above Q8_0 by bits, though its name sorts before it", () => {
    const rows = [
      figuresRow("Q8_0", bitsOf("Q8_0"), { lost: 0, speed: 2, gib: 2 }),
      figuresRow(
        "F16",
        bitsOf("F16"),
        { lost: 0, speed: 1, gib: 4 },
        { role: "baseline", verdict: "reference", drop: null, speedup: null },
      ),
    ];
    const { session } = sessionOf(frontierSummary(rows, "Q8_0"));
    assert.equal(session.baseline_quant, "F16");
    assert.deepEqual(
      session.quant_rows.map((one) => one.quant_tag),
      ["F16", "Q8_0"],
    );
  });

  test("ties: rows equal in everything do not push each other off the front, and the choice is by name", () => {
    const twin = { lost: 0.1, speed: 2, gib: 2 };
    const rows = [figuresBaseline(8), figuresRow("b8", 8, twin), figuresRow("a8", 8, twin)];
    const { session, byTag } = sessionOf(frontierSummary(rows, null));
    assert.ok(byTag("a8").on_front && byTag("b8").on_front);
    assert.equal(session.minimum_viable_quant, "b8");
    const again = sessionOf(frontierSummary([...rows].reverse(), null));
    assert.equal(again.session.minimum_viable_quant, "b8", "whatever the order of rows");
  });

  test("an invalid baseline is no baseline: the next valid precision is, and says why", () => {
    const broken = figuresBaseline(8, { trials: { planned: 12, completed: 11, failed: 1, missing: 0 } });
    const open = { verdict: "inconclusive" as const };
    const rows = [
      broken,
      figuresRow("F16", 16, { lost: 0, speed: 1, gib: 4 }, open),
      figuresRow("Q8_0", bitsOf("Q8_0"), { lost: 0, speed: 2, gib: 2 }, open),
    ];
    const { session, frontier, byTag } = sessionOf(frontierSummary(rows, null));
    assert.equal(session.baseline_quant, "F16");
    assert.match(session.baseline_reason, /F32 is left out: TRIALS_INCOMPLETE/);
    assert.equal(byTag("Q8_0").gib_saved, 2, "saved against F16");
    assert.equal(byTag("Q8_0").vibe_delta_interval, null, "its drop was paired with F32, not with F16");
    assert.equal(session.recommendation, null);
    assert.equal(frontierExitCode(frontier), 4);
  });

  test("all rows failing: no recommendation, no minimum, no best value, and exit code 3", () => {
    const failing = { verdict: "fail" as const };
    const rows = [
      figuresBaseline(8),
      figuresRow("Q8_0", 8.5, { lost: 9, speed: 2, gib: 2 }, failing),
      figuresRow("Q4_0", 4.5, { lost: 20, speed: 3, gib: 1 }, failing),
    ];
    const { session, frontier } = sessionOf(frontierSummary(rows, null));
    assert.deepEqual(
      [session.recommendation, session.minimum_viable_quant, session.best_value_quant],
      [null, null, null],
    );
    assert.equal(session.recommendation_reason, "every row fails its gates");
    assert.equal(session.baseline_quant, "F32");
    assert.equal(frontier.quant_tag, null);
    assert.equal(frontierExitCode(frontier), 3);
  });

  test("nothing measured: every choice is null and the exit code is 3 or 4, never 0", () => {
    const lost = {
      trials: { planned: 12, completed: 0, failed: 12, missing: 0 },
      accuracy: null,
      drop: null,
      speedup: null,
    };
    const nothing = {
      ...lost,
      latency: { p50: null, p90: null, p99: null, block_medians: [], samples: 0 },
      bytes_on_disk: null,
    };
    const rows = [
      figuresBaseline(8, nothing),
      figuresRow("Q8_0", 8.5, { lost: 0, speed: 1, gib: 1 }, { ...nothing, verdict: "fail" }),
    ];
    const { session, frontier } = sessionOf(frontierSummary(rows, null));
    assert.equal(session.baseline_quant, null);
    assert.equal(frontierExitCode(frontier), 3);
    assert.deepEqual(frontier.objectives, []);
    assert.equal(frontier.dropped_objectives.length, 3);
  });

  test("a polluted row is neither on the front nor recommended, unless that is allowed", () => {
    const dirty = { run_quality_status: "polluted" as const, run_quality_reasons: ["polluted"] };
    const rows = [
      figuresBaseline(8),
      figuresRow("Q8_0", 8.5, { lost: 0, speed: 2, gib: 2 }),
      figuresRow("Q4_0", 4.5, { lost: 0, speed: 3, gib: 1 }, dirty),
    ];
    const strict = sessionOf(frontierSummary(rows, "Q4_0"));
    assert.equal(strict.session.recommendation, "Q8_0");
    assert.deepEqual(strict.byTag("Q4_0").reasons, ["POLLUTED"]);
    assert.ok(strict.byTag("Q8_0").on_front);
    const allowed = sessionOf(frontierSummary(rows, "Q4_0"), { allowPolluted: true });
    assert.equal(allowed.session.recommendation, "Q4_0");
    assert.equal(allowed.byTag("Q8_0").on_front, false);
  });

  test("rows shown with include_invalid never change a choice", () => {
    const shown = sessionOf(handComputed(), { includeInvalid: true });
    const plain = sessionOf(handComputed());
    assert.ok(shown.byTag("Q2_K").on_front, "the smallest and fastest");
    const { quant_rows: _, ...choices } = shown.session;
    const { quant_rows: __, ...before } = plain.session;
    assert.deepEqual(choices, before);
  });

  test("a run that is not complete recommends nothing, though rows pass", () => {
    const { session, frontier } = sessionOf({ ...handComputed(), state: "partial" });
    assert.equal(session.recommendation, null);
    assert.match(session.recommendation_reason, /not complete/);
    assert.equal(frontierExitCode(frontier), 4);
  });

  test("a row that passes alone, but not after correction, is not recommended", () => {
    const summary = handComputed();
    const { session } = sessionOf({
      ...summary,
      suite: {
        ...summary.suite,
        certified: [],
        ship: null,
        verdict: "inconclusive",
        exit_code: 4,
        reasons: ["it passes alone"],
      },
    });
    assert.equal(session.recommendation, null);
    assert.equal(session.undecided, true);
  });

  test("a gain on a file that is a little smaller is no bargain: of rows that lose nothing, the one that saves most is best value", () => {
    const rows = [
      figuresBaseline(8),
      figuresRow("tiny", 16, { lost: -0.5, speed: 1, gib: 7.9 }),
      figuresRow("Q8_0", 8.5, { lost: 0, speed: 1, gib: 2 }),
    ];
    assert.equal(sessionOf(frontierSummary(rows, null)).session.best_value_quant, "Q8_0");
  });

  test("an objective that one row lacks makes that row invalid; one that all lack is dropped and said", () => {
    const rows = [
      figuresBaseline(8, { peak_memory: null }),
      figuresRow("Q8_0", 8.5, { lost: 0, speed: 2, gib: 2 }, { throughput: null }),
    ].map((one) => ({ ...one, peak_memory: null }));
    const { frontier, byTag } = sessionOf(frontierSummary(rows, "Q8_0"), {
      objectives: ["quality.accuracy", "throughput.items", "memory.peak_rss"],
    });
    assert.deepEqual(byTag("Q8_0").reasons, ["OBJECTIVE_MISSING"]);
    assert.deepEqual(frontier.dropped_objectives, [{ metric: "memory.peak_rss", reason: "no row has a value of it" }]);
  });

  test("no interval, no probability: the front still stands by the points", () => {
    const rows = [
      figuresBaseline(8),
      figuresRow("Q8_0", 8.5, { lost: 0, speed: 2, gib: 2 }, { b: null, c: null, drop: estimate(0, null, null) }),
    ];
    const { byTag } = sessionOf(frontierSummary(rows, "Q8_0"));
    assert.equal(byTag("Q8_0").on_front, true);
    assert.equal(byTag("Q8_0").on_front_probability, null);
  });

  test("models and settings are sessions of their own", () => {
    const two = [figuresBaseline(8), figuresRow("Q8_0", 8.5, { lost: 0, speed: 2, gib: 2 })];
    const others = two.map((one) => ({ ...one, model_id: "other", cell_id: `other-${one.cell_id}` }));
    const threads = two.map((one) => ({ ...one, threads: 2, cell_id: `${one.cell_id}-2` }));
    const { frontier } = sessionOf(frontierSummary([...others, ...threads, ...two], "Q8_0"));
    assert.deepEqual(
      frontier.sessions.map(({ model_id, threads: count }) => [model_id, count]),
      [
        ["digits", 1],
        ["digits", 2],
        ["other", 1],
      ],
    );
    assert.equal(frontier.model_id, null);
  });
});

describe("properties", () => {
  const figures: fc.Arbitrary<Figures> = fc.record({
    lost: fc.integer({ min: -10, max: 50 }).map((tenths) => tenths / 10),
    speed: fc.integer({ min: 5, max: 40 }).map((tenths) => tenths / 10),
    gib: fc.integer({ min: 1, max: 80 }).map((tenths) => tenths / 10),
  });
  const cases = fc.uniqueArray(
    fc.tuple(fc.integer({ min: 1, max: 20 }), figures, fc.constantFrom("pass", "fail", "inconclusive")),
    {
      minLength: 1,
      maxLength: 8,
      selector: ([bits]) => bits,
    },
  );
  const rowsOf = (drawn: readonly (readonly [number, Figures, string])[]): SummaryRow[] => [
    figuresBaseline(8),
    ...drawn.map(([bits, own, verdict]) =>
      figuresRow(`q${bits}`, bits, own, { verdict: verdict as SummaryRow["verdict"] }),
    ),
  ];

  test("no row on the front is dominated by an eligible row, and every other eligible row is", () => {
    fc.assert(
      fc.property(cases, (drawn) => {
        const rows = rowsOf(drawn);
        const { session } = sessionOf(frontierSummary(rows, null), { resamples: 20 });
        const eligible = session.quant_rows.filter((one) => one.eligible);
        const own = (one: QuantRow) => rows.find((candidate) => candidate.cell_id === one.cell_id) as SummaryRow;
        const beats = (a: SummaryRow, b: SummaryRow) => {
          const lost = (one: SummaryRow) => one.drop?.value ?? 0;
          const speed = (one: SummaryRow) => one.speedup?.value ?? 1;
          const pairs = [
            [-lost(a), -lost(b)],
            [speed(a), speed(b)],
            [-(a.bytes_on_disk as number), -(b.bytes_on_disk as number)],
          ] as [number, number][];
          return pairs.every(([x, y]) => x >= y) && pairs.some(([x, y]) => x > y);
        };
        for (const one of eligible) {
          const isBeaten = eligible.some((other) => beats(own(other), own(one)));
          assert.equal(one.on_front, !isBeaten);
        }
        assert.ok(eligible.some((one) => one.on_front));
      }),
      { numRuns: 150 },
    );
  });

  test("the order of rows changes nothing, probabilities among it", () => {
    fc.assert(
      fc.property(cases, fc.integer(), (drawn, salt) => {
        const rows = rowsOf(drawn);
        const shuffled = [...rows].sort(
          (a, b) => ((`${a.cell_id}${salt}`.length * salt) % 7) - ((`${b.cell_id}`.length * salt) % 5),
        );
        const reversed = [...rows].reverse();
        const first = sessionOf(frontierSummary(rows, null), { resamples: 100 });
        for (const other of [shuffled, reversed]) {
          assert.deepEqual(sessionOf(frontierSummary(other, null), { resamples: 100 }).session, first.session);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("units change nothing: bytes in kilobytes and seconds in milliseconds give the same front and choices", () => {
    fc.assert(
      fc.property(cases, (drawn) => {
        const rows = rowsOf(drawn);
        const scaled = rows.map((one) => ({
          ...one,
          bytes_on_disk: (one.bytes_on_disk as number) / 1024,
          latency: {
            ...one.latency,
            p50: estimate((one.latency.p50?.value as number) * 1024, null, null),
            block_medians: one.latency.block_medians.map((value) => (value as number) * 1024),
          },
        }));
        const pick = (summary: Summary) => {
          const { quant_rows, ...choices } = sessionOf(summary, { resamples: 50 }).session;
          return [
            choices,
            quant_rows.map(({ on_front, on_front_probability, dominated_by }) => [
              on_front,
              on_front_probability,
              dominated_by,
            ]),
          ];
        };
        assert.deepEqual(pick(frontierSummary(scaled, null)), pick(frontierSummary(rows, null)));
      }),
      { numRuns: 60 },
    );
  });

  test("the probability that one row beats another agrees with the normal distribution where that is known", () => {
    // Equal sizes and speeds without noise: only the drop decides. b = 30, c = 20 of 1,000: mean .01, sd sqrt(50.9)/1000.
    const flat = {
      block_medians: [0.01, 0.01, 0.01],
      p50: estimate(0.01, 0.01, 0.01, { level: 1 }),
      p90: null,
      p99: null,
      samples: 3,
    };
    const rows = [
      figuresBaseline(8, { latency: flat }),
      figuresRow("q", 8, { lost: 1, speed: 1, gib: 8 }, { b: 30, c: 20, latency: flat }),
    ];
    const { byTag } = sessionOf(frontierSummary(rows, null), { resamples: 20_000 });
    const by = byTag("q").dominated_by.find((one) => one.quant_tag === "F32");
    // P(drop > 0) with z = 10 / sqrt(51 - 0.1) = 1.40: .919 - half of P(0) = .92 - .02.
    assert.ok(Math.abs((by?.probability as number) - 0.897) < 0.02, `${by?.probability}`);
  });
});
