import { basename } from "node:path";
import type { RecipeFile } from "../domain/generated/recipe-v1.ts";
import { readText } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";
import { parseYaml } from "../platform/yaml.ts";

/** A recipe file's fields, with the name that its result gets. */
export type NamedRecipe = Omit<RecipeFile, "$schema" | "schema_version"> & { readonly id: string };

const ENDING = /\.(json|ya?ml)$/i;

/** True where a recipe is given by a file and not by its name: no built-in name ends like this. */
export function isRecipePath(text: string): boolean {
  return ENDING.test(text);
}

/** The name that a recipe file's own gives its result. */
export function recipeFileName(path: string): string {
  return basename(path).replace(ENDING, "");
}

/** Reads a recipe from a .json, .yaml or .yml file. CONFIG_INVALID for what the schema refuses, unknown keys first. */
export async function readRecipe(path: string): Promise<NamedRecipe> {
  const text = await readText(path, { what: "recipe", code: "CONFIG_INVALID" });
  const parse = /\.json$/i.test(path) ? parseJson : parseYaml;
  const named = withName(parse(text, { what: path, code: "CONFIG_INVALID" }), recipeFileName(path));
  const { $schema, schema_version, ...recipe } = validator.validate<RecipeFile & { readonly id: string }>(
    "recipe.v1",
    named,
    { what: path, code: "CONFIG_INVALID", hint: "Every field is described in docs/configs.md." },
  );
  return recipe;
}

/** Before the schema, so that a file's name passes the same rule as an `id`. */
function withName(value: unknown, id: string): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { id, ...value } : value;
}
