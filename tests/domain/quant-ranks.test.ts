import assert from "node:assert/strict";
import { test } from "node:test";
import { compareQuantLabels, QUANT_RANKS, quantRank } from "../../harness/domain/quant-ranks.ts";

const bits = (label: string) => quantRank(label)?.bitsPerWeight;

test("the table runs from more bits to fewer and names each label once", () => {
  const all = QUANT_RANKS.map((rank) => rank.bitsPerWeight);
  assert.deepEqual(
    all,
    all.toSorted((a, b) => b - a),
  );
  assert.equal(new Set(QUANT_RANKS.map(({ tag }) => tag)).size, QUANT_RANKS.length);
  for (const { tag } of QUANT_RANKS) assert.equal(quantRank(tag)?.tag, tag);
});

test("formats follow from the bytes of their blocks", () => {
  assert.equal(bits("Q8_1"), (36 * 8) / 32);
  assert.equal(bits("Q8_K"), (292 * 8) / 256);
  assert.equal(bits("MXFP4"), (17 * 8) / 32);
  assert.equal(bits("TQ1_0"), (54 * 8) / 256);
  assert.equal(bits("NVFP4"), (9 * 8) / 16);
});

test("a file's mix is never below the narrowest format it is named for", () => {
  const blocks: readonly [string, number][] = [
    ["Q8_0", (34 * 8) / 32],
    ["Q6_K", (210 * 8) / 256],
    ["Q5_1", (24 * 8) / 32],
    ["Q5_K_S", (176 * 8) / 256],
    ["Q5_0", (22 * 8) / 32],
    ["Q4_1", (20 * 8) / 32],
    ["Q4_K_S", (144 * 8) / 256],
    ["Q4_0", (18 * 8) / 32],
    ["IQ4_XS", (136 * 8) / 256],
    ["Q3_K_S", (110 * 8) / 256],
    ["IQ3_XXS", (98 * 8) / 256],
    ["Q2_K", (84 * 8) / 256],
    ["IQ2_XXS", (66 * 8) / 256],
    ["IQ1_S", (50 * 8) / 256],
  ];
  for (const [label, least] of blocks) assert.ok((bits(label) as number) >= least, label);
});

test("spellings of one label share its rank", () => {
  for (const spelling of [
    "Q4_K_M",
    "q4_K_M",
    "q4-k-m",
    "Q4_K",
    "model-Q4_K_M.gguf",
    "qwen2.5-coder:7b-instruct-q4_K_M",
  ])
    assert.equal(quantRank(spelling)?.tag, "Q4_K_M", spelling);
  for (const spelling of ["fp16", "F16", "float16", "llama3.1:8b-instruct-fp16"])
    assert.equal(quantRank(spelling)?.tag, "F16", spelling);
  for (const spelling of ["GPTQ", "gptq-4bit-128g", "GPTQ-Int4", "TheModel-7B-GPTQ"])
    assert.equal(quantRank(spelling)?.tag, "GPTQ-4BIT", spelling);
  assert.equal(quantRank("AWQ")?.tag, "AWQ-4BIT");
  assert.equal(quantRank("model.UD-Q4_K_XL.gguf")?.tag, "Q4_K_M");
  assert.equal(quantRank("int8")?.tag, "INT8");
});

test("an i-quant is not mistaken for the K-quant whose name it ends in", () => {
  assert.equal(quantRank("model-IQ4_XS")?.tag, "IQ4_XS");
  assert.equal(quantRank("IQ2_M")?.tag, "IQ2_M");
});

test("an unknown label has no rank and sorts last", () => {
  for (const label of ["", "latest", "7b", "q99", "qwen2.5:7b", "constructor", "__proto__"])
    assert.equal(quantRank(label), undefined, label);
  assert.deepEqual(["latest", "IQ1_S", "Q4_K_M", "F32", "Q8_0", "MXFP4"].toSorted(compareQuantLabels), [
    "F32",
    "Q8_0",
    "Q4_K_M",
    "MXFP4",
    "IQ1_S",
    "latest",
  ]);
});
