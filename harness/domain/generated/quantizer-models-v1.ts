// Generated from schemas/quantizer_models.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Models of other makers under this quantizer.
 */
export interface QuantizerModels {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.quantizer_models.v1";
  /**
   * Agreement that the recognition model has to keep.
   */
  least_agreement: number;
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
   * One a model.
   *
   * Items: A model's figures.
   */
  rows: {
    /**
     * Name of the model.
     */
    model: string;
    /**
     * Package that holds it, with its version.
     */
    source: string;
    /**
     * Digest of the model.
     */
    sha256: string;
    /**
     * Bytes of the model.
     */
    source_bytes: number;
    /**
     * What agreement counts.
     */
    measure: string;
    /**
     * Drawn items; the splits differ.
     */
    items: {
      /**
       * Items that calibrate.
       */
      calibration: number;
      /**
       * Items that mixtures are chosen on.
       */
      tuning: number;
      /**
       * Items that agreement is measured on.
       */
      evaluation: number;
    };
    /**
     * The clean-up alone.
     */
    clean: {
      /**
       * Nodes.
       */
      nodes_before: number;
      /**
       * Nodes left.
       */
      nodes_after: number;
      /**
       * Operator set.
       */
      opset_before: number;
      /**
       * Operator set after.
       */
      opset_after: number;
      /**
       * Largest difference of an output over all evaluation items.
       */
      max_difference: number;
      /**
       * Largest magnitude of an output.
       */
      largest_output: number;
    };
    /**
     * One a recipe.
     *
     * Items: A recipe's figures.
     */
    recipes: {
      /**
       * Name of the recipe.
       */
      recipe: string;
      /**
       * Agreement with fp32, a share.
       */
      agreement: number;
      /**
       * Wall time to quantize, s; a search included.
       */
      seconds: number;
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
       * Bytes of the file.
       */
      bytes_on_disk: number;
      /**
       * Layers that stay float32.
       */
      float_layers: string[];
    }[];
  }[];
}
