// Generated from schemas/quantizer_comparison.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * This quantizer beside ONNX Runtime's own Python quantizer: same model, calibration images, settings and runtime.
 */
export interface QuantizerComparison {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.quantizer_comparison.v1";
  /**
   * Digest of the model.
   */
  model_sha256: string;
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
   * Python packages and their versions.
   */
  packages: {
    [k: string]: string;
  };
  /**
   * Times each side quantized, in turn; times and memory are medians.
   */
  rounds: number;
  /**
   * Non-inferiority margin of the accuracy, a share.
   */
  margin: number;
  /**
   * One a shared setting.
   *
   * Items: Both sides at one setting.
   */
  rows: {
    /**
     * The setting in words.
     */
    setting: string;
    /**
     * Recipe of this quantizer.
     */
    recipe: string;
    /**
     * Training images that calibrate, the same on both sides.
     */
    calibration_items: number;
    /**
     * Test images.
     */
    n: number;
    /**
     * Right answers of this quantizer's model.
     */
    correct: number;
    /**
     * Right answers of the Python quantizer's model.
     */
    correct_python: number;
    /**
     * Images the Python model gets right and this one wrong.
     */
    b: number;
    /**
     * The reverse.
     */
    c: number;
    /**
     * One-sided p of Tango's test that the drop is at least the margin.
     */
    p_noninferior: number;
    /**
     * Drop from the Python model to this one, 90 % Tango interval, shares.
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
     * Wall time of a whole process that quantizes, s.
     */
    seconds: number;
    /**
     * The same of the Python side, s.
     */
    seconds_python: number;
    /**
     * Wall time of the quantizing call alone, s.
     */
    quantize_seconds: number;
    /**
     * The same of the Python side, s.
     */
    quantize_seconds_python: number;
    /**
     * Wall time of the float model alone over the calibration images, s: what no quantizer that looks at all of them can save. 0 where none are run; unknown in files from before it was measured.
     */
    inference_seconds?: number;
    /**
     * Whole-process time of Python's side over this one's: median, least and most of the rounds.
     */
    time_ratio: {
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
     * Time of the quantizing call alone, Python's over this one's, unknown in files from before it was written: median, least and most of the rounds.
     */
    quantize_ratio?: {
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
     * Peak resident memory of the process.
     */
    peak_bytes: number;
    /**
     * The same of the Python side.
     */
    peak_bytes_python: number;
    /**
     * Bytes of this quantizer's file.
     */
    bytes_on_disk: number;
    /**
     * Bytes of the Python quantizer's file.
     */
    bytes_on_disk_python: number;
  }[];
}
