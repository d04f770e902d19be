// Generated from schemas/certify_simulated.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Error rates, coverage and power of the gates, simulated through the code that decides real runs.
 */
export interface CertifySimulated {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.certify_simulated.v1";
  /**
   * Seed of every simulation.
   */
  seed: number;
  /**
   * Id of the generator.
   */
  rng: string;
  /**
   * Suites a cell asked for; cells at alpha .01 of single gates have four times as many.
   */
  suites: number;
  /**
   * Level of the exact (Clopper-Pearson) limits.
   */
  limits_level: number;
  /**
   * Coefficient of variation of an arm's block medians in the models that have one.
   */
  cv: number;
  /**
   * Margin of the latency gates.
   */
  latency_margin: number;
  /**
   * Node version that ran it.
   */
  node: string;
  /**
   * Wall time.
   */
  minutes: number;
  /**
   * The noise models of the latency blocks.
   *
   * Items: A noise model.
   */
  noise_models: {
    /**
     * Noise model.
     */
    id: string;
    /**
     * What it does.
     */
    description: string;
  }[];
  /**
   * Error rates of latency gates at the border of their hypotheses.
   *
   * Items: One error rate.
   */
  error_rates: {
    /**
     * What is decided.
     */
    design: "single gate" | "suite of 36 gates" | "choice among 7 candidates" | "choice among 16 candidates";
    /**
     * false-pass: at the margin, a pass (a choice: any candidate certified); false-fail: at the margin (any-regression: identical code), a fail.
     */
    error: "false-pass" | "false-fail";
    /**
     * Policy of the gate.
     */
    policy: "non-inferiority" | "any-regression";
    /**
     * Noise model.
     */
    model: string;
    /**
     * Blocks of a session.
     */
    blocks: number;
    /**
     * Level of the gate.
     */
    alpha: number;
    /**
     * Simulated suites.
     */
    suites: number;
    /**
     * Suites in which it happened.
     */
    count: number;
    /**
     * count / suites.
     */
    rate: number;
    /**
     * Lower exact 99 % limit.
     */
    low: number;
    /**
     * Upper exact 99 % limit.
     */
    high: number;
    /**
     * Whether the target holds.
     */
    within: boolean;
  }[];
  /**
   * Coverage of the printed interval of the relative change at the margin.
   *
   * Items: Coverage of one interval.
   */
  coverage: {
    /**
     * Noise model.
     */
    model: string;
    /**
     * Blocks of a session.
     */
    blocks: number;
    /**
     * Nominal two-sided level.
     */
    level: number;
    /**
     * Simulated suites.
     */
    suites: number;
    /**
     * Suites in which it happened.
     */
    count: number;
    /**
     * count / suites.
     */
    rate: number;
    /**
     * Lower exact 99 % limit.
     */
    low: number;
    /**
     * Upper exact 99 % limit.
     */
    high: number;
    /**
     * Whether the target holds.
     */
    within: boolean;
  }[];
  /**
   * How often the right verdict is reached.
   *
   * Items: One power.
   */
  power: {
    /**
     * Noise model.
     */
    model: string;
    /**
     * Level of the gate.
     */
    alpha: number;
    /**
     * Policy of the gate.
     */
    policy: "non-inferiority" | "any-regression";
    /**
     * Blocks of a session.
     */
    blocks: number;
    /**
     * True relative slowdown.
     */
    effect: number;
    /**
     * Margin.
     */
    margin: number;
    /**
     * The right verdict, counted.
     */
    verdict: "pass" | "fail";
    /**
     * Simulated suites.
     */
    suites: number;
    /**
     * Suites in which it happened.
     */
    count: number;
    /**
     * count / suites.
     */
    rate: number;
    /**
     * Lower exact 99 % limit.
     */
    low: number;
    /**
     * Upper exact 99 % limit.
     */
    high: number;
    /**
     * Target of the share, where there is one.
     */
    target: number | null;
    /**
     * Whether the lower limit reaches the target.
     */
    within: boolean | null;
    /**
     * Power that the plan states for it (normal log ratios), where the model is that.
     */
    planned: number | null;
    /**
     * Whether the share lies within 2 points of the plan.
     */
    as_planned: boolean | null;
  }[];
  /**
   * Paired accuracy gates at the margin, summed over all tables (no simulation).
   *
   * Items: One accuracy gate at its margin.
   */
  paired: {
    /**
     * Items.
     */
    n: number;
    /**
     * Share of items on which the arms differ.
     */
    discordance: number;
    /**
     * Margin and true drop.
     */
    margin: number;
    /**
     * Level of the gate.
     */
    alpha: number;
    /**
     * Exact share of passes.
     */
    false_pass: number;
    /**
     * Exact share of fails.
     */
    false_fail: number;
    /**
     * Exact two-sided coverage.
     */
    coverage: number;
    /**
     * Whether the target holds.
     */
    within: boolean;
  }[];
  /**
   * Planned against realized power of accuracy gates, no true drop.
   *
   * Items: One plan.
   */
  paired_plans: {
    /**
     * Share of items on which the arms differ.
     */
    discordance: number;
    /**
     * Margin.
     */
    margin: number;
    /**
     * Level of the gate.
     */
    alpha: number;
    /**
     * Planned power.
     */
    planned: number;
    /**
     * Planned items.
     */
    n: number;
    /**
     * Exact power at that n.
     */
    realized: number;
    /**
     * Whether the target holds.
     */
    within: boolean;
  }[];
  /**
   * Yardsticks.
   *
   * Items: What stands beside the certified rates.
   */
  context: {
    /**
     * Noise model.
     */
    model: string;
    /**
     * Level of the gate.
     */
    alpha: number;
    /**
     * Blocks of a session.
     */
    blocks: number;
    /**
     * False alarms on identical code of Welch's t, one arm after the other.
     */
    sequential_welch: {
      /**
       * Simulated suites.
       */
      suites: number;
      /**
       * Suites in which it happened.
       */
      count: number;
      /**
       * count / suites.
       */
      rate: number;
      /**
       * Lower exact 99 % limit.
       */
      low: number;
      /**
       * Upper exact 99 % limit.
       */
      high: number;
    };
    /**
     * Sessions that the in-session A/A calls noisy.
     */
    called_noisy: {
      /**
       * Simulated suites.
       */
      suites: number;
      /**
       * Suites in which it happened.
       */
      count: number;
      /**
       * count / suites.
       */
      rate: number;
      /**
       * Lower exact 99 % limit.
       */
      low: number;
      /**
       * Upper exact 99 % limit.
       */
      high: number;
    };
  }[];
}
