// Reference of the `stats` namespace, read off its compiled declarations: every function with its signature, options, result fields and doc comment.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Lines of the reference; `folder` holds the declarations of harness/stats. */
export function statsReference(folder) {
  if (!existsSync(join(folder, "index.d.ts"))) throw new Error(`no declarations in ${folder}: run the build first`);
  return exportsOf(folder).flatMap(({ file, names }) => {
    const wanted = declarations(join(folder, file)).filter(({ name }) => names.has(name));
    const functions = wanted.filter(({ kind }) => kind !== "type" && kind !== "interface");
    const titles = [...new Set((functions.length > 0 ? functions : wanted).map(({ name }) => `\`${name}\``))];
    const types = wanted.filter((one) => !functions.includes(one));
    return [`### ${titles.join(", ")}`, "", "```ts", ...[...types, ...functions].map(({ text }) => text), "```", ""];
  });
}

/** Files that the index exports from, with the names it takes, in its order. */
function exportsOf(folder) {
  const index = readFileSync(join(folder, "index.d.ts"), "utf8");
  return [...index.matchAll(/^export (?:type )?\{([^}]*)\} from "\.\/([\w-]+)\.(?:ts|js)";/gm)].map(
    ([, list, file]) => ({
      file: `${file}.d.ts`,
      names: new Set(
        list
          .split(",")
          .map((name) => name.replace(/^\s*type\s/, "").trim())
          .filter((name) => name !== ""),
      ),
    }),
  );
}

/** Top-level declarations of a file with their doc comments; of a class only its head. */
function declarations(path) {
  const text = readFileSync(path, "utf8");
  const found = text.matchAll(
    /^(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export (?:declare )?(function|type|interface|const|class) (\w+)[\s\S]*?(?=\n\S*(?:\/\*\*|export|type |interface |declare |import |\/\/)|$(?![\s\S]))/gm,
  );
  return [...found].map(([whole, , kind, name]) => ({
    kind,
    name,
    text: whole
      .replace(/^export (?:declare )?/m, "")
      .trimEnd()
      .replaceAll(/^ {4}/gm, "  "),
  }));
}
