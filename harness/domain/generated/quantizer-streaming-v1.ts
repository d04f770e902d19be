// Generated from schemas/quantizer_streaming.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Peak memory while a model with more than 2 GB of external data is quantized tensor by tensor.
 */
export interface QuantizerStreaming {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.quantizer_streaming.v1";
  /**
   * Memory allowed beside twice the largest tensor.
   */
  budget_bytes: number;
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
   * Items: One recipe, in a process of its own.
   */
  rows: {
    /**
     * Recipe name.
     */
    recipe: string;
    /**
     * Weights of the model.
     */
    tensors: number;
    /**
     * Bytes of its data file.
     */
    external_bytes: number;
    /**
     * Bytes of its largest tensor.
     */
    largest_tensor_bytes: number;
    /**
     * Bytes of the quantized model with its data file.
     */
    written_bytes: number;
    /**
     * Largest resident memory of the quantizing process.
     */
    peak_bytes: number;
    /**
     * Twice the largest tensor plus the budget.
     */
    limit_bytes: number;
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
     * Wall-clock seconds.
     */
    seconds: number;
  }[];
}
