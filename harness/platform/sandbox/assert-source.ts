/** The `assert` that JavaScript tests are given, as source for an engine without modules: evaluates to the function. */
export const ASSERT_SOURCE = `(() => {
  const { is, keys, getPrototypeOf, prototype } = Object;
  const isArray = Array.isArray;
  const stringify = JSON.stringify;
  const show = (value) => {
    if (typeof value === "bigint") return value + "n";
    if (typeof value === "function" || typeof value === "symbol") return typeof value;
    if (value instanceof Map) return "Map" + show([...value]);
    if (value instanceof Set) return "Set" + show([...value]);
    try {
      const text = stringify(value, (_, inner) => (typeof inner === "number" && !(inner - inner === 0) ? String(inner) : inner));
      return text === undefined ? String(value) : text.slice(0, 80);
    } catch {
      return String(value);
    }
  };
  const same = (a, b) => {
    if (is(a, b) || a === b) return true;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (isArray(a) !== isArray(b)) return false;
    if (a instanceof Date || b instanceof Date) return a instanceof Date && b instanceof Date && +a === +b;
    if (a instanceof Set || b instanceof Set)
      return a instanceof Set && b instanceof Set && a.size === b.size && [...a].every((one) => b.has(one) || [...b].some((other) => same(one, other)));
    if (a instanceof Map || b instanceof Map)
      return a instanceof Map && b instanceof Map && a.size === b.size && [...a].every(([key, one]) => b.has(key) && same(one, b.get(key)));
    const left = keys(a), right = keys(b);
    return left.length === right.length && left.every((key) => keys(b).includes(key) && same(a[key], b[key])) && (!isArray(a) || a.length === b.length);
  };
  const fail = (said, fallback) => { throw new Error(said ?? fallback); };
  const assert = (value, said) => { if (!value) fail(said, "it is " + show(value)); };
  assert.ok = assert;
  assert.equal = (actual, wanted, said) => { if (!is(actual, wanted) && actual !== wanted) fail(said, "it is " + show(actual) + ", not " + show(wanted)); };
  assert.deepEqual = (actual, wanted, said) => { if (!same(actual, wanted)) fail(said, "it is " + show(actual) + ", not " + show(wanted)); };
  assert.throws = (act, said) => {
    let threw = false;
    try { act(); } catch { threw = true; }
    if (!threw) fail(said, "it does not throw");
  };
  return assert;
})()`;
