/** Quantgate as a library: the verbs of the command line, typed, with progress callbacks and abort signals. */

export type { DoctorEntry, DoctorReport } from "./domain/doctor.ts";
export { ERROR_CODES, type ErrorCode, HarnessError } from "./domain/errors.ts";
export type { Evaluation } from "./domain/evaluation.ts";
export type { CanaryReport } from "./domain/generated/canary-v1.ts";
export type { Certificate } from "./domain/generated/certificate-v1.ts";
export type { MatrixConfig } from "./domain/generated/config-v1.ts";
export type { Frontier } from "./domain/generated/frontier-v1.ts";
export type { GateArtifact } from "./domain/generated/gate-v1.ts";
export type { Parity } from "./domain/generated/parity-v1.ts";
export type { Plan } from "./domain/generated/plan-v1.ts";
export type { QuantizeAttempt, QuantizeReport } from "./domain/generated/quantize-report-v1.ts";
export type { RegistryEntry } from "./domain/generated/registry-entry-v1.ts";
export type { EstimateDoc, GateResultDoc, Summary, SummaryRow } from "./domain/generated/summary-v1.ts";
export type { ThermalStability } from "./domain/generated/thermal-stability-v1.ts";
export {
  baselineHealth,
  compareWithBaseline,
  findBaseline,
  openBaselines,
  pruneBaselines,
  recordBaseline,
  resolveBaseline,
} from "./pipeline/baselines.ts";
export type { RunComparison } from "./pipeline/baselines-compare.ts";
export { type CertifyOptions, type CertifyResult, certify } from "./pipeline/certify.ts";
export { checkArtifacts as check } from "./pipeline/check-artifacts.ts";
export type { CheckResult } from "./pipeline/check-result.ts";
export { type CleanedFile, cleanModelFile } from "./pipeline/clean-model-file.ts";
export { type Comparison, compareVariants } from "./pipeline/compare-variants.ts";
export { decideWithPolicy as gate } from "./pipeline/decide.ts";
export { DOCTOR_CHECKS, type DoctorCheck, type DoctorOptions, doctor } from "./pipeline/doctor.ts";
export { type EvaluateOptions, evaluate } from "./pipeline/evaluate.ts";
export { type FetchedFile, type FetchOptions, fetchData as fetch } from "./pipeline/fetch.ts";
export type { Published } from "./pipeline/finish-publication.ts";
export { type FrontierRequest, type FrontierResult, frontier } from "./pipeline/frontier.ts";
export { analyzeHistory, recordHistory, type SeriesReport } from "./pipeline/history.ts";
export { type InitOptions, type InitResult, init } from "./pipeline/init.ts";
export { inspect } from "./pipeline/inspect.ts";
export { type JudgedRun, type JudgeOptions, judgeRun } from "./pipeline/judge-run.ts";
export { judgeKpis as kpi, type KpiResult } from "./pipeline/kpi.ts";
export {
  type InitLanguageOptions,
  type InitLanguageResult,
  initLanguage,
} from "./pipeline/language/init-language.ts";
export { openQuantizedFile, type QuantizedFileReader } from "./pipeline/layer-artifact.ts";
export { type ParityOptions, parity } from "./pipeline/parity.ts";
export type { SweepEvent } from "./pipeline/progress.ts";
export { type Moved, type MoveOptions, type PromoteOptions, promote, rollback } from "./pipeline/promote.ts";
export { type PublishOptions, publish, resumePublications } from "./pipeline/publish.ts";
export { type QuantizedFile, type QuantizeOptions, quantize } from "./pipeline/quantize.ts";
export type { LadderQuantization } from "./pipeline/quantize-ladder.ts";
export { type ProfileQuantizeOptions, quantizeByProfile } from "./pipeline/quantize-profile.ts";
export { quantizeToTarget, type TargetOptions, type TargetQuantization } from "./pipeline/quantize-target.ts";
export { type ReleaseOptions, type ReleaseResult, release } from "./pipeline/release.ts";
export { compareReports, type ReportRequest, type ReportResult, report } from "./pipeline/report.ts";
export { planSweep as plan, resumeSweep, type SweepOptions, type SweepResult, sweep } from "./pipeline/sweep.ts";
export { type ThermalRequest, thermal } from "./pipeline/thermal.ts";
export { type ThermalRunOptions, thermalRun } from "./pipeline/thermal-run.ts";
export { type PlotBand, type PlotPanel, type TimeSeriesPlot, timeSeriesSvg } from "./report/time-series-svg.ts";
export * as stats from "./stats/index.ts";
export { exportHistory } from "./store/history-parquet.ts";
