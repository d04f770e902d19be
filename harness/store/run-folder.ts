import { readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { artifactJson } from "../domain/canonical-json.ts";
import { HarnessError } from "../domain/errors.ts";
import type { ArrayRef, TelemetryRef } from "../domain/generated/journal-v1.ts";
import { sha256, sha256OfFile } from "../platform/digest.ts";
import { atomicWrite, ensureFolder, readBytes, readText, swapLink } from "../platform/files.ts";
import { parseJson } from "../platform/json.ts";
import { validator } from "../platform/schema.ts";

/** Artifact files of a run and the schema each must meet. */
const ARTIFACT_SCHEMAS = {
  "plan.json": "plan.v1",
  "summary.json": "summary.v1",
  "gate.json": "gate.v1",
  "kpis.json": "kpis.v1",
  "canary.json": "canary.v1",
  "frontier.json": "frontier.v1",
  "scatter.json": "scatter.v1",
  "provenance.json": "provenance.v1",
} as const;

const ELEMENT_BYTES = { f64: 8, f32: 4, i32: 4, u8: 1 } as const;

export type ArtifactName = keyof typeof ARTIFACT_SCHEMAS;

/** `results/<run-id>/`: paths in it, and the only way to write artifacts into it. */
export class RunFolder {
  readonly path: string;
  readonly runId: string;

  private constructor(path: string) {
    this.path = path;
    this.runId = basename(path);
  }

  /** Creates the folder; refuses one that already holds a run (STORE_WRITE). */
  static async create(outDir: string, runId: string): Promise<RunFolder> {
    const folder = new RunFolder(resolve(outDir, runId));
    await ensureFolder(folder.path);
    if ((await readdir(folder.path)).length > 0) {
      throw new HarnessError("STORE_WRITE", `The run folder ${folder.path} is not empty`, {
        hint: "Use --resume to go on with that run, or another --out-dir.",
      });
    }
    return folder;
  }

  /** Opens a run that exists: a path to it, to a file in it, or a run id under `outDir`. STORE_MISSING otherwise. */
  static async open(run: string, outDir: string, cwd: string = process.cwd()): Promise<RunFolder> {
    const given = resolve(cwd, run);
    const isFile = (await stat(given).catch(() => undefined))?.isFile();
    for (const path of [isFile ? dirname(given) : given, resolve(outDir, run)]) {
      const found = await stat(join(path, "plan.json")).catch(() => undefined);
      if (found?.isFile()) return new RunFolder(path);
    }
    throw new HarnessError("STORE_MISSING", `There is no run at ${run}`, {
      hint: `Name a run folder (it holds plan.json), or a run id under ${outDir}.`,
    });
  }

  /**
   * Whether the run was stopped before its journal had a first whole line: no work is recorded, and none was done. Where later files
   * exist, such a journal was lost, and this is false. What there is of a torn header is set aside.
   */
  async isUnstarted(): Promise<boolean> {
    const before = new Set(["plan.json", "arrays", "journal.ndjson", "journal.ndjson.torn"]);
    if ((await readdir(this.path)).some((name) => !before.has(name))) return false;
    const journal = this.file("journal.ndjson");
    if ((await stat(journal).catch(() => undefined)) === undefined) return true;
    const content = await readBytes(journal, { what: "journal", code: "STORE_MISSING" });
    if (content.includes(10)) return false;
    if (content.length > 0) await atomicWrite(`${journal}.torn`, content);
    await rm(journal);
    return true;
  }

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** Validates against the artifact's own schema, then writes atomically. */
  async write(name: ArtifactName, document: object): Promise<void> {
    validator.validate(ARTIFACT_SCHEMAS[name], document, { what: name, code: "STORE_SCHEMA" });
    await atomicWrite(this.file(name), artifactJson(document));
  }

  async writeText(name: string, text: string): Promise<void> {
    await atomicWrite(this.file(name), text);
  }

  /** Reads an artifact back through its schema. */
  async read<T>(name: ArtifactName): Promise<T> {
    const path = this.file(name);
    const text = await readText(path, { what: name, code: "STORE_MISSING" });
    return validator.validate<T>(ARTIFACT_SCHEMAS[name], parseJson(text, { what: path }), {
      what: path,
      code: "STORE_CORRUPT",
    });
  }

  /** Stores an array under its digest; the same content is stored once. */
  async putArray(dtype: ArrayRef["dtype"], shape: readonly number[], data: ArrayBufferView): Promise<ArrayRef> {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const digest = sha256(bytes);
    const file = `arrays/${digest}.${dtype}`;
    const existing = await stat(this.file(file)).catch(() => undefined);
    if (existing?.size !== bytes.length) await atomicWrite(this.file(file), bytes);
    return { file, sha256: digest, dtype, shape: [...shape] };
  }

  /** Reads an array and checks its digest and its size (STORE_CORRUPT). */
  async getArray(ref: ArrayRef): Promise<Float64Array | Float32Array | Int32Array | Uint8Array> {
    const bytes = await readBytes(this.file(ref.file), { what: "array", code: "STORE_MISSING" });
    const length = ref.shape.reduce((product, side) => product * side, ELEMENT_BYTES[ref.dtype]);
    const what = sha256(bytes) !== ref.sha256 ? "digest" : bytes.length !== length ? "shape" : undefined;
    if (what !== undefined) {
      throw new HarnessError("STORE_CORRUPT", `The array ${ref.file} does not match its ${what}`, {
        hint: "Restore the file from a copy, or run the sweep again.",
      });
    }
    const copy = new Uint8Array(bytes).buffer;
    switch (ref.dtype) {
      case "f64":
        return new Float64Array(copy);
      case "f32":
        return new Float32Array(copy);
      case "i32":
        return new Int32Array(copy);
      case "u8":
        return new Uint8Array(copy);
    }
  }

  /** Stores lines of text under their digest in a folder of the run. */
  async putLines(under: string, lines: readonly string[]): Promise<TelemetryRef> {
    const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
    const digest = sha256(bytes);
    const file = `${under}/${digest}.ndjson`;
    await atomicWrite(this.file(file), bytes);
    return { file, sha256: digest, lines: lines.length };
  }

  /** Reads lines back and checks their digest (STORE_MISSING, STORE_CORRUPT). */
  async getLines(ref: TelemetryRef): Promise<string[]> {
    const bytes = await readBytes(this.file(ref.file), { what: "telemetry", code: "STORE_MISSING" });
    if (sha256(bytes) !== ref.sha256) {
      throw new HarnessError("STORE_CORRUPT", `The readings in ${ref.file} do not match their digest`, {
        hint: "Restore the file from a copy; verdicts do not depend on it.",
      });
    }
    return new TextDecoder().decode(bytes).trimEnd().split("\n");
  }

  /** `<outDir>/latest` → this run. */
  async markLatest(): Promise<void> {
    await swapLink(resolve(this.path, "..", "latest"), this.path);
  }

  /** Every file of the run with size and digest, by relative path; logs and the journal's side files left out. */
  async inventory(): Promise<{ path: string; sha256: string; bytes: number }[]> {
    const entries = await readdir(this.path, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const wanted = files
      .map((path) => relative(this.path, path).replaceAll("\\", "/"))
      .filter((path) => !path.startsWith("logs/") && path !== "provenance.json" && !path.endsWith(".torn"))
      .sort();
    return Promise.all(
      wanted.map(async (path) => ({
        path,
        sha256: await sha256OfFile(this.file(path)),
        bytes: (await stat(this.file(path))).size,
      })),
    );
  }
}
