import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ggufWeights, readGguf } from "../../../harness/runtimes/language/gguf.ts";
import { ggufIdentity } from "../../../harness/runtimes/language/gguf-identity.ts";
import { type TinyGguf, tinyGguf, tinyGgufBytes } from "../../fixtures/language/tiny-gguf.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

const INVALID = { code: "CONFIG_MODEL_INVALID" };

describe("readGguf", () => {
  it("reads scalars, lengths of lists and tensors, in versions 2 and 3", async (t) => {
    const folder = await scratchFolder(t);
    for (const version of [2, 3]) {
      const path = join(folder, `v${version}.gguf`);
      tinyGguf(path, { version });
      const { metadata, listLengths, tensors } = await readGguf(path);
      assert.deepEqual(
        [
          "general.architecture",
          "llama.context_length",
          "general.some_float",
          "general.some_flag",
          "general.some_long",
        ].map((key) => metadata.get(key)),
        ["llama", 2048, 0.5, true, 2n ** 40n],
      );
      assert.equal(listLengths.get("tokenizer.ggml.tokens"), 2);
      assert.deepEqual(tensors, [{ name: "blk.0.w", type: "Q8_0", elements: 256, bytes: 272 }]);
    }
  });

  it("measures bits per weight over the tensors, whatever the label says", async (t) => {
    const path = join(await scratchFolder(t), "lies.gguf");
    // A K-quant cannot hold rows of 576: llama-quantize falls back, and keeps the label.
    const tensors = [
      { name: "blk.0.attn_q.weight", type: "Q5_0" as const, dims: [576, 576] },
      { name: "blk.0.ffn_down.weight", type: "Q4_K" as const, dims: [1536, 576] },
      { name: "norm", type: "F32" as const, dims: [576] },
    ];
    tinyGguf(path, { fileType: 15, tensors });
    const { label, bitsPerWeight, parameters, byType } = ggufWeights(await readGguf(path));
    const bits = (576 * 576 * 5.5 + 1536 * 576 * 4.5 + 576 * 32) / (576 * 576 + 1536 * 576 + 576);
    assert.deepEqual([label, parameters], ["Q4_K_M", 576 * 576 + 1536 * 576 + 576]);
    assert.ok(Math.abs(bitsPerWeight - bits) < 1e-9, `${bitsPerWeight} is not ${bits}`);
    assert.deepEqual(byType, { Q5_0: 576 * 576, Q4_K: 1536 * 576, F32: 576 });
  });

  it("reads a header longer than one block of the file", async (t) => {
    const path = join(await scratchFolder(t), "long.gguf");
    tinyGguf(path, {
      texts: [
        ["general.description", "x".repeat(3 << 20)],
        ["general.name", "after"],
      ],
    });
    assert.equal((await readGguf(path)).metadata.get("general.name"), "after");
  });

  const broken: readonly [string, TinyGguf][] = [
    ["another magic", { magic: "GGML" }],
    ["a version of the future", { version: 4 }],
    ["the same key twice", { texts: [["general.architecture", "llama"]] }],
    ["an unknown tensor type", { tensors: [{ name: "w", type: 250, dims: [32] }] }],
    ["rows that the type cannot hold", { tensors: [{ name: "w", type: "Q4_K", dims: [576, 2] }] }],
    ["more dimensions than there are", { tensors: [{ name: "w", type: "F32", dims: [1, 1, 1, 1, 1, 1, 1, 1, 1] }] }],
    ["data that is cut off", { cut: 100 }],
  ];
  for (const [what, options] of broken) {
    it(`refuses ${what}`, async (t) => {
      const path = join(await scratchFolder(t), "broken.gguf");
      tinyGguf(path, options);
      await assert.rejects(readGguf(path), INVALID);
    });
  }

  it("refuses a header that is cut off anywhere, and never hangs or takes the file's word for a size", async (t) => {
    const path = join(await scratchFolder(t), "cut.gguf");
    const whole = tinyGgufBytes();
    const header = whole.length - 272;
    for (let length = 0; length < header - 32; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      await assert.rejects(readGguf(path), INVALID, `${length} bytes`);
    }
    const huge = Buffer.from(whole);
    // The number of tensors.
    huge.writeBigUInt64LE(2n ** 60n, 8);
    writeFileSync(path, huge);
    await assert.rejects(readGguf(path), INVALID);
    const endless = Buffer.from(whole);
    // The number of texts in a list, each of which would be stepped over by itself.
    endless.writeBigUInt64LE(2n ** 40n, endless.indexOf("tokenizer.ggml.tokens") + "tokenizer.ggml.tokens".length + 8);
    writeFileSync(path, endless);
    await assert.rejects(readGguf(path), { ...INVALID, message: /a list of 1099511627776 entries/ });
  });

  it("a file that is not there is missing, not invalid", async (t) => {
    await assert.rejects(readGguf(join(await scratchFolder(t), "no.gguf")), { code: "CONFIG_MODEL_MISSING" });
  });
});

describe("ggufIdentity", () => {
  it("follows the file's bytes: another digest as soon as they change", async (t) => {
    const path = join(await scratchFolder(t), "m.gguf");
    tinyGguf(path);
    const first = await ggufIdentity("m", path);
    assert.deepEqual([first.quantization, first.contextLength, first.bitsPerWeight], ["Q8_0", 2048, 8.5]);
    assert.equal((await ggufIdentity("m", path)).digest, first.digest);
    tinyGguf(path, { fill: 1 });
    assert.notEqual((await ggufIdentity("m", path)).digest, first.digest);
  });
});
