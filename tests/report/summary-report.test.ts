import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Summary } from "../../harness/domain/generated/summary-v1.ts";
import { validator } from "../../harness/platform/schema.ts";
import { renderMarkdown } from "../../harness/report/markdown.ts";
import { sentences } from "../../harness/report/sentences.ts";
import { hostText, renderTerminal } from "../../harness/report/terminal.ts";
import { displayWidth } from "../../harness/report/visible-text.ts";
import { assertGolden } from "../fixtures/golden.ts";
import { baselineRow, estimate, row, summary } from "../fixtures/summary-builder.ts";
import * as cases from "../fixtures/summary-cases.ts";

const all: { readonly [name: string]: () => Summary } = { ...cases };
const pointers = [
  { label: "summary", target: "results/latest/summary.md" },
  { label: "report", target: "results/latest/report.html" },
  { label: "next", target: "quantgate init your-model.onnx" },
];
const ansi = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

for (const [name, build] of Object.entries(all)) {
  describe(`the report of ${name}`, () => {
    it("comes from a summary that its schema accepts", () => {
      validator.validate("summary.v1", build(), { what: name, code: "STORE_SCHEMA" });
    });

    for (const width of [60, 80, 120]) {
      it(`is the golden text at ${width} columns`, () => {
        const text = renderTerminal(build(), { color: false, width, pointers });
        assertGolden(`report/${name}-${width}.txt`, `${text}\n`);
      });
    }

    it("is the same text in color, but for the color", () => {
      const options = { width: 100, pointers };
      const plain = renderTerminal(build(), { ...options, color: false });
      const colored = renderTerminal(build(), { ...options, color: true });
      assert.notEqual(colored, plain);
      assert.equal(colored.replaceAll(ansi, ""), plain);
    });

    it("is the golden text in color at 100 columns", () => {
      const text = renderTerminal(build(), { color: true, width: 100, pointers });
      assertGolden(`report/${name}-color.txt`, `${text}\n`);
    });

    it("is the golden Markdown", () => {
      assertGolden(`report/${name}.md`, renderMarkdown(build()));
    });

    it("has Markdown tables with as many cells in each line as in the header, and no HTML", () => {
      const lines = renderMarkdown(build()).split("\n");
      let cells = 0;
      for (const line of lines) {
        assert.ok(!/<(?!\/?details)/.test(line), line);
        const own = line.startsWith("|") ? line.replaceAll(/\\./g, "").split("|").length : 0;
        if (own > 0 && cells > 0) assert.equal(own, cells, line);
        cells = own;
      }
    });

    it("gives the same bytes twice and leaves the summary as it was", () => {
      const document = build();
      const before = JSON.stringify(document);
      const first = renderMarkdown(document) + renderTerminal(document, { color: true, width: 80 });
      const second = renderMarkdown(document) + renderTerminal(document, { color: true, width: 80 });
      assert.equal(second, first);
      assert.equal(JSON.stringify(document), before);
    });
  });
}

describe("the table", () => {
  it("fits into 60, 80 and 120 columns", () => {
    for (const width of [60, 80, 120]) {
      const text = renderTerminal(cases.firstRun(), { color: false, width, pointers });
      for (const line of text.split("\n")) assert.ok(displayWidth(line) <= width, `${width}: ${line}`);
    }
  });

  it("puts the level of the intervals into the header, or into each cell where levels differ", () => {
    const mixed = summary([
      baselineRow(),
      row("a", { drop: estimate(0, -0.01, 0.01) }),
      row("b", { drop: estimate(0, -0.02, 0.02, { level: 0.98 }) }),
    ]);
    const text = renderTerminal(mixed, { color: false, width: 120 });
    assert.match(text, /drop, points {2}/);
    assert.match(text, /0\.0 \[-1\.0, 1\.0\] \(90 %\)/);
    assert.match(text, /0\.0 \[-2\.0, 2\.0\] \(98 %\)/);
    const one = renderTerminal(cases.firstRun(), { color: false, width: 120 });
    assert.match(one, /drop, points \[90 %\]/);
  });

  it("marks a simulated run loudly, and no other", () => {
    const simulated = renderTerminal(cases.hostile(), { color: false, width: 80 });
    assert.match(simulated.split("\n")[0] ?? "", /SIMULATED/);
    assert.match(renderMarkdown(cases.hostile()), /\*\*SIMULATED\.\*\*/);
    assert.doesNotMatch(renderTerminal(cases.firstRun(), { color: false, width: 80 }), /simulated/i);
  });

  it("leaves out the header that was already printed", () => {
    const text = renderTerminal(cases.firstRun(), { color: false, width: 80, header: false });
    assert.match(text, /^variant/);
  });

  it("lets no control character of a name reach the terminal", () => {
    const text = renderTerminal(cases.hostile(), { color: false, width: 80 });
    assert.ok(!text.includes("\u001b"));
    assert.match(text, /\\u001b\[2J/);
  });
});

describe("the sentences", () => {
  it("say what may ship and why first", () => {
    assert.equal(sentences(cases.firstRun())[0], "Ship u8s8: 1.7x faster, 73 % smaller, drop below 1 point.");
  });

  it("say what would settle an inconclusive, in the dataset's noun", () => {
    const run = cases.firstRun();
    assert.ok(sentences(run).includes("w4a8: about 4,600 more images would decide (6 minutes)."));
    const { item_noun: _, ...dataset } = run.dataset;
    assert.ok(sentences({ ...run, dataset }).includes("w4a8: about 4,600 more items would decide (6 minutes)."));
  });

  it("blame emulation only where there is some and the variant is not faster", () => {
    const emulated = { native: 3, emulated: 6, skipped: 0 };
    const blamed = (more: Parameters<typeof row>[1]) =>
      sentences(summary([baselineRow(), row("s8s8", more)])).some((text) => text.includes("emulated"));
    assert.equal(blamed({ kernels: emulated, speedup: estimate(0.8, 0.7, 0.9) }), true);
    assert.equal(blamed({ kernels: emulated, speedup: estimate(1.2, 1.1, 1.3) }), false);
    assert.equal(blamed({ speedup: estimate(0.8, 0.7, 0.9) }), false);
    assert.equal(blamed({ kernels: emulated, speedup: null }), false);
  });

  it("claim a variant to be faster only where the whole interval is", () => {
    const first = (speed: ReturnType<typeof estimate>) =>
      sentences(summary([baselineRow(), row("u8s8", { speedup: speed })]))[0] ?? "";
    assert.match(first(estimate(1.2, 1.1, 1.3)), /1\.2x faster/);
    assert.match(first(estimate(1.02, 0.99, 1.05)), /about as fast \(1\.02x \[0\.99, 1\.05\]\)/);
    assert.match(first(estimate(0.97, 0.96, 0.98)), /but slower than fp32/);
    assert.doesNotMatch(first(estimate(1.2, null, null)), /faster/);
  });

  it("say plainly that nothing can ship, with the nearest miss", () => {
    const rows = cases.firstRun().rows.filter((one) => one.verdict !== "pass");
    const nothing = summary(rows, {
      suite: { verdict: "fail", exit_code: 3, ship: null, certified: [], recommendation_rule: "rule", reasons: [] },
    });
    assert.equal(
      sentences(nothing)[0],
      "Nothing can ship: no variant passes. Nearest is w4a8, which is inconclusive: drop 0.5 points [-0.1, 1.1], margin 1 point.",
    );
  });

  it("say that a baseline which fails its own gates leaves nothing to compare with", () => {
    const base = baselineRow({ gates: cases.everythingFails().rows[2]?.gates ?? [] });
    const told = sentences(
      summary([base, row("u8s8")], {
        suite: { verdict: "fail", exit_code: 3, ship: null, certified: [], recommendation_rule: "rule", reasons: [] },
      }),
    );
    assert.match(told[0] ?? "", /the baseline fp32 fails its own gates/);
  });

  it("hold no line break, whatever the names are", () => {
    for (const build of Object.values(all)) {
      for (const text of sentences(build())) assert.ok(!/\p{Cc}/u.test(text), text);
    }
  });
});

describe("the host", () => {
  it("is named by the instruction set that decides whether 8 bits pay", () => {
    const host = (features: string[], cores: number | null = 2) => hostText({ cores, cpu: null, features });
    assert.equal(host(["avx2", "avx512f", "avx512_vnni"]), "2 cores, VNNI");
    assert.equal(host(["avx2"]), "2 cores, AVX2, no VNNI");
    assert.equal(host([], 1), "1 core");
    assert.equal(host([], null), "");
  });
});
