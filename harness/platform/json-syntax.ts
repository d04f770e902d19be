/** Where and why a text is not JSON (RFC 8259), or which key an object holds twice. */
export interface JsonFault {
  /** Characters before the fault. */
  readonly offset: number;
  readonly reason: string;
}

/**
 * The first fault of a text as JSON, or undefined. JSON.parse gives no place for many faults and lets the last of two
 * equal keys win without a word; both matter in files written by hand.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const scanner = { text, at: 0 };
  try {
    space(scanner);
    value(scanner);
    space(scanner);
    if (scanner.at < text.length) fail(scanner, "there is more text after the end of the value");
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return { offset: error.offset, reason: error.message };
    throw error;
  }
}

interface Scanner {
  readonly text: string;
  at: number;
}

class Fault extends Error {
  readonly offset: number;
  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}

function fail(scanner: Scanner, reason: string, offset = scanner.at): never {
  throw new Fault(offset, offset >= scanner.text.length ? "the text ends too early" : reason);
}

function space(scanner: Scanner): void {
  while (" \t\n\r".includes(scanner.text[scanner.at] ?? "x")) scanner.at++;
  if (scanner.text.startsWith("//", scanner.at) || scanner.text.startsWith("/*", scanner.at)) {
    fail(scanner, "JSON has no comments");
  }
}

const WORD = /true|false|null/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these inside a string.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

function match(scanner: Scanner, pattern: RegExp): string | undefined {
  pattern.lastIndex = scanner.at;
  const found = pattern.exec(scanner.text)?.[0];
  if (found !== undefined) scanner.at += found.length;
  return found;
}

function value(scanner: Scanner): void {
  const first = scanner.text[scanner.at];
  if (first === "{") {
    object(scanner);
    return;
  }
  if (first === "[") {
    list(scanner, "]", () => value(scanner));
    return;
  }
  if (first === '"') {
    if (match(scanner, STRING) === undefined)
      fail(scanner, "this string is not closed or holds a character that must be escaped");
    return;
  }
  if (match(scanner, WORD) ?? match(scanner, NUMBER)) return;
  if (first === "'") fail(scanner, "strings are written in double quotes");
  fail(scanner, "a value is expected here");
}

function object(scanner: Scanner): void {
  const keys = new Set<string>();
  list(scanner, "}", () => {
    const start = scanner.at;
    const raw = match(scanner, STRING) ?? fail(scanner, "a key in double quotes is expected here");
    const key = String(JSON.parse(raw));
    if (keys.has(key)) throw new Fault(start, `the key ${raw} stands twice in this object`);
    keys.add(key);
    space(scanner);
    if (scanner.text[scanner.at] !== ":") fail(scanner, `a colon is expected after the key ${raw}`);
    scanner.at++;
    space(scanner);
    value(scanner);
  });
}

function list(scanner: Scanner, close: "}" | "]", member: () => void): void {
  scanner.at++;
  space(scanner);
  if (scanner.text[scanner.at] === close) {
    scanner.at++;
    return;
  }
  for (;;) {
    member();
    space(scanner);
    const next = scanner.text[scanner.at];
    if (next !== "," && next !== close) fail(scanner, `a comma or "${close}" is expected here`);
    const comma = scanner.at++;
    if (next === close) return;
    space(scanner);
    if (scanner.text[scanner.at] === close) fail(scanner, `a comma may not stand before "${close}"`, comma);
  }
}
