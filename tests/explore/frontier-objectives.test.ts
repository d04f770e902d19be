import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Frontier, FrontierSession } from "../../harness/domain/generated/frontier-v1.ts";
import type { Summary, SummaryRow } from "../../harness/domain/generated/summary-v1.ts";
import { buildFrontier } from "../../harness/explore/frontier.ts";
import { OBJECTIVES, type ObjectiveId } from "../../harness/explore/frontier-objectives.ts";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { validator } from "../../harness/platform/schema.ts";
import { type AllFigures, frontierSummary, fullBaseline, fullRow } from "../fixtures/frontier-builder.ts";

const source = { path: "summary.json", sha256: "0".repeat(64) };
const ALL = OBJECTIVES.map(({ metric }) => metric);

function sessionOf(summary: Summary, objectives: readonly ObjectiveId[], resamples = 50): FrontierSession {
  const frontier = buildFrontier(summary, { source, objectives, resamples });
  validator.validate<Frontier>("frontier.v1", frontier, { what: "the frontier", code: "STORE_SCHEMA" });
  return frontier.sessions[0] as FrontierSession;
}

/** What each objective is about, worked out from the figures alone: more is better. */
const MERIT: { readonly [id in ObjectiveId]: (own: AllFigures) => number } = {
  "quality.accuracy": ({ lost }) => -lost,
  "latency.call": ({ speed }) => speed,
  "latency.ttft": ({ ttftS }) => -ttftS,
  "throughput.items": ({ itemsPerS }) => itemsPerS,
  "throughput.decode": ({ decodeTps }) => decodeTps,
  "memory.peak_rss": ({ peakBytes }) => -peakBytes,
  "size.bytes_on_disk": ({ gib }) => -gib,
  "energy.item": ({ energyJ }) => -energyJ,
};

const positive = (unit: number) => fc.integer({ min: 1, max: 12 }).map((steps) => steps * unit);
const figures: fc.Arbitrary<AllFigures> = fc.record({
  lost: fc.integer({ min: -2, max: 8 }).map((tenths) => tenths / 10),
  speed: positive(0.25),
  gib: positive(0.5),
  ttftS: positive(0.125),
  decodeTps: positive(8),
  itemsPerS: positive(2),
  peakBytes: positive(2 ** 28),
  energyJ: positive(0.25),
});
const BASE: AllFigures = {
  lost: 0,
  speed: 1,
  gib: 4,
  ttftS: 1,
  decodeTps: 32,
  itemsPerS: 8,
  peakBytes: 2 ** 30,
  energyJ: 1,
};
const cases = fc.record({
  rows: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 20 }), figures), {
    minLength: 1,
    maxLength: 6,
    selector: ([bits]) => bits,
  }),
  objectives: fc.subarray(ALL, { minLength: 1 }),
});
const rowsOf = (drawn: readonly (readonly [number, AllFigures])[]): SummaryRow[] => [
  fullBaseline(BASE),
  ...drawn.map(([bits, own]) => fullRow(`q${bits}`, bits, own)),
];

describe("every declared objective", () => {
  test("the config, the artifact and the code know the same ones", () => {
    const schema = JSON.parse(readFileSync(join(packageRoot(), "schemas/config.v1.schema.json"), "utf8"));
    const asked = schema.properties.frontier.properties.objectives.items.enum as string[];
    const artifact = JSON.parse(readFileSync(join(packageRoot(), "schemas/frontier.v1.schema.json"), "utf8"));
    const told = artifact.properties.objectives.items.properties.metric.enum as string[];
    assert.deepEqual([[...asked].sort(), [...told].sort()], [[...ALL].sort(), [...ALL].sort()]);
  });

  for (const metric of ALL) {
    test(`${metric}: the better of two rows that differ in nothing else is alone on the front`, () => {
      const better: AllFigures = {
        ...BASE,
        lost: metric === "quality.accuracy" ? -0.5 : 0,
        speed: metric === "latency.call" ? 2 : 1,
        ttftS: metric === "latency.ttft" ? 0.5 : 1,
        itemsPerS: metric === "throughput.items" ? 16 : 8,
        decodeTps: metric === "throughput.decode" ? 64 : 32,
        peakBytes: metric === "memory.peak_rss" ? 2 ** 29 : 2 ** 30,
        gib: metric === "size.bytes_on_disk" ? 2 : 4,
        energyJ: metric === "energy.item" ? 0.5 : 1,
      };
      const { quant_rows } = sessionOf(frontierSummary([fullBaseline(BASE), fullRow("q8", 8, better)], "q8"), ALL);
      assert.deepEqual(
        quant_rows.map(({ quant_tag, on_front }) => [quant_tag, on_front]),
        [
          ["F32", false],
          ["q8", true],
        ],
      );
      assert.deepEqual(
        quant_rows[0]?.dominated_by.map(({ quant_tag }) => quant_tag),
        ["q8"],
      );
      for (const { value, low, high } of quant_rows[1]?.objectives ?? [])
        assert.ok(value !== null && low !== null && high !== null);
    });
  }

  test("what a row has no value of is missing, not zero", () => {
    const bare = fullRow("q8", 8, BASE);
    const { token_metrics: _, machine: __, ...rest } = bare;
    const { quant_rows } = sessionOf(frontierSummary([fullBaseline(BASE), rest], null), [
      "latency.ttft",
      "throughput.decode",
      "energy.item",
    ]);
    const row = quant_rows.find(({ quant_tag }) => quant_tag === "q8");
    assert.deepEqual(row?.reasons, ["OBJECTIVE_MISSING"]);
    assert.deepEqual(
      row?.objectives.map(({ value, reason }) => [value, reason]),
      new Array(3).fill([null, "not measured"]),
    );
  });
});

describe("whatever objectives are declared", () => {
  test("no row on the front is dominated in them, and every other row is", () => {
    fc.assert(
      fc.property(cases, ({ rows: drawn, objectives }) => {
        const { quant_rows } = sessionOf(frontierSummary(rowsOf(drawn), null), objectives, 1);
        const own = new Map<string, AllFigures>([["F32", BASE], ...drawn.map(([bits, f]) => [`q${bits}`, f] as const)]);
        const beats = (a: string, b: string) => {
          const pairs = objectives.map((id) => [a, b].map((tag) => MERIT[id](own.get(tag) as AllFigures)));
          return (
            pairs.every(([x, y]) => (x as number) >= (y as number)) &&
            pairs.some(([x, y]) => (x as number) > (y as number))
          );
        };
        for (const { quant_tag, eligible, on_front } of quant_rows) {
          assert.ok(eligible);
          assert.equal(on_front, !quant_rows.some((other) => beats(other.quant_tag, quant_tag)), quant_tag);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("neither the order of rows nor the order in which they are declared changes front and choices", () => {
    fc.assert(
      fc.property(cases, ({ rows: drawn, objectives }) => {
        const rows = rowsOf(drawn);
        const first = sessionOf(frontierSummary(rows, null), objectives);
        assert.deepEqual(sessionOf(frontierSummary([...rows].reverse(), null), objectives), first);
        const plain = (session: FrontierSession) =>
          session.quant_rows.map(({ quant_tag, on_front, on_front_probability }) => [
            quant_tag,
            on_front,
            on_front_probability,
          ]);
        assert.deepEqual(plain(sessionOf(frontierSummary(rows, null), [...objectives].reverse())), plain(first));
      }),
      { numRuns: 60 },
    );
  });

  test("units change nothing: milliseconds, kilojoules and kibibytes give the same front, probabilities and choices", () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(2 ** -10, 2 ** 10), ({ rows: drawn, objectives }, scale) => {
        const scaled = ({ gib, ttftS, decodeTps, itemsPerS, peakBytes, energyJ, ...rest }: AllFigures): AllFigures => ({
          ...rest,
          gib: gib * scale,
          ttftS: ttftS * scale,
          decodeTps: decodeTps / scale,
          itemsPerS: itemsPerS / scale,
          peakBytes: peakBytes * scale,
          energyJ: energyJ * scale,
        });
        const told = (rows: SummaryRow[]) => {
          const { quant_rows, ...choices } = sessionOf(frontierSummary(rows, null), objectives);
          const { best_value_reason: _, ...named } = choices;
          return [
            named,
            quant_rows.map(({ on_front, on_front_probability, dominated_by }) => [
              on_front,
              on_front_probability,
              dominated_by,
            ]),
          ];
        };
        const other = [
          fullBaseline(scaled(BASE)),
          ...drawn.map(([bits, own]) => fullRow(`q${bits}`, bits, scaled(own))),
        ];
        assert.deepEqual(told(other), told(rowsOf(drawn)));
      }),
      { numRuns: 80 },
    );
  });
});
