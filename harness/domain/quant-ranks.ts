/** What a quantization label promises: bits per weight, and how that figure comes about. */
export interface QuantRank {
  /** Spelling that all spellings of the tag share, e.g. "Q4_K_M". */
  readonly tag: string;
  /** Bits per weight, scales and zero points among them. Sorts tags from more bits to fewer. */
  readonly bitsPerWeight: number;
  /**
   * `format`: what one weight takes in that format. `file`: what a file with this label takes on average, since it mixes formats by
   * layer; measured on one 8-billion-parameter model, and other in other models.
   */
  readonly basis: "format" | "file";
}

type Row = readonly [tag: string, bitsPerWeight: number, basis: QuantRank["basis"]];

/**
 * Formats: bytes of a block by its weights, from the block layouts of ggml (`ggml-common.h`) and the OCP MX specification 1.0. Files: bits
 * per weight of Llama 3.1 8B in the table of llama.cpp's `tools/quantize/README.md` (Q3_K_M: an earlier edition of it; Q4_0 ... Q5_1: GiB of
 * Llama 3 8B in `quantize.cpp`, by 8.03e9 weights). AWQ and GPTQ: groups of 128 weights with one 16-bit scale and one zero point of the
 * weight's own bits. NF4: groups of 64 with doubly quantized scales (Dettmers et al. 2023, section 3).
 */
const ROWS: readonly Row[] = [
  ["F64", 64, "format"],
  ["F32", 32, "format"],
  ["BF16", 16, "format"],
  ["F16", 16, "format"],
  ["Q8_K", 9.125, "format"],
  ["Q8_1", 9, "format"],
  ["Q8_0", 8.5008, "file"],
  ["GPTQ-8BIT", 8 + 24 / 128, "format"],
  ["INT8", 8, "format"],
  ["FP8", 8, "format"],
  ["Q6_K", 6.5633, "file"],
  ["Q5_1", 6.04, "file"],
  ["Q5_K_M", 5.7036, "file"],
  ["Q5_K_S", 5.5704, "file"],
  ["Q5_0", 5.57, "file"],
  ["Q4_1", 5.11, "file"],
  ["Q4_K_M", 4.8944, "file"],
  ["IQ4_NL", 4.6818, "file"],
  ["Q4_K_S", 4.6672, "file"],
  ["Q4_0", 4.64, "file"],
  ["NVFP4", 4.5, "format"],
  ["IQ4_XS", 4.4597, "file"],
  ["Q3_K_L", 4.2979, "file"],
  ["MXFP4", 4.25, "format"],
  ["AWQ-4BIT", 4 + 20 / 128, "format"],
  ["GPTQ-4BIT", 4 + 20 / 128, "format"],
  ["NF4", 4.127, "format"],
  ["INT4", 4, "format"],
  ["Q3_K_M", 3.996, "file"],
  ["IQ3_M", 3.7628, "file"],
  ["IQ3_S", 3.6606, "file"],
  ["Q3_K_S", 3.6429, "file"],
  ["IQ3_XS", 3.4977, "file"],
  ["IQ3_XXS", 3.2548, "file"],
  ["Q2_K", 3.1593, "file"],
  ["GPTQ-3BIT", 3 + 19 / 128, "format"],
  ["Q2_K_S", 2.9697, "file"],
  ["IQ2_M", 2.9294, "file"],
  ["IQ2_S", 2.7403, "file"],
  ["IQ2_XS", 2.5882, "file"],
  ["IQ2_XXS", 2.3824, "file"],
  ["IQ1_M", 2.146, "file"],
  ["GPTQ-2BIT", 2 + 18 / 128, "format"],
  ["TQ2_0", 2.0625, "format"],
  ["IQ1_S", 2.0042, "file"],
  ["TQ1_0", 1.6875, "format"],
];

/** Other spellings. A K-quant without a size means its medium mix, an AWQ or GPTQ without bits means four. */
const ALIASES: Readonly<Record<string, string>> = {
  FP64: "F64",
  FP32: "F32",
  FLOAT32: "F32",
  FP16: "F16",
  FLOAT16: "F16",
  HALF: "F16",
  BFLOAT16: "BF16",
  Q5_K: "Q5_K_M",
  Q4_K: "Q4_K_M",
  Q3_K: "Q3_K_M",
  Q3_K_XS: "Q3_K_S",
  Q2_K_L: "Q2_K",
  Q8: "Q8_0",
  Q6: "Q6_K",
  AWQ: "AWQ-4BIT",
  GPTQ: "GPTQ-4BIT",
  GPTQ_INT8: "GPTQ-8BIT",
  GPTQ_INT4: "GPTQ-4BIT",
  AWQ_INT4: "AWQ-4BIT",
  FP8_E4M3: "FP8",
  FP8_E5M2: "FP8",
  F8_E4M3: "FP8",
  F8_E5M2: "FP8",
  I8: "INT8",
  W8A8: "INT8",
  W8A16: "INT8",
  W4A16: "INT4",
  W4A8: "INT4",
  "8BIT": "INT8",
  "4BIT": "INT4",
  BNB_NF4: "NF4",
};

const BY_TAG = new Map(ROWS.map(([tag, bitsPerWeight, basis]) => [bare(tag), { tag, bitsPerWeight, basis }]));

/** All labels with a rank, from more bits to fewer. */
export const QUANT_RANKS: readonly QuantRank[] = ROWS.map(([tag, bitsPerWeight, basis]) => ({
  tag,
  bitsPerWeight,
  basis,
}));

/**
 * Rank of a quantization label in any usual spelling: `q4_k_m`, `Q4-K-M`, `fp16`, a model name that ends in one
 * (`qwen2.5-coder:7b-instruct-q4_K_M`, `model-UD-Q4_K_XL.gguf`). Undefined where no label is recognized: a rank is never guessed. What a
 * file's weights really take is measured; this is for sorting and for telling when a label lies.
 */
export function quantRank(label: string): QuantRank | undefined {
  const text = label.trim().replace(/\.gguf$/i, "");
  const whole = lookUp(text);
  if (whole !== undefined) return whole;
  // A model name's last words: the longest end that is a label.
  const starts = [...text.matchAll(/[:/\s._-]/g)].map(({ index }) => index + 1);
  for (const start of starts) {
    const found = lookUp(text.slice(start));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Comparator, more bits first; labels without a rank come last, equal ones keep their order. */
export function compareQuantLabels(a: string, b: string): number {
  return (quantRank(b)?.bitsPerWeight ?? -1) - (quantRank(a)?.bitsPerWeight ?? -1);
}

function lookUp(text: string): QuantRank | undefined {
  const key = bare(text);
  const direct = BY_TAG.get(key) ?? BY_TAG.get(bare(ALIASES[underscored(key)] ?? ""));
  if (direct !== undefined) return direct;
  // "GPTQ-4bit-128g", "AWQ_4bit_64g": the group is not in the key, and changes less than a third of a bit.
  const grouped = /^(AWQ|GPTQ)_(?:INT)?([2348])(?:BIT|BITS)?(?:_?G?\d+G?)?$/.exec(key);
  if (grouped !== null) return BY_TAG.get(bare(`${grouped[1]}-${grouped[2]}BIT`));
  // Larger mixes of one K-quant ("Q4_K_XL", "Q4_K_L") keep more layers wide: at least the medium mix.
  const larger = /^(Q[3-6]_K)_(?:L|XL)$/.exec(key);
  if (larger !== null) return BY_TAG.get(`${larger[1]}_M`) ?? BY_TAG.get(larger[1] as string);
  return undefined;
}

/** Upper case, `-` and space as `_`. */
function bare(text: string): string {
  return text.toUpperCase().replaceAll(/[-\s]/g, "_");
}

function underscored(key: string): string {
  return key.replaceAll(/_+/g, "_");
}
