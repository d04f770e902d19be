import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { axisTicks } from "../../harness/report/plot-axis.ts";
import { plotStretches } from "../../harness/report/plot-points.ts";
import { type TimeSeriesPlot, timeSeriesSvg } from "../../harness/report/time-series-svg.ts";
import { assertGolden } from "../fixtures/golden.ts";

/** A minute of a card that warms until its clock is cut; the thermometer is silent for a while. */
const heat: TimeSeriesPlot = {
  title: "digits/u8s8 under load",
  panels: [
    {
      label: "temperature",
      unit: "°C",
      lines: [
        { name: "chip", points: minute((s) => (s > 20 && s < 26 ? null : 50 + 40 * (1 - Math.exp(-s / 20)))) },
        { name: "memory", points: minute((s) => 45 + s / 3) },
      ],
    },
    { label: "clock", unit: "GHz", lines: [{ name: "sm", points: minute((s) => (s < 40 ? 1.98 : 1.2)) }] },
    { label: "power", unit: "W", lines: [{ name: "board", points: [] }] },
    { label: "rate", unit: "items/s", lines: [{ name: "rate", points: minute((s) => (s < 40 ? 5200 : 2150)) }] },
  ],
  bands: [{ fromS: 40, toS: 60, label: "THERMAL_THROTTLE" }],
};

function minute(value: (s: number) => number | null): [number, number | null][] {
  return Array.from({ length: 61 }, (_, s) => [s, value(s)]);
}

describe("a plot of readings over time", () => {
  it("is drawn as it was looked at", () => {
    assertGolden("report/time-series.svg", timeSeriesSvg(heat));
  });

  it("breaks its line at a missing value instead of drawing through it, and says where a panel has none", () => {
    const svg = timeSeriesSvg(heat);
    const chip = svg.match(/<polyline[^>]*><title>chip<\/title>/g);
    assert.equal(chip?.length, 2);
    assert.match(svg, /– no readings/);
    assert.equal(svg.match(/THERMAL_THROTTLE/g)?.length, heat.panels.length);
  });

  it("is one well-formed document whatever a name holds", () => {
    const name = '<script>"&\u0000\n';
    const svg = timeSeriesSvg({
      title: name,
      panels: [{ label: name, unit: name, lines: [{ name, points: [[0, 1]] }] }],
    });
    assert.ok(!svg.includes("<script") && !svg.includes("\u0000"));
    const opened = svg.match(/<[a-z]+[^>]*[^/]>/g)?.length;
    assert.equal(opened, svg.match(/<\/[a-z]+>/g)?.length);
    assert.match(svg, /<circle/, "one point alone is still seen");
  });

  it("draws no panel, no point and a constant without a NaN", () => {
    const constant = { label: "x", unit: "", lines: [{ name: "x", points: minute(() => 0) }] };
    for (const panels of [[], [{ label: "x", unit: "", lines: [] }], [constant]]) {
      assert.ok(!/NaN|Infinity|undefined/.test(timeSeriesSvg({ title: "t", panels })));
    }
  });

  it("keeps every peak of a long series in a short text", () => {
    const points = Array.from({ length: 100_000 }, (_, i): [number, number] => [i / 5, i === 77_777 ? 1000 : i % 2]);
    const [stretch = []] = plotStretches(points, { fromS: 0, toS: 20_000, columns: 600 });
    assert.ok(stretch.length <= 1300, `${stretch.length}`);
    assert.ok(stretch.some(([, value]) => value === 1000));
    assert.ok(stretch.every(([atS], i) => i === 0 || atS >= (stretch[i - 1]?.[0] ?? 0)));
  });

  it("has round ticks that cover the range", () => {
    assert.deepEqual(axisTicks(0, 1, 4), [0, 0.5, 1]);
    assert.deepEqual(axisTicks(0.1, 0.32, 4), [0.1, 0.2, 0.3, 0.4]);
    assert.deepEqual(axisTicks(-3, 17, 4), [-5, 0, 5, 10, 15, 20]);
    for (const [low, high] of [
      [5, 5],
      [0, 0],
      [1e-9, 2e-9],
      [-7e8, 3e9],
    ] as const) {
      const ticks = axisTicks(low, high, 5);
      assert.ok((ticks[0] as number) <= low && (ticks.at(-1) as number) >= high && ticks.length >= 2, `${ticks}`);
      assert.ok(ticks.length <= 8);
    }
  });
});
