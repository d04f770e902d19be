import { readText } from "../platform/files.ts";
import { invalidItems } from "./describe.ts";
import { MISSING_HINT } from "./read-document.ts";

const HINT = "Give whole numbers, one a line or as a JSON list.";

/** Image ids of a text file, one a line (# begins a comment), or of a JSON list. CONFIG_DATA_INVALID for anything else, an empty list and a double id. */
export async function readImageIds(path: string): Promise<readonly number[]> {
  const text = await readText(path, { what: "the image ids", code: "CONFIG_DATA_MISSING", hint: MISSING_HINT });
  const words = text
    .replace(/^\s*\[|\]\s*$/g, "")
    .split(text.trimStart().startsWith("[") ? "," : "\n")
    .map((line) => line.replace(/#.*/, "").trim());
  const ids = words
    .filter((word) => word !== "")
    .map((word) => {
      const id = /^\d{1,15}$/.test(word) ? Number(word) : undefined;
      if (id === undefined)
        throw invalidItems(`The image ids ${path} hold ${JSON.stringify(word.slice(0, 40))}.`, HINT);
      return id;
    });
  if (ids.length === 0) throw invalidItems(`The image ids ${path} are empty.`, HINT);
  const double = ids.find((id, place) => ids.indexOf(id) !== place);
  if (double !== undefined) throw invalidItems(`The image ids ${path} hold ${double} twice.`, HINT);
  return ids;
}
