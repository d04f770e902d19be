import { invalidItems } from "./describe.ts";
import type { LabelledFile } from "./image-labels.ts";

/** Images with class indices, and the names those stand for. */
export interface ClassedFiles {
  readonly files: readonly string[];
  readonly labels: Int32Array;
  readonly classNames: readonly string[];
}

/**
 * Turns labels into indices. Names: their place in `classNames`, or in the sorted list (by code unit, as Python's sorted()). Numbers are
 * indices already, unless `classNames` says otherwise. CONFIG_DATA_INVALID for a name that is not a class, and for folders named with
 * numbers whose sorted order is not their numeric order: models disagree on those, so the config must say.
 */
export function classify(
  entries: readonly LabelledFile[],
  { classNames, folders }: { classNames?: readonly string[] | undefined; folders?: readonly string[] | undefined },
): ClassedFiles {
  const files = entries.map(({ file }) => file);
  const isIndexed = folders === undefined && entries.every(({ label }) => typeof label === "number");
  if (isIndexed) {
    const labels = Int32Array.from(entries, ({ label }) => label as number);
    const highest = labels.reduce((most, label) => Math.max(most, label), -1);
    const names = classNames ?? Array.from({ length: Math.min(highest, MAX_CLASSES) + 1 }, (_, i) => String(i));
    const outside = labels.findIndex((label) => label < 0 || label >= names.length);
    if (outside !== -1) {
      throw invalidItems(
        `The image ${files[outside]} has the label ${labels[outside]}, but the classes are 0 to ${names.length - 1}.`,
        "Correct the label, or give all class names in class_names.",
      );
    }
    return { files, labels, classNames: names };
  }
  const found = folders ?? [...new Set(entries.map(({ label }) => String(label)))];
  const names = classNames ?? sortedClasses(found);
  const indexOf = new Map(names.map((name, i) => [name, i]));
  const stranger = found.find((name) => !indexOf.has(name));
  if (stranger !== undefined) {
    throw invalidItems(
      `The class "${stranger}" is not in class_names.`,
      `class_names has: ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", ..." : ""}.`,
    );
  }
  return {
    files,
    labels: Int32Array.from(entries, ({ label }) => indexOf.get(String(label)) as number),
    classNames: names,
  };
}

/** One stray huge label must not allocate a list of names. */
const MAX_CLASSES = 1_000_000;

function sortedClasses(names: readonly string[]): string[] {
  const sorted = [...names].sort();
  const isNumbered = sorted.every((name) => /^\d+$/.test(name));
  const misplaced = isNumbered && sorted.some((name, i) => i > 0 && Number(name) < Number(sorted[i - 1]));
  if (misplaced) {
    throw invalidItems(
      "The class folders are named with numbers, and sorted by name they are not in numeric order (10 comes before 2).",
      'Say in "class_names" which order the model was trained with.',
    );
  }
  return sorted;
}

/** Round-robin over the classes, so that the first N images are a sample of all of them. Order within a class is kept. */
export function interleave({ files, labels, classNames }: ClassedFiles): ClassedFiles {
  const rank = new Int32Array(files.length);
  const seen = new Int32Array(classNames.length);
  labels.forEach((label, i) => {
    rank[i] = seen[label] as number;
    seen[label] = (seen[label] as number) + 1;
  });
  const order = Array.from(files.keys()).sort(
    (a, b) => (rank[a] as number) - (rank[b] as number) || (labels[a] as number) - (labels[b] as number),
  );
  return {
    files: order.map((i) => files[i] as string),
    labels: Int32Array.from(order, (i) => labels[i] as number),
    classNames,
  };
}
