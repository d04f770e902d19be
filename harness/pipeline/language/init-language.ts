import { readdir, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { artifactJson } from "../../domain/canonical-json.ts";
import { HarnessError } from "../../domain/errors.ts";
import type { MatrixConfig } from "../../domain/generated/config-v1.ts";
import type { ModelIdentity } from "../../domain/language-runtime.ts";
import { LANGUAGE_DEFAULTS } from "../../plan/defaults.ts";
import { atomicWrite } from "../../platform/files.ts";
import { findProgram } from "../../platform/find-program.ts";
import { packageRoot } from "../../platform/package-root.ts";
import { ggufIdentity } from "../../runtimes/language/gguf-identity.ts";
import { checkConfig } from "../../store/config-file.ts";
import { type FoundServer, findServers, type ServerPlace, usualPlaces } from "./find-servers.ts";
import { groupQuants, type QuantGroup } from "./group-quants.ts";

export interface InitLanguageOptions {
  /** A GGUF file, a folder of them, or the beginning of a served model's name; absent: the served model with the most quants. */
  readonly model?: string | undefined;
  /** Config to write. */
  readonly out: string;
  /** Overwrites an existing file. */
  readonly force?: boolean | undefined;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Where servers are looked for; default: the usual places. */
  readonly places?: readonly ServerPlace[];
  readonly signal?: AbortSignal;
}

export interface InitLanguageResult {
  readonly config: string;
  /** What was found out, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Writes a config for the quants of a language model: of GGUF files, or of a local server that answers. The one with the most bits is the
 * baseline. RUNTIME_UNAVAILABLE where no server answers, CONFIG_MODEL_MISSING where it has no such model.
 */
export async function initLanguage(options: InitLanguageOptions): Promise<InitLanguageResult> {
  const { cwd = process.cwd(), env = process.env, signal = new AbortController().signal } = options;
  const configPath = resolve(cwd, options.out);
  if (!options.force && (await stat(configPath).catch(() => undefined)) !== undefined) {
    throw new HarnessError("CONFIG_USAGE", `${configPath} exists already`, {
      hint: "Use --force to overwrite it, or --out for another name.",
    });
  }
  const files = options.model === undefined ? [] : await ggufFiles(resolve(cwd, options.model));
  const found =
    files.length > 0
      ? await fromFiles(files, { env, wanted: options.model as string, configDir: dirname(configPath) })
      : await fromServers(options.places ?? usualPlaces(env), options.model, signal);
  const fromConfig = (path: string) => relative(dirname(configPath), path).replaceAll("\\", "/") || ".";
  const config: MatrixConfig = {
    $schema: fromConfig(join(packageRoot(), "schemas", "config.v1.schema.json")),
    schema_version: "quantgate.config.v1",
    name: basename(configPath)
      .replace(/\.json$/i, "")
      .replaceAll(/[^A-Za-z0-9._@+-]/g, "-"),
    ...found.config,
    dataset: { kind: "task-bank", path: fromConfig(join(packageRoot(), "configs", "task-banks", "common.json")) },
  };
  checkConfig(config, "the new config");
  await atomicWrite(configPath, artifactJson(config));
  return { config: configPath, notes: found.notes };
}

interface Found {
  readonly config: Pick<MatrixConfig, "models" | "quants" | "runtime" | "language">;
  readonly notes: readonly string[];
}

/** A file, or the files of a folder; nothing where it is neither. */
async function ggufFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() && /\.gguf$/i.test(path)) return [path];
  if (!found?.isDirectory()) return [];
  const names = (await readdir(path)).filter((name) => /\.gguf$/i.test(name)).sort();
  return names.map((name) => join(path, name));
}

async function fromFiles(
  files: readonly string[],
  given: { readonly env: NodeJS.ProcessEnv; readonly wanted: string; readonly configDir: string },
): Promise<Found> {
  const identities = new Map<ModelIdentity, string>();
  for (const path of files) identities.set(await ggufIdentity(basename(path), path), path);
  const group = firstGroup(groupQuants([...identities.keys()]), given.wanted);
  const pathOf = (model: ModelIdentity) => {
    const path = identities.get(model) as string;
    return isAbsolute(given.wanted) ? path : relative(given.configDir, path).replaceAll("\\", "/");
  };
  const isThere = findProgram("llama-server", given.env) !== undefined;
  return {
    config: {
      models: [
        { id: idOf(group), files: Object.fromEntries(group.quants.map(({ tag, model }) => [tag, pathOf(model)])) },
      ],
      quants: quantsOf(group),
      runtime: { kind: "llama-server" },
      language: { command: ["llama-server"], ...contextOf(group) },
    },
    notes: [
      ...groupNotes(group),
      isThere
        ? "server   llama-server, started for each trial"
        : 'server   llama-server is not in PATH: give its path as "command" in "language", or set runtime.kind to node-llama-cpp',
    ],
  };
}

async function fromServers(
  places: readonly ServerPlace[],
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<Found> {
  const servers = await findServers(places, signal);
  if (servers.length === 0) {
    throw new HarnessError("RUNTIME_UNAVAILABLE", "No server of language models answers on this machine", {
      hint: `Start Ollama, LM Studio or llama-server, or give a folder of GGUF files. Looked at ${places.map(({ url }) => url).join(", ")}.`,
    });
  }
  const offers = servers.flatMap((server) => groupQuants(server.models).map((group) => ({ server, group })));
  const fitting = offers.filter(({ group }) => wanted === undefined || group.id.startsWith(wanted));
  const [best] = fitting.sort((a, b) => b.group.quants.length - a.group.quants.length);
  if (best === undefined) {
    const names = offers.map(({ group }) => group.id);
    throw new HarnessError("CONFIG_MODEL_MISSING", `No server has a quant of ${wanted ?? "any model"}`, {
      hint: names.length === 0 ? "Pull one first." : `They have ${names.slice(0, 10).join(", ")}.`,
    });
  }
  return { config: servedConfig(best.server, best.group), notes: [serverNote(best.server), ...groupNotes(best.group)] };
}

function servedConfig(server: FoundServer, group: QuantGroup): Found["config"] {
  const isVerified = group.quants.every(({ model }) => model.digest !== undefined);
  return {
    models: [{ id: idOf(group), tags: Object.fromEntries(group.quants.map(({ tag, model }) => [tag, model.name])) }],
    quants: quantsOf(group),
    runtime: { kind: server.kind },
    language: { url: server.url, ...contextOf(group), ...(isVerified ? {} : { allow_unverified: true }) },
  };
}

function firstGroup(groups: readonly QuantGroup[], wanted: string): QuantGroup {
  const [first] = groups;
  if (first !== undefined) return first;
  throw new HarnessError("CONFIG_MODEL_INVALID", `The files of ${wanted} do not say which quants they are`, {
    hint: "Write a config by hand, with a quant for each file.",
  });
}

function quantsOf({ quants }: QuantGroup): NonNullable<MatrixConfig["quants"]> {
  return quants.map(({ tag }, index) =>
    index === 0 ? { id: tag, kind: "tag" as const, role: "baseline" as const } : { id: tag, kind: "tag" as const },
  ) as NonNullable<MatrixConfig["quants"]>;
}

/** No more than the model was made for. */
function contextOf({ quants }: QuantGroup): { context_tokens: number } {
  const lengths = quants.flatMap(({ model }) => model.contextLength ?? []);
  return { context_tokens: Math.min(LANGUAGE_DEFAULTS.language.context_tokens, ...lengths) };
}

function idOf({ id }: QuantGroup): string {
  return id.replaceAll(/[^A-Za-z0-9._:@+-]/g, "-");
}

function serverNote({ kind, url, version, models }: FoundServer): string {
  return `server   ${kind} ${version} at ${url}, ${models.length} ${models.length === 1 ? "model" : "models"}`;
}

function groupNotes({ id, quants }: QuantGroup): string[] {
  const tags = quants.map(({ tag }) => tag).join(", ");
  const one =
    quants.length === 1 ? ["quants   only one: add others of the same model to have something to compare"] : [];
  return [`model    ${id}: ${tags}`, ...one];
}
