// The statistics of Quantgate, as one namespace: `import { stats } from "quantgate"`.

export { autocorrelation, effectiveSampleSize, type Measured } from "./autocorrelation.ts";
export { type BcaLimits, type BcaPoint, bcaLimits, bcaTails } from "./bca-replicates.ts";
export { betaCdf, betaQuantile } from "./beta.ts";
export {
  type BettingClaim,
  type BettingOptions,
  type BettingProcess,
  type BettingState,
  type BettingVerdict,
  bettingProcess,
} from "./betting-process.ts";
export { type BettingTest, bettingTest } from "./betting-test.ts";
export { type Bimodality, bimodality } from "./bimodality.ts";
export { binomialCdf, binomialPmf, binomialQuantile } from "./binomial.ts";
export { type BlockEstimate, blockBootstrap, blockLength } from "./block-bootstrap.ts";
export { accelerationOf, type BcaEstimate, type BootstrapOptions, bootstrapBca } from "./bootstrap-bca.ts";
export { cumulativeDrift, type DriftOptions, type DriftResult, type RatchetResult, ratchet } from "./change-drift.ts";
export { type ChangePoint, type ChangePointResult, changePoints } from "./change-seeded.ts";
export { chiSquareCdf, chiSquareQuantile, gammaCdf, gammaQuantile } from "./chi-square.ts";
export { type ClusterBootstrapOptions, type ClusterEstimate, clusterBootstrap } from "./cluster-bootstrap.ts";
export { type ClusteredShare, clusteredProportion } from "./clustered-proportion.ts";
export { coefficientOfVariation } from "./coefficient-of-variation.ts";
export { mean, quantileOfSorted, sampleVariance, standardDeviation } from "./descriptive.ts";
export { dipOfSorted } from "./dip.ts";
export { type EDivisiveOptions, type EnergyChange, eDivisive } from "./e-divisive.ts";
export type { Estimate, StatsReason, Unjudged } from "./estimate.ts";
export { type FlipRate, flipRateBound } from "./flip-rate.ts";
export { logGamma } from "./gamma.ts";
export {
  type ConfidenceSequenceOptions,
  confidenceSequence,
  type HedgedCapital,
  hedgedCapital,
} from "./hedged-capital.ts";
export { hodgesLehmann } from "./hodges-lehmann.ts";
export { kaliberaJones, type RepetitionPlan, type VarianceComponents, varianceComponents } from "./kalibera-jones.ts";
export { klDivergence, klFromTopK, perplexity, type TopKDivergence, type TopLogprobs } from "./kl-divergence.ts";
export { type MannKendallTest, mannKendall } from "./mann-kendall.ts";
export { type MannWhitneyTest, mannWhitney } from "./mann-whitney.ts";
export { type McNemarResult, mcnemar } from "./mcnemar.ts";
export {
  bernoulliConfidenceSequence,
  gammaExponentialBound,
  type MixtureOptions,
  mixtureTuning,
  normalMixtureBound,
} from "./mixture-bounds.ts";
export { benjaminiHochberg, eBenjaminiHochberg, fixedSequence, holm, type MultipleResult } from "./multiple.ts";
export { newcombeInterval } from "./newcombe.ts";
export { noncentralTCdf } from "./noncentral-t.ts";
export { normalCdf, normalPdf, normalQuantile } from "./normal.ts";
export { type OnlineAlarm, OnlineDetector, type OnlineOptions, type SeriesModel } from "./online-detector.ts";
export { pairedDropAbove, pairedLowerLimit } from "./paired-lower-limit.ts";
export { type PairedPlan, pairedDetectable, pairedPower, pairedSampleSize, type SampleSize } from "./paired-power.ts";
export { type PairedTable, pairedTable } from "./paired-table.ts";
export {
  type PermutationOptions,
  type PermutationTest,
  permutationTest,
  type TwoSampleStatistic,
} from "./permutation-test.ts";
export { potts } from "./potts.ts";
export { type Counts, clopperPearson, type LevelOption, midPInterval, wilson } from "./proportion.ts";
export { type ProportionPlan, proportionPower, proportionSampleSize, suitePower } from "./proportion-power.ts";
export { type QuantileEstimate, quantileInterval, quantileSampleSize } from "./quantile-interval.ts";
export { type RatioPlan, ratioDetectable, ratioPower, ratioSampleSize } from "./ratio-power.ts";
export { type RelativeDropTest, relativeDropInterval, relativeDropTest } from "./relative-drop.ts";
export type { Statistic } from "./resample.ts";
export { RNG_ALGORITHM, type Rng, rng } from "./rng.ts";
export { mlperfAllowance, mlperfQueries, type ServiceLevelOptions } from "./service-level.ts";
export { type SignEProcessOptions, signEProcess } from "./sign-e-process.ts";
export { type SignedRankTest, signedRank } from "./signed-rank.ts";
export {
  type ClusteredEstimate,
  clusteredStandardError,
  plannedStandardError,
  type RepeatAwareEstimate,
  repeatAwareStandardError,
} from "./standard-error.ts";
export { tCdf, tQuantile } from "./student-t.ts";
export { predictionInterval, type TTest, tInterval, tTest } from "./t-interval.ts";
export { type TangoTest, tangoInterval, tangoTest } from "./tango.ts";
export type { Alternative } from "./test-result.ts";
export { theilSen } from "./theil-sen.ts";
export { type WelchTest, welchTest } from "./welch.ts";
