import { HarnessError } from "../domain/errors.ts";
import type { PlannedCell, PlannedTag, PlannedVariant } from "../domain/generated/plan-v1.ts";
import { compareQuantLabels, quantRank } from "../domain/quant-ranks.ts";
import type { QuantConfig, ResolvedConfig } from "./resolve-config.ts";

/** What the planner must know of a variant beyond its config; found by the pipeline, which may read files. */
export interface VariantFacts {
  /** Resolved recipe of a recipe quant. */
  readonly recipe?: object;
  /** Digest of an external file. */
  readonly sha256?: string;
  /** Bits per weight; sorts variants from more bits to fewer. */
  readonly rank: number;
  /** What a tag stands for. */
  readonly tag?: PlannedTag;
  /** Certification: share by which its timed calls are slowed on purpose. */
  readonly handicap?: number;
}

/**
 * Models × quants. `only` is "MODEL/QUANT"; either side may be `*`, and a plain "QUANT" means any model. Baselines are always kept.
 * Throws CONFIG_INVALID (no baseline, two baselines, nothing left) and CONFIG_DUPLICATE_CELL.
 */
export function expandVariants(
  config: ResolvedConfig,
  facts: (modelId: string, quant: QuantConfig) => VariantFacts,
  only?: string,
): PlannedVariant[] {
  const baselineTag = findBaseline(config.quants);
  const all = config.models.flatMap((model) =>
    config.quants.map((quant): PlannedVariant => {
      const { recipe, sha256, rank, tag, handicap } = facts(model.id, quant);
      return {
        variant_id: `${model.id}/${quant.id}`,
        model_id: model.id,
        quant_tag: quant.id,
        role: quant.id === baselineTag ? "baseline" : (quant.role ?? "candidate"),
        kind: quant.kind,
        recipe: (recipe ?? null) as PlannedVariant["recipe"],
        path: quant.kind === "external" || quant.kind === "pytorch" ? quant.model : null,
        sha256: sha256 ?? null,
        simulated: quant.kind === "simulated" ? { ...quant } : null,
        quant_rank: rank,
        ...(tag === undefined ? {} : { tag }),
        ...("dtype" in quant && quant.dtype !== undefined ? { dtype: quant.dtype } : {}),
        ...(handicap === undefined ? {} : { handicap }),
      };
    }),
  );
  refuseDuplicates(all.map((variant) => variant.variant_id));
  if (only === undefined) return all;
  const slash = only.indexOf("/");
  const [model, quant] = slash < 0 ? ["*", only] : [only.slice(0, slash), only.slice(slash + 1)];
  const matches = (wanted: string, actual: string) => wanted === "*" || wanted === actual;
  const kept = all.filter((v) => matches(model, v.model_id) && matches(quant, v.quant_tag));
  if (kept.length === 0) {
    throw new HarnessError("CONFIG_INVALID", `--only ${only} matches no variant of this config`, {
      hint: `Variants: ${all.map((v) => v.variant_id).join(", ")}.`,
    });
  }
  const models = new Set(kept.map((v) => v.model_id));
  return all.filter((v) => kept.includes(v) || (v.role === "baseline" && models.has(v.model_id)));
}

function findBaseline(quants: readonly QuantConfig[]): string {
  const declared = quants.filter((quant) => quant.role === "baseline");
  if (declared.length > 1) {
    throw new HarnessError("CONFIG_INVALID", `${declared.length} quants have the role baseline`, {
      hint: "Give the role to one quant only.",
    });
  }
  const baseline =
    declared[0] ?? quants.find((quant) => quant.id === "fp32" && quant.role === undefined) ?? mostBits(quants);
  if (baseline === undefined) {
    throw new HarnessError("CONFIG_INVALID", "No quant has the role baseline", {
      hint: 'Add "fp32" to quants, or give one quant "role": "baseline".',
    });
  }
  return baseline.id;
}

/** Of a language model's tags without a declared baseline, the one with the most bits, if it has a rank. */
function mostBits(quants: readonly QuantConfig[]): QuantConfig | undefined {
  const free = quants.filter((quant) => quant.role === undefined);
  if (free.length === 0 || !quants.every(({ kind }) => kind === "tag")) return undefined;
  const [first] = [...free].sort((x, y) => compareQuantLabels(x.id, y.id));
  return first !== undefined && quantRank(first.id) !== undefined ? first : undefined;
}

/** Variants × threads × batch sizes; a cell's id names its setting only where there is more than one. */
export function expandCells(config: ResolvedConfig, variants: readonly PlannedVariant[]): PlannedCell[] {
  const settings = config.runtime.threads.flatMap((threads) =>
    config.batch_sizes.map((batchSize) => ({ threads, batchSize })),
  );
  const suffix = ({ threads, batchSize }: { threads: number; batchSize: number }) =>
    settings.length === 1 ? "" : `@t${threads}b${batchSize}`;
  const baselineOf = new Map(variants.filter((v) => v.role === "baseline").map((v) => [v.model_id, v.variant_id]));
  const cells = variants.flatMap((variant) =>
    settings.map((setting): PlannedCell => {
      const id = variant.variant_id + suffix(setting);
      return {
        cell_id: id,
        variant_id: variant.variant_id,
        baseline_cell_id: (baselineOf.get(variant.model_id) as string) + suffix(setting),
        threads: setting.threads,
        batch_size: setting.batchSize,
        slug: slug(id),
      };
    }),
  );
  refuseDuplicates(cells.map((cell) => cell.cell_id));
  refuseCollidingPaths(cells);
  return cells;
}

/** Path-safe spelling: lower case, and `/` as `__`. Different ids may collide; {@link expandCells} refuses that. */
export function slug(id: string): string {
  return id
    .toLowerCase()
    .replaceAll("/", "__")
    .replaceAll(/[^a-z0-9._-]/g, "-");
}

function refuseDuplicates(ids: readonly string[]): void {
  const duplicate = ids.find((id, index) => ids.indexOf(id) !== index);
  if (duplicate === undefined) return;
  throw new HarnessError("CONFIG_DUPLICATE_CELL", `The cell ${duplicate} is declared more than once`, {
    hint: "Remove the repeated model, quant, thread count or batch size, or give the quants different ids.",
  });
}

function refuseCollidingPaths(cells: readonly PlannedCell[]): void {
  const owner = new Map<string, string>();
  for (const { slug: path, cell_id } of cells) {
    const other = owner.get(path);
    if (other !== undefined) {
      throw new HarnessError(
        "CONFIG_DUPLICATE_CELL",
        `The cells ${other} and ${cell_id} would share the path ${path}`,
        {
          hint: "Rename one: ids must differ in more than case and punctuation.",
        },
      );
    }
    owner.set(path, cell_id);
  }
}
