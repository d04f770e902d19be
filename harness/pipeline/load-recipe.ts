import { resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { RecipeQuantConfig } from "../domain/generated/config-v1.ts";
import type { QuantConfig } from "../plan/resolve-config.ts";
import type { Recipe, RecipePatch } from "../quantize/recipe.ts";
import { resolveRecipe } from "../quantize/recipes.ts";
import { isRecipePath, readRecipe, recipeFileName } from "../store/recipe-file.ts";

/** A recipe by name or by file. CONFIG_INVALID for an unknown name, and for a file that is not there, not read or not sensible. */
export async function loadRecipe(spec: string, cwd: string): Promise<Recipe> {
  if (!isRecipePath(spec)) return resolveRecipe(spec);
  return resolveRecipe(await readChecked(resolve(cwd, spec)));
}

/** Recipes by name or file, in order. CONFIG_USAGE where two results would have one name, and so one file. */
export async function loadRecipes(specs: readonly string[], cwd: string): Promise<Recipe[]> {
  const recipes: Recipe[] = [];
  for (const spec of specs) {
    const recipe = await loadRecipe(spec, cwd);
    if (recipes.some(({ id }) => id === recipe.id)) {
      throw new HarnessError("CONFIG_USAGE", `Two recipes are named '${recipe.id}', and their results have one name`, {
        hint: 'Name each recipe once; a recipe file may have an "id".',
      });
    }
    recipes.push(recipe);
  }
  return recipes;
}

/**
 * Quants with the contents of their recipe files in place of the paths, so that a plan and a run hold what they were made by. A plain
 * path is a quant of the file's name.
 */
export async function readRecipeFiles(
  quants: readonly QuantConfig[],
  resolvePath: (path: string) => string,
): Promise<QuantConfig[]> {
  return Promise.all(
    quants.map(async (quant) => {
      if (quant.kind !== "recipe" || typeof quant.recipe !== "string" || !isRecipePath(quant.recipe)) return quant;
      const recipe = (await readChecked(resolvePath(quant.recipe))) as Exclude<
        RecipeQuantConfig["recipe"],
        string | undefined
      >;
      return { ...quant, id: quant.id === quant.recipe ? recipeFileName(quant.recipe) : quant.id, recipe };
    }),
  );
}

/** The file's recipe, seen to be sensible; problems name the file. */
async function readChecked(path: string): Promise<RecipePatch> {
  const patch = (await readRecipe(path)) as RecipePatch;
  try {
    resolveRecipe(patch);
    return patch;
  } catch (cause) {
    if (!(cause instanceof HarnessError)) throw cause;
    throw new HarnessError(cause.code, `${path}: ${cause.message}`, { hint: cause.hint, cause });
  }
}
