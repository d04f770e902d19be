import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { MatrixConfig } from "../../harness/domain/generated/config-v1.ts";
import { lookForServers } from "../../harness/pipeline/doctor-servers.ts";
import { findServers, usualPlaces } from "../../harness/pipeline/language/find-servers.ts";
import { groupQuants } from "../../harness/pipeline/language/group-quants.ts";
import { initLanguage } from "../../harness/pipeline/language/init-language.ts";
import { planSweep } from "../../harness/pipeline/sweep.ts";
import { fakeLmstudio } from "../fixtures/language/fake-lmstudio.ts";
import { fakeOllama } from "../fixtures/language/fake-ollama.ts";
import { sendJson, serve } from "../fixtures/language/local-server.ts";
import { tinyGguf } from "../fixtures/language/tiny-gguf.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const signal = new AbortController().signal;
const QUANTS = {
  "tiny:1b-instruct-q4_K_M": { quantization: "Q4_K_M", digest: "c".repeat(64), size: 600_000 },
  "tiny:1b-instruct-q8_0": { quantization: "Q8_0", digest: "b".repeat(64), size: 1_062_500 },
  "other:latest": { quantization: "Q4_0", digest: "d".repeat(64), size: 580_000 },
};

const read = (path: string) => JSON.parse(readFileSync(path, "utf8")) as MatrixConfig;

describe("init for language models", () => {
  it("finds Ollama, takes the model with the most quants, and writes a config that can be planned", async (t) => {
    const { url } = await fakeOllama(t, QUANTS);
    const cwd = await scratchFolder(t);
    const places = [{ kind: "ollama" as const, url }];
    const { config, notes } = await initLanguage({ out: "quantgate.json", cwd, places });
    const written = read(config);
    assert.deepEqual(written.models, [
      { id: "tiny:1b-instruct", tags: { Q8_0: "tiny:1b-instruct-q8_0", Q4_K_M: "tiny:1b-instruct-q4_K_M" } },
    ]);
    assert.equal(written.language?.allow_unverified, undefined);
    assert.match(notes.join("\n"), /ollama 0\.99\.0 at .*, 3 models\nmodel {4}tiny:1b-instruct: Q8_0, Q4_K_M/);
    const { plan } = await planSweep({ config, cwd });
    assert.deepEqual(
      plan.variants.map(({ quant_tag, role, sha256 }) => [quant_tag, role, sha256?.slice(0, 1)]),
      [
        ["Q8_0", "baseline", "b"],
        ["Q4_K_M", "candidate", "c"],
      ],
    );
    await assert.rejects(initLanguage({ out: "quantgate.json", cwd, places }), { code: "CONFIG_USAGE" });
    const other = await initLanguage({ model: "other", out: "quantgate.json", cwd, places, force: true });
    assert.match(other.notes.join("\n"), /only one/);
    await assert.rejects(initLanguage({ model: "no-such", out: "x.json", cwd, places }), {
      code: "CONFIG_MODEL_MISSING",
      hint: /tiny:1b-instruct/,
    });
  });

  it("says of LM Studio that nothing proves its weights", async (t) => {
    const { url } = await fakeLmstudio(t, {
      "smollm2-135m@q8_0": { quantization: "Q8_0", bits: 8.5, size: 144_811_072 },
      "smollm2-135m@q4_0": { quantization: "Q4_0", bits: 5.5, size: 91_726_912 },
    });
    const cwd = await scratchFolder(t);
    const { config } = await initLanguage({ out: "q.json", cwd, places: [{ kind: "lmstudio", url }] });
    const { language, models, runtime } = read(config);
    assert.deepEqual([runtime?.kind, language?.allow_unverified], ["lmstudio", true]);
    assert.deepEqual(models?.[0]?.tags, { Q8_0: "smollm2-135m@q8_0", Q4_0: "smollm2-135m@q4_0" });
    assert.equal((await planSweep({ config, cwd })).plan.variants.length, 2);
  });

  it("takes the files of a folder, and a context no longer than the model was made for", async (t) => {
    const cwd = await scratchFolder(t);
    mkdirSync(join(cwd, "models"));
    tinyGguf(join(cwd, "models/tiny.Q8_0.gguf"), { fileType: 7 });
    const tensors = [{ name: "w", type: "Q4_0" as const, dims: [64, 4] }];
    tinyGguf(join(cwd, "models/tiny.Q4_0.gguf"), { fileType: 2, tensors });
    const { config } = await initLanguage({ model: "models", out: "q.json", cwd, env: { PATH: "" } });
    const { models, language } = read(config);
    assert.deepEqual(models, [{ id: "tiny", files: { Q8_0: "models/tiny.Q8_0.gguf", Q4_0: "models/tiny.Q4_0.gguf" } }]);
    assert.equal(language?.context_tokens, 2048);
    assert.equal((await planSweep({ config, cwd })).plan.variants.length, 2);
  });

  it("without any server says where it looked", async (t) => {
    const cwd = await scratchFolder(t);
    const places = [{ kind: "ollama" as const, url: "http://127.0.0.1:9" }];
    await assert.rejects(initLanguage({ out: "q.json", cwd, places }), {
      code: "RUNTIME_UNAVAILABLE",
      hint: /127\.0\.0\.1:9/,
    });
  });
});

describe("servers of language models", () => {
  it("a place where something else answers, or nothing in time, is none", async (t) => {
    const web = await serve(t, (_, response) => void response.writeHead(200).end("<html>hello</html>"));
    const silent = await serve(t, () => undefined);
    const places = [web, silent].flatMap((url) => [
      { kind: "ollama" as const, url },
      { kind: "lmstudio" as const, url },
    ]);
    assert.deepEqual(await findServers(places, signal), []);
    assert.equal((await lookForServers(places, signal)).status, "missing");
  });

  it("doctor tells what answers and how many models it has", async (t) => {
    const { url } = await fakeOllama(t, QUANTS);
    const found = await lookForServers([{ kind: "ollama", url }], signal);
    assert.deepEqual([found.status, found.facts], ["ok", { ollama: 3 }]);
    const empty = await serve(t, (request, response) =>
      sendJson(response, request.url === "/api/version" ? { version: "1" } : { models: [] }),
    );
    assert.equal((await lookForServers([{ kind: "ollama", url: empty }], signal)).status, "warn");
  });

  it("Ollama is looked for where OLLAMA_HOST says", () => {
    const at = (host: string | undefined) => usualPlaces(host === undefined ? {} : { OLLAMA_HOST: host })[0]?.url;
    assert.equal(at(undefined), "http://127.0.0.1:11434");
    assert.equal(at("0.0.0.0:5000"), "http://127.0.0.1:5000");
    assert.equal(at("box"), "http://box:11434");
    assert.equal(at("https://box:1"), "https://box:1");
  });
});

describe("groupQuants", () => {
  it("puts names together that differ by their label alone, from more bits to fewer", () => {
    const model = (name: string, quantization: string | undefined) => ({
      name,
      quantization,
      digest: undefined,
      bytes: undefined,
      parameters: undefined,
      bitsPerWeight: undefined,
      contextLength: undefined,
    });
    const groups = groupQuants([
      model("qwen2.5-coder:7b-instruct-q4_K_M", "Q4_K_M"),
      model("qwen2.5-coder:7b-instruct-fp16", "F16"),
      model("qwen2.5-coder:7b-instruct-q8_0", undefined),
      model("SmolLM2.IQ4_XS.gguf", undefined),
      model("no-label-at-all", undefined),
    ]);
    assert.deepEqual(
      groups.map(({ id, quants }) => [id, ...quants.map(({ tag }) => tag)]),
      [
        ["qwen2.5-coder:7b-instruct", "F16", "Q8_0", "Q4_K_M"],
        ["SmolLM2", "IQ4_XS"],
      ],
    );
  });
});
