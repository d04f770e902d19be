import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import type { QuantizeAttempt, QuantizeReport } from "../domain/generated/quantize-report-v1.ts";
import type { SessionPort } from "../domain/session-port.ts";
import { secondsSince, systemClock } from "../platform/clock.ts";
import { sha256 } from "../platform/digest.ts";
import { atomicWrite } from "../platform/files.ts";
import { validator } from "../platform/schema.ts";
import { type DeploymentProfile, profileRow } from "../quantize/deployment-profile.ts";
import { climbLadder, type LadderResult } from "../quantize/fallback-ladder.ts";
import type { QuantizeManifest } from "../quantize/manifest.ts";
import { type QuantizeProgress, quantizeModel } from "../quantize/quantize-model.ts";
import { resolveRecipe } from "../quantize/recipes.ts";
import { type Modality, rungRecipe, type StrategyStep } from "../quantize/strategy.ts";
import { worstLayer } from "../quantize/worst-layer.ts";
import { qualityBench } from "./measure-quality.ts";
import type { QuantizeItems } from "./quantize-items.ts";
import { threadedRounding } from "./threaded-rounding.ts";

export interface LadderRequest {
  readonly model: { readonly path: string; readonly bytes: Uint8Array };
  readonly profile: DeploymentProfile;
  readonly failFast: boolean;
  readonly modality: { readonly value: Modality; readonly origin: "metadata" | "flag" } | undefined;
  readonly disabled: ReadonlySet<StrategyStep>;
  readonly items: QuantizeItems;
  /** Files that the caller copies beside the model. */
  readonly carriedOver?: readonly string[];
  readonly itemsOrigin: "dataset" | "rows" | "synthetic";
  readonly outDir: string;
  readonly session: SessionPort;
  readonly signal?: AbortSignal | undefined;
  readonly onAttempt?: ((attempt: QuantizeAttempt) => void) | undefined;
  readonly onProgress?: ((recipe: string, progress: QuantizeProgress) => void) | undefined;
}

/** A quantization by profile, as the library returns it. */
export interface LadderQuantization {
  /** Path of the artifact that was kept, or null where none could be made. */
  readonly path: string | null;
  readonly passes: boolean;
  readonly modality: Modality | null;
  readonly bits: number | null;
  readonly bytes: number | null;
  /** Bytes of the source by bytes of the artifact. */
  readonly compressionRatio: number | null;
  /** Share of the original's quality. */
  readonly quality: number | null;
  readonly seconds: number;
  readonly reportPath: string;
  readonly report: QuantizeReport;
  /** Of an ONNX model; layers of a folder are in the report. */
  readonly manifest: QuantizeManifest | undefined;
}

interface Made {
  readonly model: Uint8Array;
  readonly manifest: QuantizeManifest;
}

/** Climbs the profile's ladder on an ONNX model and writes the artifact that was kept, its manifest and the report; nothing on abort. */
export async function quantizeByLadder(request: LadderRequest): Promise<LadderQuantization> {
  const { profile, items, session, signal, model, disabled } = request;
  const start = systemClock.monotonicNs();
  const modality = request.modality?.value;
  const recipeOf = (bits: 2 | 4 | 8) => resolveRecipe(rungRecipe(bits, { profile, modality, disabled }));
  const bench = await qualityBench({
    model: model.bytes,
    tuning: items.tuning,
    labels: items.tuningLabels,
    metric: profile.quality_metric,
    session,
    threads: availableParallelism(),
    signal,
  });
  const ladder = await climbLadder<Made>({
    profile,
    failFast: request.failFast,
    signal,
    now: () => secondsSince(systemClock, start),
    nameOf: (bits) => recipeOf(bits).id,
    onAttempt: request.onAttempt,
    async make(bits) {
      const recipe = recipeOf(bits);
      const made = await quantizeModel({
        model: model.bytes,
        recipe,
        calibration: items.calibration,
        session,
        sha256,
        threads: availableParallelism(),
        roundRows: threadedRounding({ threads: availableParallelism() }),
        ...(signal === undefined ? {} : { signal }),
        onProgress: (progress) => request.onProgress?.(recipe.id, progress),
      });
      const measured = await bench.measure(made.model, recipe.session);
      return {
        artifact: made,
        recipe: recipe.id,
        quality: measured.quality,
        cosine: measured.cosine,
        worstLayer: worstLayer(made.manifest.layers),
        bytes: made.model.length,
        sha256: made.manifest.result_sha256,
      };
    },
  });
  signal?.throwIfAborted();
  return writeOutcome(request, ladder, { heldOut: bench.items, seconds: secondsSince(systemClock, start) });
}

async function writeOutcome(
  request: LadderRequest,
  ladder: LadderResult<Made>,
  { heldOut, seconds }: { readonly heldOut: number; readonly seconds: number },
): Promise<LadderQuantization> {
  const { model, profile, items, outDir } = request;
  const { kept } = ladder;
  const stem = basename(model.path, ".onnx");
  const name = `${stem}-int${kept?.bits ?? 0}.onnx`;
  const ratio = kept === undefined ? null : model.bytes.length / kept.result.bytes;
  const report: QuantizeReport = {
    schema_version: "quantgate.quantize_report.v1",
    source: { name: basename(model.path), kind: "onnx", sha256: sha256(model.bytes), bytes: model.bytes.length },
    modality: request.modality ?? null,
    strategy: { name: "recipe", disabled: [...request.disabled] },
    profile: profileRow(profile),
    calibration: {
      origin: request.itemsOrigin,
      items: items.calibration.indices.length,
      held_out: heldOut,
      seed: items.seed,
    },
    fail_fast: request.failFast,
    status: ladder.status,
    attempts: ladder.attempts as QuantizeReport["attempts"],
    fallbacks: ladder.attempts.filter((attempt) => attempt.status !== "pass").length,
    result:
      kept === undefined
        ? null
        : {
            path: name,
            sha256: kept.result.sha256,
            bits: kept.bits,
            bytes: kept.result.bytes,
            compression_ratio: ratio as number,
            quality: kept.result.quality,
            passes: kept.passes,
          },
    gains: [],
    layers: [],
    carried_over: [...(request.carriedOver ?? [])],
    seconds,
  };
  checkReport(report);
  const path = kept === undefined ? null : join(outDir, name);
  if (kept !== undefined && path !== null) {
    await atomicWrite(path, kept.result.artifact.model);
    await atomicWrite(path.replace(/\.onnx$/, ".manifest.json"), artifactJson(kept.result.artifact.manifest));
  }
  const reportPath = join(outDir, `${stem}-quantize.json`);
  await atomicWrite(reportPath, artifactJson(report));
  return {
    path,
    passes: kept?.passes ?? false,
    modality: request.modality?.value ?? null,
    bits: kept?.bits ?? null,
    bytes: kept?.result.bytes ?? null,
    compressionRatio: ratio,
    quality: kept?.result.quality ?? null,
    seconds,
    reportPath,
    report,
    manifest: kept?.result.artifact.manifest,
  };
}

/** A report that its own schema refuses is a defect, and is not written. */
export function checkReport(report: QuantizeReport): void {
  validator.validate("quantize_report.v1", report, { what: "the quantize report", code: "STORE_SCHEMA" });
}
