import { createHash } from "node:crypto";
import type { ModelFile, ObjectStore } from "../domain/registry-port.ts";
import { type TransferReply, type TransferRequest, transfer } from "../platform/http-transfer.ts";
import { parseWireJson } from "../platform/json.ts";
import { refusal } from "./http-refusal.ts";
import { requireKey } from "./require-key.ts";
import { encodeSegment } from "./sigv4.ts";

export interface MlflowServer {
  /** http or https address, without credentials. */
  readonly url: URL;
  /** MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, are read from it. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** A JSON reply's object; fields are looked at where they are used. */
export type MlflowReply = Readonly<Record<string, unknown>>;

/** MLflow's REST interface, version 2.0: tracking, model registry, and the artifacts that the server keeps itself. */
export class MlflowApi {
  readonly #server: MlflowServer;
  readonly who: string;

  constructor(server: MlflowServer) {
    this.#server = server;
    this.who = `The MLflow server at ${server.url.host}`;
  }

  /** Undefined where the server says that there is no such thing. */
  async find(path: string, query: Readonly<Record<string, string>>): Promise<MlflowReply | undefined> {
    const url = this.#at(`api/2.0/mlflow/${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const reply = await this.#send({ method: "GET", url, headers: {} });
    if (codeOf(reply) === "RESOURCE_DOES_NOT_EXIST") return undefined;
    return this.#json(reply);
  }

  /** `unless`: an error code of MLflow's that is as good as success. */
  async post(path: string, content: object, { unless }: { readonly unless?: string } = {}): Promise<MlflowReply> {
    const reply = await this.#send({
      method: "POST",
      url: this.#at(`api/2.0/mlflow/${path}`),
      headers: { "content-type": "application/json" },
      body: new TextEncoder().encode(JSON.stringify(content)),
    });
    if (unless !== undefined && codeOf(reply) === unless) return {};
    return this.#json(reply);
  }

  /** Objects under a folder of the server's artifact store. */
  artifacts(root: string): ObjectStore {
    const url = (key: string) => {
      const path = `${root}/${requireKey(key)}`.split("/").map(encodeSegment).join("/");
      return this.#at(`api/2.0/mlflow-artifacts/artifacts/${path}`);
    };
    const put = async (key: string, content: ModelFile | Uint8Array): Promise<void> => {
      const headers = { "content-type": "application/octet-stream" };
      this.#expectSuccess(await this.#send({ method: "PUT", url: url(key), headers, body: content }));
    };
    return {
      get: async (key) => {
        const reply = await this.#send({ method: "GET", url: url(key), headers: {} });
        if (isNoArtifact(reply)) return undefined;
        this.#expectSuccess(reply);
        return reply.body;
      },
      digest: async (key) => {
        const hash = createHash("sha256");
        const onBytes = (bytes: Uint8Array) => void hash.update(bytes);
        const reply = await this.#send({ method: "GET", url: url(key), headers: {}, onBytes });
        if (isNoArtifact(reply)) return undefined;
        this.#expectSuccess(reply);
        return hash.digest("hex");
      },
      put,
      // MLflow copies nothing: the bytes are sent again.
      copy: (_from, to, file) => put(to, file),
    };
  }

  #at(path: string): URL {
    return new URL(`${this.#server.url.href.replace(/\/$/, "")}/${path}`);
  }

  #send(request: Omit<TransferRequest, "who" | "signal">): Promise<TransferReply> {
    const headers = { ...request.headers, ...authorization(this.#server.env) };
    return transfer({ ...request, headers, signal: this.#server.signal, who: this.who });
  }

  #json(reply: TransferReply): MlflowReply {
    this.#expectSuccess(reply);
    const value = parseWireJson(new TextDecoder().decode(reply.body), this.who);
    return typeof value === "object" && value !== null ? (value as MlflowReply) : {};
  }

  #expectSuccess(reply: TransferReply): void {
    if (reply.status < 300) return;
    throw refusal(this.who, reply, wordsOf(reply), this.#server.env);
  }
}

function authorization(env: NodeJS.ProcessEnv): Record<string, string> {
  const token = env["MLFLOW_TRACKING_TOKEN"];
  if (token) return { authorization: `Bearer ${token}` };
  const [user, password] = [env["MLFLOW_TRACKING_USERNAME"], env["MLFLOW_TRACKING_PASSWORD"]];
  if (!user || !password) return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

function errorOf({ body }: TransferReply): { error_code?: unknown; message?: unknown } {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function codeOf(reply: TransferReply): unknown {
  return reply.status < 300 ? undefined : errorOf(reply).error_code;
}

function wordsOf(reply: TransferReply): string {
  const { error_code: code, message } = errorOf(reply);
  const words = [code, message].filter((word) => typeof word === "string").join(": ");
  // An HTML page of a proxy says nothing in one sentence.
  return words !== "" || new TextDecoder().decode(reply.body).trimStart().startsWith("<")
    ? words
    : new TextDecoder().decode(reply.body);
}

/** Depending on the storage behind it, a missing artifact is a 404, or the server's own failure to find it. */
function isNoArtifact(reply: TransferReply): boolean {
  return reply.status === 404 || (reply.status === 500 && /No such file|not exist|NoSuchKey/i.test(wordsOf(reply)));
}
