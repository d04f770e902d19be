// Generated from schemas/quantizer_table.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Every named recipe and mixed precision on ResNet8 and CIFAR-10.
 */
export interface QuantizerTable {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.quantizer_table.v1";
  /**
   * Model, under the data folder.
   */
  model: string;
  /**
   * Digest of the model.
   */
  model_sha256: string;
  /**
   * Bytes of the model.
   */
  source_bytes: number;
  /**
   * Images that were answered.
   */
  evaluation: "CIFAR-10 test set" | "tuning split";
  /**
   * Training images that calibrate; mixtures leave out the tuning split.
   */
  calibration_items: number;
  /**
   * Training images that mixtures are chosen on.
   */
  tuning_items: number;
  /**
   * Revision of the quantizer.
   */
  quantizer_revision: number;
  /**
   * Where the figures were measured, and under what load.
   */
  machine: {
    /**
     * Model name of the CPU.
     */
    cpu: string;
    /**
     * Cores the process could use.
     */
    cores: number;
    /**
     * Instruction sets that choose kernels; null where they cannot be read.
     */
    isa_flags: string[] | null;
    /**
     * Whether 8-bit products are summed in 32 bits in one instruction (VNNI and its like).
     */
    integer_dot_product: boolean | null;
    /**
     * Load average over a minute at the end: what else the machine did.
     */
    load_average: number;
    /**
     * Version of Node.
     */
    node: string;
  };
  /**
   * One a recipe.
   *
   * Items: A recipe's figures.
   */
  rows: {
    /**
     * Name of the recipe.
     */
    recipe: string;
    /**
     * The recipe as data.
     */
    settings: {};
    /**
     * Images.
     */
    n: number;
    /**
     * Right answers.
     */
    correct: number;
    /**
     * Share of right answers, 95 % Wilson interval.
     */
    accuracy: {
      /**
       * Estimate.
       */
      value: number;
      /**
       * Lower limit.
       */
      low: number;
      /**
       * Upper limit.
       */
      high: number;
    };
    /**
     * Images fp32 gets right and the variant wrong.
     */
    b: number;
    /**
     * The reverse.
     */
    c: number;
    /**
     * Paired drop of the share, 90 % Tango interval; positive is worse.
     */
    drop: {
      /**
       * Estimate.
       */
      value: number;
      /**
       * Lower limit.
       */
      low: number;
      /**
       * Upper limit.
       */
      high: number;
    };
    /**
     * Mean divergence of the class probabilities from fp32's, nats.
     */
    divergence: number;
    /**
     * Speed against fp32 at batch 1 on one thread, measured in turn: geometric mean over rounds, 90 % interval by blocks of rounds, for this run.
     */
    speed: {
      /**
       * Estimate.
       */
      value: number;
      /**
       * Lower limit.
       */
      low: number;
      /**
       * Upper limit.
       */
      high: number;
    };
    /**
     * Digest of the quantized model; unknown in files from before it was written.
     */
    sha256?: string;
    /**
     * Bytes of the file.
     */
    bytes_on_disk: number;
    /**
     * Bytes with every weight packed to its true bits.
     */
    bytes_packed: number;
    /**
     * Layers by what runs them.
     */
    kernels: {
      /**
       * On stored integers.
       */
      native: number;
      /**
       * In float, from stored integers.
       */
      emulated: number;
      /**
       * Left in float.
       */
      skipped: number;
    };
    /**
     * Layers by the operator that runs them.
     */
    kernel_ops: {
      [k: string]: number;
    };
    /**
     * Bits of each layer's weights in graph order; null for float.
     */
    layer_bits: (number | null)[];
    /**
     * Wall time to quantize, s; a mixture's search included.
     */
    seconds: number;
    /**
     * CPU time to quantize, s.
     */
    cpu_seconds: number;
  }[];
}
