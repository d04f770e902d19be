import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tableLines, tableWidth } from "../../harness/report/table.ts";
import { displayWidth, pad, truncate, visible, wrap } from "../../harness/report/visible-text.ts";

describe("visible", () => {
  it("spells out characters that move the cursor, color, hide or reverse text", () => {
    assert.equal(
      visible("a\nb\tc\u001b[31m\u0007\u009b\u202e\u2028\u200b"),
      "a\\nb\\tc\\u001b[31m\\u0007\\u009b\\u202e\\u2028\\u200b",
    );
  });

  it("leaves ordinary text of any script alone", () => {
    assert.equal(visible("modèle-模型 µ 👩‍🚀"), "modèle-模型 µ 👩‍🚀");
  });
});

describe("displayWidth", () => {
  it("counts wide characters twice and marks not at all", () => {
    assert.equal(displayWidth("abc"), 3);
    assert.equal(displayWidth("模型"), 4);
    assert.equal(displayWidth("e\u0301"), 1);
    assert.equal(displayWidth("👩‍🚀"), 2);
    assert.equal(displayWidth("–·µ█"), 4);
  });

  it("is what pad and truncate go by", () => {
    assert.equal(pad("模", 4, "right"), "模  ");
    assert.equal(pad("模", 4, "left"), "  模");
    assert.equal(truncate("模型模型", 5), "模型…");
    assert.equal(truncate("abc", 3), "abc");
    assert.equal(truncate("abc", 0), "");
  });
});

describe("wrap", () => {
  it("breaks at spaces, indents what follows, and keeps leading spaces", () => {
    assert.deepEqual(wrap("one two three four", 9), ["one two", "  three", "  four"]);
    assert.deepEqual(wrap("  one two", 6, "    "), ["  one", "    two"]);
    assert.deepEqual(wrap("a-word-longer-than-the-line b", 5), ["a-word-longer-than-the-line", "  b"]);
    assert.deepEqual(wrap("", 5), [""]);
  });

  it("tears neither an interval nor a number from its percent sign", () => {
    assert.deepEqual(wrap("change 12 % [10.2, 14.0] end", 12), ["change 12 %", "  [10.2, 14.0]", "  end"]);
  });
});

describe("table", () => {
  const plain = (text: string) => text;

  it("aligns columns by display width, without trailing spaces", () => {
    const columns = [
      { header: "name", align: "left", cells: [{ text: "模型" }, { text: "b" }] },
      { header: "n", align: "right", cells: [{ text: "1,000" }, { text: "2" }] },
      { header: "note", align: "left", cells: [{ text: "" }, { text: "x" }] },
    ] as const;
    assert.deepEqual(tableLines(columns, plain), ["name      n  note", "模型  1,000", "b         2  x"]);
    assert.equal(tableWidth(columns), 17);
  });

  it("paints after padding, so that color moves no column", () => {
    const columns = [
      { header: "a", align: "left", cells: [{ text: "x", paint: (text: string) => `<${text}>` }] },
      { header: "b", align: "left", cells: [{ text: "y" }] },
    ] as const;
    assert.deepEqual(tableLines([{ ...columns[0], header: "aaa" }, columns[1]], plain), ["aaa  b", "<x  >  y"]);
  });
});
