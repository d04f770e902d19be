import { HarnessError } from "../domain/errors.ts";
import type { RegistryEntry } from "../domain/generated/registry-entry-v1.ts";
import type { AliasMove, AliasState, ObjectStore, Registry, Release } from "../domain/registry-port.ts";
import type { MlflowApi, MlflowReply } from "./mlflow-api.ts";
import { metadataKey, parseEntry } from "./store-release.ts";

const EXPERIMENT = "quantgate";
/** Tags under which MLflow keeps what is ours. */
const TAG = {
  id: "quantgate.publish_id",
  version: "quantgate.version",
  metadata: "quantgate.metadata",
  sha256: "quantgate.sha256",
  gate: "quantgate.gate_digest",
  verdict: "quantgate.verdict",
  stack: (alias: string) => `quantgate.alias.${alias}`,
} as const;

/** Tags are at most 5,000 characters; version numbers of so many moves fit well. */
const LONGEST_STACK = 200;

/**
 * MLflow's model registry. The objects are artifacts of a run in the experiment `quantgate`, the version points to them, and the alias
 * is MLflow's own; a tag of the model holds the versions that it named before.
 */
export class MlflowRegistry implements Registry {
  readonly location: string;
  readonly #api: MlflowApi;

  constructor(location: string, api: MlflowApi) {
    this.location = location;
    this.#api = api;
  }

  async objects(release: Release): Promise<ObjectStore> {
    const { facts, entry } = release;
    if (facts["root"] === undefined) {
      const experiment = await this.#experiment();
      const found = await this.#api.post("runs/search", {
        experiment_ids: [experiment],
        filter: madeBy(release),
        max_results: 1,
      });
      const run = firstOf(found["runs"]) ?? (await this.#createRun(experiment, release));
      const info = partOf(run, "info");
      facts["run_id"] = textOf(info, "run_id");
      facts["root"] = artifactRoot(textOf(info, "artifact_uri"), this.#api.who);
      facts["artifact_uri"] = textOf(info, "artifact_uri");
      facts["name"] = entry.name;
    }
    return this.#api.artifacts(facts["root"] as string);
  }

  async register(release: Release): Promise<string> {
    const { entry, facts, id } = release;
    const { name } = entry;
    await this.objects(release);
    await this.#api.post("registered-models/create", { name }, { unless: "RESOURCE_ALREADY_EXISTS" });
    const known = await this.#versionOf(release);
    if (known !== undefined) return known;
    await this.#logMetrics(release);
    const tags = {
      [TAG.id]: id,
      [TAG.version]: entry.version,
      [TAG.metadata]: metadataKey(entry),
      [TAG.sha256]: entry.sha256,
      [TAG.gate]: entry.gate_digest,
      [TAG.verdict]: entry.forced ? `${entry.verdict}, forced` : entry.verdict,
    };
    const folder = entry.path.split("/").slice(0, -1).join("/");
    const made = await this.#api.post("model-versions/create", {
      name,
      source: `${facts["artifact_uri"]}/${folder}`,
      run_id: facts["run_id"],
      description: `${entry.variant_id} of the run ${entry.run_id}, ${entry.sha256}`,
      tags: pairsOf(tags),
    });
    return textOf(partOf(made, "model_version"), "version");
  }

  async entry(name: string, version: string): Promise<RegistryEntry | undefined> {
    const found = await this.#version(name, version);
    const key = found?.tags[TAG.metadata];
    if (found === undefined || key === undefined) return undefined;
    const content = await (await this.#artifactsOf(found.runId)).get(key);
    if (content === undefined) {
      throw new HarnessError(
        "REGISTRY_CORRUPT",
        `The registry ${this.location} lists ${name} ${version}, but ${key} is not there`,
        {
          hint: "Restore the artifact from a copy.",
        },
      );
    }
    return parseEntry(content, key);
  }

  async digestOf({ name, path }: RegistryEntry, version: string): Promise<string | undefined> {
    const found = await this.#version(name, version);
    return found && (await this.#artifactsOf(found.runId)).digest(path);
  }

  async alias(name: string, alias: string): Promise<AliasState> {
    const found = await this.#api.find("registered-models/get", { name });
    if (found === undefined) return { stack: [], takenBack: [] };
    const model = partOf(found, "registered_model");
    const stack = (tagsOf(model)[TAG.stack(alias)] ?? "").split(",").filter((version) => version !== "");
    const named = listOf(model["aliases"]).find((one) => one["alias"] === alias);
    if (named === undefined) return { stack: [], takenBack: [] };
    // MLflow's alias is the truth: it may have been moved by hand, or by an attempt that ended before the tag was written.
    const current = String(named["version"]);
    const place = stack.lastIndexOf(current);
    return { stack: place < 0 ? [...stack, current] : stack.slice(0, place + 1), takenBack: [] };
  }

  async moveAlias({ name, alias, stack }: AliasMove): Promise<void> {
    const version = stack.at(-1) as string;
    await this.#api.post("registered-models/alias", { name, alias, version });
    const value = stack.slice(-LONGEST_STACK).join(",");
    await this.#api.post("registered-models/set-tag", { name, key: TAG.stack(alias), value });
  }

  async #experiment(): Promise<string> {
    const found = await this.#api.find("experiments/get-by-name", { experiment_name: EXPERIMENT });
    if (found !== undefined) return textOf(partOf(found, "experiment"), "experiment_id");
    const made = await this.#api.post("experiments/create", { name: EXPERIMENT });
    return textOf(made, "experiment_id");
  }

  async #createRun(experiment: string, { id, entry }: Release): Promise<MlflowReply> {
    const made = await this.#api.post("runs/create", {
      experiment_id: experiment,
      run_name: `${entry.name} ${entry.version}`,
      start_time: Date.parse(entry.generated_at),
      tags: pairsOf({ [TAG.id]: id, [TAG.version]: entry.version, "quantgate.run_id": entry.run_id }),
    });
    return partOf(made, "run");
  }

  async #logMetrics({ entry, facts }: Release): Promise<void> {
    const timestamp = Date.parse(entry.generated_at);
    const metrics = entry.metrics.flatMap(({ id, estimate }) =>
      (["value", "low", "high"] as const).flatMap((part) => {
        const value = estimate[part];
        return value === null ? [] : [{ key: part === "value" ? id : `${id}.${part}`, value, timestamp, step: 0 }];
      }),
    );
    const params = [
      { key: "model_id", value: entry.model_id },
      { key: "quant_tag", value: entry.quant_tag },
    ];
    await this.#api.post("runs/log-batch", { run_id: facts["run_id"], metrics, params });
    await this.#api.post("runs/update", { run_id: facts["run_id"], status: "FINISHED", end_time: timestamp });
  }

  async #versionOf(release: Release): Promise<string | undefined> {
    const filter = `name = '${release.entry.name}' and ${madeBy(release)}`;
    const found = await this.#api.find("model-versions/search", { filter, max_results: "10" });
    const [known] = listOf(found?.["model_versions"]);
    return known && textOf(known, "version");
  }

  async #version(name: string, version: string) {
    const found = await this.#api.find("model-versions/get", { name, version });
    if (found === undefined) return undefined;
    const model = partOf(found, "model_version");
    return { runId: textOf(model, "run_id"), tags: tagsOf(model) };
  }

  async #artifactsOf(runId: string): Promise<ObjectStore> {
    const found = await this.#api.find("runs/get", { run_id: runId });
    const uri = textOf(partOf(partOf(found ?? {}, "run"), "info"), "artifact_uri");
    return this.#api.artifacts(artifactRoot(uri, this.#api.who));
  }
}

/** What an interrupted attempt has made of this release; an earlier release of the same variant has another version. */
function madeBy({ id, entry }: Release): string {
  return `tags.\`${TAG.id}\` = '${id}' and tags.\`${TAG.version}\` = '${entry.version}'`;
}

/** Path under the server's own artifact store. */
function artifactRoot(uri: string, who: string): string {
  const match = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.+?)\/*$/.exec(uri);
  if (match !== null) return match[1] as string;
  throw new HarnessError("CONFIG_INVALID", `${who} keeps artifacts elsewhere (${uri.split(":")[0]}:)`, {
    hint: "Start it with --serve-artifacts, or publish to the bucket itself: s3://BUCKET/PREFIX.",
  });
}

function pairsOf(values: Readonly<Record<string, string>>): { key: string; value: string }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value }));
}

function listOf(value: unknown): MlflowReply[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "object" && item !== null) : [];
}

function firstOf(value: unknown): MlflowReply | undefined {
  return listOf(value)[0];
}

function partOf(reply: MlflowReply, name: string): MlflowReply {
  const part = reply[name];
  return typeof part === "object" && part !== null ? (part as MlflowReply) : {};
}

function tagsOf(model: MlflowReply): Record<string, string> {
  return Object.fromEntries(listOf(model["tags"]).map((tag) => [String(tag["key"]), String(tag["value"])]));
}

/** A field that must be there: servers of other versions may answer otherwise. */
function textOf(reply: MlflowReply, name: string): string {
  const value = reply[name];
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number") return String(value);
  throw new HarnessError("REGISTRY_REFUSED", `The MLflow server's reply has no ${name}`, {
    hint: "Quantgate speaks the REST interface 2.0, which MLflow 2.9 and later serve.",
  });
}
