import { resolve } from "node:path";
import { HarnessError } from "../domain/errors.ts";
import type { Registry } from "../domain/registry-port.ts";
import type { Clock } from "../platform/clock.ts";
import { FolderObjects } from "./folder-objects.ts";
import { MlflowApi } from "./mlflow-api.ts";
import { MlflowRegistry } from "./mlflow-registry.ts";
import { ObjectRegistry } from "./object-registry.ts";
import { S3Objects } from "./s3-objects.ts";

export interface OpenOptions {
  /** Credentials and endpoints come from here alone. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** A registry by its address: `s3://BUCKET/PREFIX`, `mlflow+http://HOST:PORT` (or `mlflow+https`), or the path of a folder. */
export function openRegistry(address: string, options: OpenOptions): Registry {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(address)) {
    const path = resolve(address);
    return new ObjectRegistry(path, new FolderObjects(path));
  }
  const url = urlOf(address);
  if (url.username !== "" || url.password !== "" || url.search !== "") {
    throw new HarnessError("CONFIG_USAGE", "The registry's address holds credentials or parameters", {
      hint: "An address is shown and stored. Credentials come from the environment: see docs/publish.md.",
    });
  }
  if (url.protocol === "s3:") return openS3(url, options);
  if (url.protocol === "mlflow+http:" || url.protocol === "mlflow+https:") {
    const server = new URL(url.href.slice("mlflow+".length));
    return new MlflowRegistry(url.href.replace(/\/$/, ""), new MlflowApi({ url: server, ...options }));
  }
  throw new HarnessError("CONFIG_USAGE", `There is no registry of the kind ${url.protocol.slice(0, -1)}`, {
    hint: "Name a folder, s3://BUCKET/PREFIX, or mlflow+http://HOST:PORT.",
  });
}

function openS3(url: URL, { env, signal, clock }: OpenOptions): Registry {
  const [accessKeyId, secretAccessKey] = [env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"]];
  if (!accessKeyId || !secretAccessKey) {
    throw new HarnessError("REGISTRY_DENIED", "There are no credentials for S3 in the environment", {
      hint: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN for temporary ones).",
    });
  }
  const endpoint = env["AWS_ENDPOINT_URL_S3"] || env["AWS_ENDPOINT_URL"];
  const objects = new S3Objects({
    bucket: url.hostname,
    prefix: decodeURIComponent(url.pathname).replaceAll(/^\/+|\/+$/g, ""),
    endpoint: endpoint ? urlOf(endpoint) : undefined,
    key: {
      accessKeyId,
      secretAccessKey,
      sessionToken: env["AWS_SESSION_TOKEN"] || undefined,
      region: env["AWS_REGION"] || env["AWS_DEFAULT_REGION"] || "us-east-1",
      service: "s3",
    },
    env,
    signal,
    ...(clock === undefined ? {} : { clock }),
  });
  return new ObjectRegistry(url.href.replace(/\/$/, ""), objects);
}

function urlOf(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw new HarnessError("CONFIG_USAGE", "The address of the registry is no URL", {
      hint: "Write it as s3://BUCKET/PREFIX or mlflow+http://HOST:PORT.",
      cause,
    });
  }
}
