import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import type { VariantLine } from "../../domain/generated/journal-v1.ts";
import type { PlannedVariant } from "../../domain/generated/plan-v1.ts";
import { slug } from "../../plan/expand-cells.ts";
import { sha256OfFile } from "../../platform/digest.ts";
import { atomicWrite, copyFile } from "../../platform/files.ts";
import { resolvePath } from "../../store/config-file.ts";
import { type PrepareContext, type Prepared, readyLine } from "./prepared.ts";
import { sourceOf } from "./source-of.ts";

/** A PyTorch file is run as it is; what it looks like, and what random input gives, its runtime says. */
export async function torchVariant(
  context: PrepareContext,
  variant: PlannedVariant,
  known: VariantLine | undefined,
): Promise<Prepared> {
  const { folder, inputs, torch } = context;
  const id = variant.variant_id;
  const source = sourceOf(context, variant);
  const file = source?.state === "ok" ? source.path : resolvePath(variant.path as string, inputs.roots);
  const digest = await sha256OfFile(file).catch(() => undefined);
  const expected = variant.sha256 ?? (source?.state === "ok" ? source.sha256 : null);
  if (digest === undefined || digest !== expected || (known !== undefined && known.sha256 !== digest)) {
    throw new HarnessError("CONFIG_MODEL_INVALID", `The file of ${id} changed since the plan was made`, {
      hint: "Start the sweep again.",
    });
  }
  const name = slug(id);
  const path = folder.file("torch", `${name}${extname(file).toLowerCase()}`);
  if ((await sha256OfFile(path).catch(() => undefined)) !== digest) await copyFile(file, path);
  const { structure, smoke, invalid } = await torch(path);
  const [input] = structure.inputs;
  const shape = input?.shape ?? [];
  await atomicWrite(
    folder.file("smoke", `${name}.json`),
    artifactJson({ variant_id: id, input: { name: input?.name ?? "", shape }, outputs: smoke, invalid }),
  );
  const bytes = (await stat(path)).size;
  return {
    line: readyLine(id, { sha256: digest, bytes_on_disk: bytes }),
    result: { state: "ready", model: { path, sha256: digest }, sessionConfig: {} },
    cached: false,
  };
}
