import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import { buildFrontier } from "../../harness/explore/frontier.ts";
import { PAGE_BYTES, renderHtml } from "../../harness/report/html/page.ts";
import { runFigure } from "../../harness/report/svg/figure.ts";
import { baselineRow, row, summary } from "../fixtures/summary-builder.ts";
import { canaryAbort, everythingFails, firstRun, hostile, manyCells, undecided } from "../fixtures/summary-cases.ts";

const sha = (text: string) => createHash("sha256").update(text).digest("base64");

function inputOf(document: Summary) {
  const frontier = buildFrontier(document, { source: { path: "summary.json", sha256: "0".repeat(64) }, resamples: 50 });
  return { summary: document, frontier };
}

const pageOf = (document: Summary) => renderHtml(inputOf(document), sha);

describe("report.html", () => {
  const cases = { firstRun, everythingFails, undecided, manyCells, canaryAbort, hostile };
  for (const [name, make] of Object.entries(cases)) {
    test(`${name}: the policy names exactly the style and script that are there, and nothing else could run`, () => {
      const html = pageOf(make());
      const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? [];
      const [, script = ""] = /<script>([\s\S]*?)<\/script>/.exec(html) ?? [];
      assert.ok(html.includes(`style-src 'sha256-${sha(style)}'`));
      assert.ok(html.includes(`script-src 'sha256-${sha(script)}'`));
      assert.equal(html.match(/<script/g)?.length, 1);
      assert.equal(html.match(/<style/g)?.length, 1);
      const outside = html.replace(script, "").replace(style, "");
      assert.doesNotMatch(outside, /<[^>]*\s(on\w+|style|src|srcset|href(?!="#))=/i);
      assert.doesNotMatch(outside, /<(iframe|object|embed|link|img|base)\b/i);
    });

    test(`${name}: tags close, ids stand once, and every reference has its target`, () => {
      const html = pageOf(make()).replace(/<(style|script)>[\s\S]*?<\/\1>/g, "");
      const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id as string);
      assert.deepEqual(ids.length, new Set(ids).size);
      for (const [, target] of html.matchAll(/(?:href="#|aria-labelledby=")([^"]+)"/g)) {
        assert.ok(ids.includes(target as string), `${target} is missing`);
      }
      const open: string[] = [];
      for (const [, end, tag = ""] of html.matchAll(/<(\/?)([a-z0-9]+)(?:\s[^<>]*?)?(?<!\/)>/g)) {
        if (["meta", "input", "br"].includes(tag)) continue;
        if (end === "") open.push(tag);
        else assert.equal(open.pop(), tag);
      }
      assert.deepEqual(open, []);
    });
  }

  test("names that are markup are shown as text, control characters spelled out", () => {
    const html = pageOf(hostile());
    assert.ok(html.includes("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert.doesNotMatch(html, /alert\(1\)<\/script>/);
    assert.ok(!html.includes("\u001b"));
  });

  test("a hundred variants with a hundred classes and 4 kB names stay within a megabyte, every row in the table", () => {
    const long = "<i>n</i>".repeat(500);
    const classes = Array.from({ length: 100 }, (_, i) => ({
      class: `${i}${long}`,
      n: 20,
      correct: 19,
      b: 1,
      c: 0,
      drop: null,
      flagged: true,
    }));
    const rows = Array.from({ length: 100 }, (_, i) =>
      row(`${i}-${long}`, { cell_id: `cell-${i}`, per_class: classes }),
    );
    const html = pageOf(summary([baselineRow(), ...rows]));
    assert.ok(new TextEncoder().encode(html).length <= PAGE_BYTES);
    assert.equal(html.match(/<tr data-row=/g)?.length, 101);
  });

  test("equal input gives equal bytes", () => {
    assert.equal(pageOf(firstRun()), pageOf(firstRun()));
  });

  test("a failing canary is told where the numbers are doubted", () => {
    const html = renderHtml(
      {
        ...inputOf(canaryAbort()),
        canary: {
          schema_version: "quantgate.canary.v1",
          run_id: "r",
          generated_at: "2026-01-02T03:04:05.000Z",
          plan_digest: "c".repeat(64),
          block: -1,
          verdict: "failed",
          simulated: false,
          checks: [
            {
              task: "digits",
              check: "accuracy",
              verdict: "failed",
              measured: null,
              threshold: 0.9,
              detail: "far below",
            },
          ],
        },
      },
      sha,
    );
    assert.match(
      html,
      /canary<\/strong><p><span class="sr">not fit: <\/span>failed, stopped the run<\/p>[\s\S]{0,60}accuracy: far below/,
    );
  });
});

describe("the picture of a run", () => {
  test("has literal colors and no reference to anything, in light and dark, also where nothing was measured", () => {
    for (const make of [firstRun, hostile, canaryAbort, manyCells]) {
      for (const theme of ["light", "dark"] as const) {
        const svg = runFigure(inputOf(make()), theme);
        assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
        assert.doesNotMatch(svg, /var\(|<script|href=|url\(|undefined|NaN/);
      }
    }
  });
});
