import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import type { RegistryAliases } from "../../harness/domain/generated/registry-aliases-v1.ts";
import { promote, rollback } from "../../harness/pipeline/promote.ts";
import { type PublishOptions, publish, resumePublications } from "../../harness/pipeline/publish.ts";
import { sha256 } from "../../harness/platform/digest.ts";
import { validator } from "../../harness/platform/schema.ts";
import { assertRefused, type CliResult, runCli, startCli } from "../fixtures/cli.ts";
import { digitsRun } from "../fixtures/digits-run.ts";
import { type FakeMlflow, MLFLOW_TOKEN, startFakeMlflow } from "../fixtures/fake-mlflow.ts";
import { type FakeS3, S3_KEY, startFakeS3 } from "../fixtures/fake-s3.ts";
import { until } from "../fixtures/run-files.ts";
import { editJson } from "../fixtures/stored-run.ts";

const VERSION = /Z-[0-9a-f]{4}\.onnx$/;
const MODEL = /^models\/digits\/v\d{8}T\d{9}Z-[0-9a-f]{4}\.onnx$/;
let results: Awaited<ReturnType<typeof digitsRun>>;
let folder = "";
let cases = 0;

before(async () => {
  results = await digitsRun();
});
after(() => results.remove());
beforeEach(() => {
  folder = join(results.root, `case-${++cases}`);
  mkdirSync(folder);
});

function options(more: Partial<PublishOptions> = {}): PublishOptions {
  return {
    run: results.run,
    variant: "u8s8",
    registry: join(folder, "registry"),
    outDir: join(folder, "results"),
    env: {},
    ...more,
  };
}

const inRegistry = (...parts: string[]) => join(folder, "registry", ...parts);
const outboxOf = () =>
  existsSync(join(folder, "results/outbox"))
    ? readdirSync(join(folder, "results/outbox")).filter((name) => name.endsWith(".json"))
    : [];
const auditLines = () =>
  readFileSync(join(folder, "results/publish.ndjson"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
const aliases = () => JSON.parse(readFileSync(inRegistry("models/digits/aliases.json"), "utf8")) as RegistryAliases;

describe("publishing into a folder", () => {
  it("stores the measured file under its digest and its version, with what was measured beside it", async () => {
    const steps: string[] = [];
    const {
      entry,
      registry_version: version,
      previous,
      is_new: isNew,
    } = await publish(options({ onStep: (step) => steps.push(step) }));
    assert.deepEqual([steps, previous, isNew], [["content", "version", "metadata", "register"], null, true]);
    assert.match(entry.path, MODEL);
    for (const key of [entry.path, entry.content_key])
      assert.equal(sha256(readFileSync(inRegistry(key))), entry.sha256);
    assert.equal(entry.sha256, sha256(readFileSync(join(results.run, "onnx/digits__u8s8.onnx"))));
    const stored = JSON.parse(readFileSync(inRegistry(entry.path.replace(".onnx", ".json")), "utf8"));
    assert.deepEqual(validator.validate("registry_entry.v1", stored, { what: "it", code: "STORE_SCHEMA" }), entry);
    assert.deepEqual([entry.verdict, entry.forced, entry.name, entry.version], ["pass", false, "digits", version]);
    assert.equal(entry.gate_digest, sha256(readFileSync(join(results.run, "gate.json"))));
    assert.ok(entry.inputs[0]?.shape && entry.outputs[0]?.dtype === "float32" && (entry.opsets["ai.onnx"] ?? 0) >= 13);
    const accuracy = entry.metrics.find(({ id }) => id === "accuracy")?.estimate;
    assert.ok((accuracy?.value ?? 0) > 0.9 && (accuracy?.low ?? 0) > 0.9 && accuracy?.n === 300);
    assert.deepEqual(
      aliases().moves.map(({ alias, op, version: named }) => [alias, op, named]),
      [["Staging", "publish", version]],
    );
    assert.deepEqual(outboxOf(), []);
    assert.deepEqual(
      auditLines().map(({ op, verdict, forced, sha256: digest }) => [op, verdict, forced, digest]),
      [["publish", "pass", false, entry.sha256]],
    );
  });

  it("the same again is no new version", async () => {
    const first = await publish(options());
    const second = await publish(options());
    assert.deepEqual([second.is_new, second.registry_version], [false, first.registry_version]);
    assert.equal(auditLines().length, 1);
  });

  it("a path pattern names versions otherwise; one that could overwrite or leave the registry is refused", async () => {
    const { entry } = await publish(options({ pathPattern: "edge/{name}-{variant}-{sha256}.onnx" }));
    assert.equal(entry.path, `edge/digits-digits-u8s8-${entry.sha256}.onnx`);
    for (const pathPattern of [
      "models/{name}.onnx",
      "../{timestamp}.onnx",
      "models/{timestamp}.bin",
      "/{sha256}.onnx",
      "{who}/{sha256}.onnx",
      "sha256/{sha256}.onnx",
    ]) {
      await assert.rejects(publish(options({ pathPattern, name: "other" })), { code: "CONFIG_USAGE" }, pathPattern);
    }
    await assert.rejects(publish(options({ name: "../x" })), { code: "CONFIG_USAGE" });
  });

  it("refuses a variant that fails, and lets it through by force with a reason, which entry and log keep", async () => {
    await assert.rejects(publish(options({ variant: "w2a8-rtn" })), {
      code: "REGISTRY_NOT_PASSING",
      message: /^The variant digits\/w2a8-rtn does not pass \(fail/,
    });
    await assert.rejects(publish(options({ variant: "fp32" })), { code: "REGISTRY_NOT_PASSING", message: /reference/ });
    await assert.rejects(publish(options({ variant: "w2a8-rtn", force: true })), {
      code: "CONFIG_USAGE",
      message: /reason/,
    });
    assert.ok(!existsSync(inRegistry()) && !existsSync(join(folder, "results/publish.ndjson")));
    const { entry } = await publish(options({ variant: "w2a8-rtn", force: true, reason: "for a demonstration" }));
    assert.deepEqual([entry.verdict, entry.forced, entry.reason], ["fail", true, "for a demonstration"]);
    assert.deepEqual(
      auditLines().map((line) => [line.verdict, line.forced, line.reason]),
      [["fail", true, "for a demonstration"]],
    );
    const move = { ...options(), name: "digits", alias: "Production" };
    await assert.rejects(promote(move), { code: "REGISTRY_NOT_PASSING", message: /by force/ });
    assert.equal((await promote({ ...move, force: true })).is_new, true);
  });

  it("trusts no stored verdict and no stored file", async () => {
    const forged = join(folder, "forged");
    cpSync(results.run, forged, { recursive: true });
    for (const name of ["summary.json", "gate.json"]) {
      writeFileSync(join(forged, name), readFileSync(join(forged, name), "utf8").replaceAll('"fail"', '"pass"'));
    }
    await assert.rejects(publish(options({ run: forged, variant: "w2a8-rtn" })), { code: "REGISTRY_NOT_PASSING" });
    writeFileSync(join(forged, "onnx/digits__u8s8.onnx"), readFileSync(join(forged, "onnx/digits__w2a8-rtn.onnx")));
    await assert.rejects(publish(options({ run: forged })), {
      code: "STORE_CORRUPT",
      message: /not the file that was measured/,
    });
    rmSync(join(forged, "onnx/digits__u8s8.onnx"));
    await assert.rejects(publish(options({ run: forged })), { code: "STORE_MISSING" });
    await assert.rejects(publish(options({ variant: "u8s9" })), {
      code: "CONFIG_USAGE",
      message: /has no variant u8s9/,
    });
  });

  it("promotes what Staging names, and goes back step by step", async () => {
    const first = await publish(options());
    const move = { ...options(), name: "digits", alias: "Production" };
    assert.deepEqual((({ version, previous }) => [version, previous])(await promote(move)), [
      first.registry_version,
      null,
    ]);
    assert.equal((await promote(move)).is_new, false);
    await assert.rejects(rollback(move), { code: "REGISTRY_MISSING", message: /named nothing before/ });
    const second = await publish(options({ variant: "w2a8-rtn", force: true, reason: "to go back from" }));
    await promote({ ...move, force: true });
    const back = await rollback({ ...move, reason: "worse in the field" });
    assert.deepEqual([back.version, back.previous], [first.registry_version, second.registry_version]);
    assert.deepEqual(
      aliases().moves.map(({ alias, op }) => `${op} ${alias}`),
      ["publish Staging", "promote Production", "publish Staging", "promote Production", "rollback Production"],
    );
    assert.deepEqual(auditLines().at(-1).reason, "worse in the field");
    await promote({ ...move, version: second.registry_version, force: true });
    assert.equal((await rollback(move)).version, first.registry_version);
    await assert.rejects(promote({ ...move, version: "v20200101T000000000Z-0000" }), { code: "REGISTRY_MISSING" });
    await assert.rejects(rollback({ ...move, alias: "Canary" }), { code: "REGISTRY_MISSING", message: /not set/ });
  });

  it("no alias moves to a version whose file was changed in the registry", async () => {
    const { entry } = await publish(options());
    writeFileSync(inRegistry(entry.path), "something else");
    await assert.rejects(promote({ ...options(), name: "digits", alias: "Production" }), { code: "REGISTRY_CORRUPT" });
    assert.equal(aliases().moves.length, 1);
  });

  it("a damaged list of aliases is named, not replaced", async () => {
    await publish(options());
    editJson(inRegistry("models/digits/aliases.json"), (document) => {
      document["moves"] = "none";
    });
    await assert.rejects(publish(options({ variant: "w2a8-rtn", force: true, reason: "x" })), {
      code: "REGISTRY_CORRUPT",
    });
  });

  it("versions of the same bytes under one path keep an entry each", async () => {
    const pathPattern = "edge/{name}-{sha256}.onnx";
    const first = await publish(options({ pathPattern }));
    const second = await publish(options({ pathPattern, alias: "Other" }));
    assert.equal(first.entry.path, second.entry.path);
    assert.notEqual(first.registry_version, second.registry_version);
    const move = { ...options(), name: "digits", alias: "Production" };
    for (const { registry_version: version, entry } of [first, second]) {
      assert.deepEqual((await promote({ ...move, version })).entry, entry);
    }
  });

  it("names and aliases that lead out of the registry are refused, typed here or written by others into it", async () => {
    const { registry_version: version, entry } = await publish(options());
    const move = { ...options(), name: "digits", alias: "Production" };
    for (const wrong of [{ name: "../digits" }, { alias: "a/b" }, { name: "" }]) {
      await assert.rejects(promote({ ...move, ...wrong }), { code: "CONFIG_USAGE" }, JSON.stringify(wrong));
      await assert.rejects(rollback({ ...move, ...wrong }), { code: "CONFIG_USAGE" }, JSON.stringify(wrong));
    }
    await assert.rejects(promote({ ...move, from: "../Staging" }), { code: "CONFIG_USAGE" });
    const outside = { ...entry, path: "../../outside.onnx" };
    writeFileSync(join(folder, "outside.json"), JSON.stringify(outside));
    writeFileSync(join(folder, "outside.onnx"), readFileSync(inRegistry(entry.path)));
    const list = (key: string) =>
      editJson(inRegistry("models/digits/aliases.json"), (document) => {
        document["versions"] = { [version]: key };
      });
    list("../outside.json");
    await assert.rejects(promote(move), { code: "REGISTRY_CORRUPT", message: /the object "\.\.\/outside\.json"/ });
    writeFileSync(inRegistry("inside.json"), JSON.stringify(outside));
    list("inside.json");
    await assert.rejects(promote(move), { code: "REGISTRY_CORRUPT", message: /outside\.onnx/ });
    writeFileSync(inRegistry("inside.json"), JSON.stringify({ ...entry, version: "v20200101T000000000Z-0000" }));
    await assert.rejects(promote(move), { code: "REGISTRY_CORRUPT", message: /lists inside\.json as digits/ });
    assert.equal(aliases().moves.length, 1);
  });

  it("sixteen publications at once lose no move of an alias", async () => {
    const all = Array.from({ length: 16 }, (_, i) => publish(options({ alias: `Alias${i}` })));
    await Promise.all(all);
    assert.equal(aliases().moves.length, 16);
    assert.equal(auditLines().length, 16);
  });
});

describe("a publication that was interrupted after its alias had moved", () => {
  /** Publishes, and leaves the outbox as a crash right after the last step would. */
  async function crashAtEnd(more: Partial<PublishOptions> = {}) {
    let left: readonly [string, Buffer] | undefined;
    const onStep = () => {
      const path = join(folder, "results/outbox", outboxOf()[0] as string);
      left = [path, readFileSync(path)];
    };
    const published = await publish(options({ ...more, onStep }));
    const [path, content] = left as readonly [string, Buffer];
    writeFileSync(path, content);
    return published;
  }
  const forced = { variant: "w2a8-rtn", force: true, reason: "to have a second" };

  it("is finished without a second move and a second line in the log, which loses only what was torn", async () => {
    const { registry_version: version } = await crashAtEnd();
    const log = join(folder, "results/publish.ndjson");
    writeFileSync(log, `${readFileSync(log, "utf8")}{"schema_version":"quantgate.pub`);
    const [again] = await resumePublications(options());
    assert.deepEqual([again?.registry_version, again?.previous, outboxOf()], [version, null, []]);
    assert.equal(aliases().moves.length, 1);
    await publish(options(forced));
    assert.deepEqual(
      auditLines().map((line) => line.variant_id),
      ["digits/u8s8", "digits/w2a8-rtn"],
    );
  });

  it("leaves the alias where others moved it since, or took it back", async () => {
    await crashAtEnd();
    const { registry_version: second } = await publish(options(forced));
    await resumePublications(options());
    assert.equal(aliases().moves.at(-1)?.version, second);
    const { registry_version: third } = await crashAtEnd({
      ...forced,
      name: "digits",
      reason: "a third",
      alias: "Other",
    });
    await promote({ ...options(), name: "digits", alias: "Other", version: second, force: true });
    const move = { ...options(), name: "digits", alias: "Other" };
    assert.equal((await rollback(move)).version, third);
    const moves = aliases().moves.length;
    await resumePublications(options());
    assert.equal(aliases().moves.length, moves);
  });

  it("is not taken back into an alias after a rollback", async () => {
    const { registry_version: first } = await publish(options());
    await crashAtEnd(forced);
    await rollback({ ...options(), name: "digits", alias: "Staging" });
    const [again] = await resumePublications(options());
    assert.equal(again?.previous, first);
    assert.deepEqual(
      aliases().moves.map(({ op }) => op),
      ["publish", "publish", "rollback"],
    );
  });

  it("is not finished where the outbox says something else than the run gives", async () => {
    await crashAtEnd(forced);
    const path = join(folder, "results/outbox", outboxOf()[0] as string);
    editJson(path, (document) => {
      Object.assign(document["entry"] as object, { verdict: "pass", forced: false, reason: null });
    });
    await assert.rejects(resumePublications(options()), {
      code: "STORE_CORRUPT",
      message: /does not give what outbox/,
    });
    editJson(path, (document) => {
      Object.assign(document["entry"] as object, { verdict: "fail", forced: true, reason: " " });
    });
    await assert.rejects(resumePublications(options()), { code: "STORE_CORRUPT" });
    assert.equal(aliases().moves.length, 1);
  });
});

describe("publishing into an S3-compatible bucket", () => {
  let s3: FakeS3;
  const env = () => ({
    AWS_ACCESS_KEY_ID: S3_KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_KEY.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.url,
  });
  const toBucket = (more: Partial<PublishOptions> = {}) =>
    options({ registry: "s3://bucket/some/place", env: env(), ...more });
  const named = () => [...s3.objects.keys()].filter((key) => key.endsWith("aliases.json"));
  beforeEach(async () => {
    s3 = await startFakeS3();
  });
  const stop = () => s3.close();

  it("stores, reads back, copies on the server, and registers last", async (t) => {
    t.after(stop);
    const { entry } = await publish(toBucket());
    const whole = (key: string) => `/bucket/some/place/${key}`;
    assert.equal(sha256(s3.objects.get(whole(entry.path)) ?? ""), entry.sha256);
    assert.equal(sha256(s3.objects.get(whole(entry.content_key)) ?? ""), entry.sha256);
    assert.equal(s3.requests.at(-1), `PUT ${whole("models/digits/aliases.json")}`);
    const move = { ...toBucket(), name: "digits", alias: "Production" };
    await promote(move);
    await assert.rejects(rollback(move), { code: "REGISTRY_MISSING" });
  });

  it("an upload that breaks off registers nothing; the same call, or --resume, sends only what is missing", async (t) => {
    t.after(stop);
    for (const [step, cut, again] of [
      ["content", /\/sha256\//, () => publish(toBucket())],
      ["version", /v\d+T\d+Z-\w+\.json/, () => resumePublications(toBucket())],
      ["alias", /aliases\.json/, () => publish(toBucket())],
    ] as const) {
      s3.objects.clear();
      s3.cutNext = cut;
      await assert.rejects(publish(toBucket()), { code: "REGISTRY_UNAVAILABLE" }, step);
      assert.deepEqual([named(), outboxOf().length], [[], 1], step);
      const before = s3.requests.length;
      const published = await again();
      const { entry } = Array.isArray(published) ? (published[0] as Awaited<ReturnType<typeof publish>>) : published;
      const sent = s3.requests.slice(before).filter((line) => line.startsWith("PUT") && line.includes("/sha256/"));
      assert.equal(sent.length, step === "content" ? 1 : 0, step);
      assert.equal(sha256(s3.objects.get(`/bucket/some/place/${entry.path}`) ?? ""), entry.sha256);
      assert.deepEqual([named().length, outboxOf()], [1, []], step);
      assert.equal([...s3.objects.keys()].filter((key) => VERSION.test(key)).length, 1, "one version, not two");
    }
  });

  it("a process that is killed in the middle leaves a publication that the next one finishes", async (t) => {
    t.after(stop);
    s3.hangOn = VERSION;
    const args = [
      "publish",
      results.run,
      "u8s8",
      "--registry",
      "s3://bucket/p",
      "--out-dir",
      join(folder, "results"),
      "--json",
    ];
    const { child, done } = startCli(args, { cwd: folder, env: env() });
    await until(() => s3.requests.some((line) => VERSION.test(line)), "the version is sent");
    child.kill("SIGKILL");
    await done;
    assert.deepEqual([named(), outboxOf().length], [[], 1]);
    s3.hangOn = undefined;
    const result = await runCli(args, { cwd: folder, env: env() });
    assert.equal(result.code, 0, result.stderr);
    const { entry } = JSON.parse(result.stdout);
    assert.equal([...s3.objects.keys()].filter((key) => VERSION.test(key)).length, 1);
    assert.equal(sha256(s3.objects.get(`/bucket/p/${entry.path}`) ?? ""), entry.sha256);
  });

  it("other bytes on read-back are an error, and nothing is registered", async (t) => {
    t.after(stop);
    s3.corrupt = VERSION;
    await assert.rejects(publish(toBucket()), { code: "REGISTRY_CORRUPT", message: /other bytes/ });
    assert.deepEqual([named(), outboxOf().length], [[], 1]);
    s3.corrupt = undefined;
    assert.equal((await publish(toBucket())).is_new, true);
  });

  it("wrong, missing or forbidden credentials are said in one sentence that holds none of them", async (t) => {
    t.after(stop);
    const wrong = { ...env(), AWS_SECRET_ACCESS_KEY: "wrong-secret-that-must-not-show" };
    const run = (extra: Record<string, string>): Promise<CliResult> =>
      runCli(["publish", results.run, "u8s8", "--registry", "s3://bucket/p", "--out-dir", join(folder, "results")], {
        cwd: folder,
        env: extra,
      });
    const denied = await run(wrong);
    assertRefused(denied, { exitCode: 5, code: "REGISTRY_DENIED", says: /403: SignatureDoesNotMatch/ });
    assertRefused(await run({ AWS_ENDPOINT_URL: s3.url }), {
      exitCode: 5,
      code: "REGISTRY_DENIED",
      says: /no credentials/,
    });
    const other = await runCli(
      ["publish", results.run, "u8s8", "--registry", "s3://other", "--out-dir", join(folder, "results")],
      { cwd: folder, env: env() },
    );
    assertRefused(other, { exitCode: 5, code: "REGISTRY_REFUSED", says: /NoSuchBucket/ });
    s3.failWith = 503;
    assertRefused(await run(env()), { exitCode: 5, code: "REGISTRY_UNAVAILABLE", says: /503: SlowDown/ });
    s3.failWith = undefined;
    assert.equal((await run(env())).code, 0);
    const texts = [denied.stderr, ...filesBelow(folder).map((path) => readFileSync(path, "utf8"))];
    for (const secret of [S3_KEY.secretAccessKey, wrong.AWS_SECRET_ACCESS_KEY, S3_KEY.accessKeyId]) {
      assert.ok(texts.every((text) => !text.includes(secret)));
    }
  });

  it("writers that meet at an alias go one after another", async (t) => {
    t.after(stop);
    await Promise.all(Array.from({ length: 3 }, (_, i) => publish(toBucket({ alias: `Alias${i}` }))));
    const document = JSON.parse(String(s3.objects.get("/bucket/some/place/models/digits/aliases.json")));
    assert.equal(document.moves.length, 3);
  });
});

describe("publishing into MLflow", () => {
  let mlflow: FakeMlflow;
  const env = { MLFLOW_TRACKING_TOKEN: MLFLOW_TOKEN };
  const toServer = (more: Partial<PublishOptions> = {}) => options({ registry: `mlflow+${mlflow.url}`, env, ...more });
  beforeEach(async () => {
    mlflow = await startFakeMlflow();
  });
  const stop = () => mlflow.close();

  it("keeps the files as artifacts of a run, makes a version of them, and moves MLflow's own alias last", async (t) => {
    t.after(stop);
    const first = await publish(toServer());
    assert.equal(first.registry_version, "1");
    assert.equal(sha256(mlflow.artifacts.get(`7/run0/artifacts/${first.entry.path}`) ?? ""), first.entry.sha256);
    assert.ok(mlflow.metrics.some(({ key, value }) => key === "accuracy.low" && value > 0.9));
    assert.equal(mlflow.versions[0]?.source, "mlflow-artifacts:/7/run0/artifacts/models/digits");
    assert.deepEqual([...mlflow.aliases], [["Staging", "1"]]);
    assert.equal((await publish(toServer())).is_new, false);
    await publish(toServer({ variant: "w2a8-rtn", force: true, reason: "second" }));
    const move = { ...toServer(), name: "digits", alias: "Staging" };
    assert.deepEqual((({ version, previous }) => [version, previous])(await rollback(move)), ["1", "2"]);
    assert.equal((await promote({ ...move, alias: "Production" })).version, "1");
    const again = { variant: "w2a8-rtn", force: true, reason: "after the rollback" };
    assert.equal((await publish(toServer(again))).registry_version, "3");
    assert.equal((await rollback(move)).version, "1");
    assert.deepEqual(
      [...mlflow.aliases],
      [
        ["Staging", "1"],
        ["Production", "1"],
      ],
    );
  });

  it("an artifact that breaks off makes no version; the next call goes on in the same run", async (t) => {
    t.after(stop);
    mlflow.cutNext = VERSION;
    await assert.rejects(publish(toServer()), { code: "REGISTRY_UNAVAILABLE" });
    assert.deepEqual([mlflow.versions.length, mlflow.aliases.size, outboxOf().length], [0, 0, 1]);
    assert.equal((await publish(toServer())).registry_version, "1");
    assert.equal(mlflow.versions.length, 1);
    assert.ok([...mlflow.artifacts.keys()].every((key) => key.startsWith("7/run0/")));
  });

  it("other bytes on read-back make no version, and no alias goes back to them", async (t) => {
    t.after(stop);
    mlflow.corrupt = VERSION;
    await assert.rejects(publish(toServer()), { code: "REGISTRY_CORRUPT" });
    assert.equal(mlflow.versions.length, 0);
  });

  it("a wrong token is denied; credentials in the address are refused before anything is sent", async (t) => {
    t.after(stop);
    await assert.rejects(publish(toServer({ env: { MLFLOW_TRACKING_TOKEN: "wrong-token" } })), {
      code: "REGISTRY_DENIED",
      message: /401: You are not authenticated/,
    });
    const address = `mlflow+${mlflow.url.replace("//", "//user:pass@")}`;
    await assert.rejects(publish(toServer({ registry: address })), (error: Error) => {
      assert.match(error.message, /holds credentials/);
      return !`${error.message}${(error as { hint?: string }).hint}`.includes("pass@");
    });
    await assert.rejects(publish(options({ registry: "ftp://host/x" })), { code: "CONFIG_USAGE" });
    await assert.rejects(publish(options({ registry: "mlflow+http://127.0.0.1:1" })), { code: "REGISTRY_UNAVAILABLE" });
  });
});

describe("the command line", () => {
  it("publishes, promotes and rolls back into the default folder", async () => {
    const run = (...args: string[]) => runCli([...args, "--out-dir", results.outDir], { cwd: folder });
    const published = await run("publish", results.run, "u8s8");
    assert.equal(published.code, 0, published.stderr);
    assert.match(published.stdout, /^published digits\/u8s8 as digits v\d+T\d+Z-\w+: PASS\n {2}accuracy 0\.9/);
    assert.match(
      (await run("promote", "digits", "--alias", "Production")).stdout,
      /^Production of digits -> v\d+T\d+Z-\w+ in /,
    );
    assertRefused(await run("rollback", "digits", "--alias", "Production"), {
      exitCode: 6,
      code: "REGISTRY_MISSING",
      says: /named nothing before/,
    });
    assertRefused(await run("publish", results.run, "w2a8-rtn"), {
      exitCode: 3,
      code: "REGISTRY_NOT_PASSING",
      says: /does not pass \(fail/,
    });
    assertRefused(await run("publish", results.run), {
      exitCode: 2,
      code: "CONFIG_USAGE",
      says: /a run and a variant/,
    });
    assert.equal((await run("publish", "--resume")).stdout, "no publication to this registry is under way\n");
  });
});

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
