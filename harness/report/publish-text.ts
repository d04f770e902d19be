import { ABSENT, bytes, isNumber } from "./numbers.ts";
import { visible } from "./visible-text.ts";

/** What a publication left in a registry, as a person reads it. */
export interface ShownPublication {
  readonly registry: string;
  readonly alias: string;
  readonly registry_version: string;
  readonly previous: string | null;
  readonly is_new: boolean;
  readonly entry: {
    readonly name: string;
    readonly variant_id: string;
    readonly verdict: string;
    readonly forced: boolean;
    readonly path: string;
    readonly sha256: string;
    readonly bytes: number;
    readonly metrics: readonly {
      readonly id: string;
      readonly estimate: { readonly value: number | null; readonly low: number | null; readonly high: number | null };
    }[];
  };
}

/** Figures that a person compares versions by. */
const SHOWN = ["accuracy", "drop", "speedup"];

/** A few lines on one publication. */
export function renderPublication({ registry, alias, registry_version: version, ...rest }: ShownPublication): string {
  const { entry, previous, is_new: isNew } = rest;
  const figures = entry.metrics.flatMap(({ id, estimate }) =>
    SHOWN.includes(id) ? [`${id} ${short(estimate.value)} [${short(estimate.low)}, ${short(estimate.high)}]`] : [],
  );
  const verdict = entry.forced ? `${entry.verdict.toUpperCase()}, published by force` : entry.verdict.toUpperCase();
  return [
    isNew
      ? `published ${entry.variant_id} as ${entry.name} ${version}: ${verdict}`
      : `${entry.name} ${version} is ${entry.variant_id} already: ${verdict}`,
    ...(figures.length === 0 ? [] : [`  ${figures.join("  ")}`]),
    `  file      ${entry.path}  ${bytes(entry.bytes)}  sha256 ${entry.sha256}`,
    `  registry  ${registry}`,
    `  alias     ${alias} -> ${version}${previous === null ? "" : ` (before: ${previous})`}`,
  ]
    .map(visible)
    .join("\n");
}

/** One line on an alias that moved, or had no need to. */
export function renderMove(moved: {
  readonly registry: string;
  readonly name: string;
  readonly alias: string;
  readonly version: string;
  readonly previous: string | null;
  readonly is_new: boolean;
}): string {
  const { name, alias, version, previous, registry } = moved;
  const before = previous === null ? "" : ` (before: ${previous})`;
  return visible(
    moved.is_new
      ? `${alias} of ${name} -> ${version}${before} in ${registry}`
      : `${alias} of ${name} names ${version} already in ${registry}`,
  );
}

function short(value: number | null): string {
  return isNumber(value) ? String(Number(value.toPrecision(4))) : ABSENT;
}
