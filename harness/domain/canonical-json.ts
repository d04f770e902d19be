/**
 * JSON text of plain data with one spelling for equal values: keys sorted by UTF-16 code unit, no white space, -0 as 0
 * (the rules of RFC 8785, whose number format is ECMAScript's own). Keys that hold `undefined` are left out.
 * Throws TypeError, naming the place, for what JSON cannot say: NaN, infinities, bigint, functions, `undefined` in an array,
 * and objects that are not plain (typed arrays, Map, Date).
 */
export function canonicalJson(value: unknown): string {
  return write(value, "$", { sorted: true, indent: undefined });
}

/**
 * JSON text as artifacts are written: keys in the order they were set, two-space indent, a newline at the end.
 * Refuses the same values as {@link canonicalJson}, where plain JSON.stringify would write `null` for NaN.
 */
export function artifactJson(value: unknown): string {
  return `${write(value, "$", { sorted: false, indent: "" })}\n`;
}

interface Style {
  readonly sorted: boolean;
  /** White space before the lines of this level; undefined = all on one line. */
  readonly indent: string | undefined;
}

function write(value: unknown, path: string, style: Style): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${path} is ${value}, which JSON cannot hold`);
      return JSON.stringify(value);
    case "object": {
      if (value === null) return "null";
      const inner = { ...style, indent: style.indent === undefined ? undefined : `${style.indent}  ` };
      if (Array.isArray(value)) {
        return bracket(
          "[]",
          Array.from(value, (item, i) => write(item, `${path}[${i}]`, inner)),
          style,
        );
      }
      const colon = style.indent === undefined ? ":" : ": ";
      const members = plainEntries(value, path, style.sorted).map(
        ([key, member]) => JSON.stringify(key) + colon + write(member, `${path}.${key}`, inner),
      );
      return bracket("{}", members, style);
    }
    default:
      throw new TypeError(
        `${path} is ${value === undefined ? "undefined" : `a ${typeof value}`}, which JSON cannot hold`,
      );
  }
}

function bracket(pair: "[]" | "{}", members: readonly string[], { indent }: Style): string {
  const [open, close] = [pair[0], pair[1]];
  if (indent === undefined || members.length === 0) return open + members.join(",") + close;
  return `${open}\n${members.map((member) => `${indent}  ${member}`).join(",\n")}\n${indent}${close}`;
}

function plainEntries(value: object, path: string, sorted: boolean): [string, unknown][] {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`${path} is a ${prototype.constructor?.name ?? "class instance"}, not plain data`);
  }
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  // The default order of sort() is by UTF-16 code units, which is what RFC 8785 asks for.
  return sorted ? entries.sort(([a], [b]) => (a < b ? -1 : 1)) : entries;
}
