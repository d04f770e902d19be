/** What stands where a secret stood. */
export const REDACTED = "[redacted]";

/** Shorter values are words that occur elsewhere too ("1", "true", "ci"): replacing them would hide nothing and garble the rest. */
const LEAST_SECRET = 6;

/** Parts of a name that make its value a secret. `max_tokens` and `tokenizer` are none: the whole part must match. */
const SECRET_PARTS = new Set([
  ..."token secret secrets passwd password passphrase pwd credential credentials auth authorization cookie".split(" "),
  ..."signature apikey accesskey secretkey privatekey bearer".split(" "),
]);
const SECRET_PAIRS = /(?:^|_)(?:api|access|secret|private|signing|encryption|account|storage)_keys?(?:_|$)/;

/** Keys of the usual services, and texts that carry a credential, wherever they stand. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}/g, REDACTED],
  [/\bsk-[A-Za-z0-9_-]{16,}|\bhf_[A-Za-z0-9]{16,}|\bnpm_[A-Za-z0-9]{30,}|\bpypi-[\w-]{30,}/g, REDACTED],
  [/\bxox[abeprs]-[\w-]{10,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,}/g, REDACTED],
  [/\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+/g, REDACTED],
  [/\b((?:Bearer|Basic)\s+)[\w.~+/=-]{8,}/gi, `$1${REDACTED}`],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, `$1${REDACTED}@`],
  [
    /([?&](?:[\w-]*(?:token|secret|password|signature|api[_-]?key|access[_-]?key)|sig|key)=)[^&#\s"]+/gi,
    `$1${REDACTED}`,
  ],
];

/** Whether what goes by this name is a secret. */
export function isSecretName(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_");
  return words.split("_").some((part) => SECRET_PARTS.has(part)) || SECRET_PAIRS.test(words);
}

/** Values of an environment's secrets, the longest first, so that one which holds another is replaced whole. */
export function secretValues(env: Readonly<Record<string, string | undefined>>): string[] {
  const values = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && value.length >= LEAST_SECRET && isSecretName(name) ? [value] : [],
  );
  return [...new Set(values)].sort((x, y) => y.length - x.length);
}

/** A JSON value without secrets: by the name of a field, by a known value, and by what looks like one. Names are kept. */
export function redact<T>(value: T, secrets: readonly string[]): T {
  return redactValue(value, secrets) as T;
}

function redactValue(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === "string") return redactText(value, secrets);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, secrets));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      isSecretName(name) && isScalar(item) ? REDACTED : redactValue(item, secrets),
    ]),
  );
}

function redactText(text: string, secrets: readonly string[]): string {
  const known = secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  return SECRET_TEXTS.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), known);
}

/** A field that holds nothing keeps saying so; whole objects are looked through. */
function isScalar(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}
