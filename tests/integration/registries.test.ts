import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Published } from "../../harness/pipeline/finish-publication.ts";
import { promote, rollback } from "../../harness/pipeline/promote.ts";
import { type PublishOptions, publish } from "../../harness/pipeline/publish.ts";
import { openRegistry } from "../../harness/registries/open-registry.ts";
import { digitsRun } from "../fixtures/digits-run.ts";
import {
  freePort,
  MLFLOW_LOGIN,
  type RealServer,
  startCutter,
  startMlflow,
  startMotoS3,
} from "../fixtures/real-registries.ts";
import { pythonHas } from "../fixtures/reference-python.ts";
import { need } from "../fixtures/require.ts";

const hasMlflow = pythonHas("mlflow.server.auth");
const hasMoto = pythonHas("moto.server", "flask_cors");
let results: Awaited<ReturnType<typeof digitsRun>>;
before(async () => {
  if (hasMlflow || hasMoto) results = await digitsRun();
});
after(() => results?.remove());

/** Publishes, breaks, resumes, promotes and goes back: the same story for every kind of registry. */
async function story(given: {
  readonly options: PublishOptions;
  readonly wrong: NodeJS.ProcessEnv;
  /** Makes the first publication fail after something was sent, and puts things right again. */
  readonly breakOff: (publishing: (more: Partial<PublishOptions>) => Promise<unknown>) => Promise<void>;
}): Promise<Published> {
  const { options, wrong } = given;
  const { env = {} } = options;
  await assert.rejects(publish({ ...options, env: wrong }), { code: "REGISTRY_DENIED" });
  await assert.rejects(publish({ ...options, variant: "w2a8-rtn" }), { code: "REGISTRY_NOT_PASSING" });
  await given.breakOff((more) => publish({ ...options, ...more }));
  const registry = openRegistry(options.registry, { env });
  assert.deepEqual(
    await registry.alias("digits", "Staging"),
    { stack: [], takenBack: [] },
    "nothing is registered yet",
  );
  const first = await publish(options);
  assert.deepEqual([first.is_new, first.previous], [true, null]);
  assert.equal(await registry.digestOf(first.entry, first.registry_version), first.entry.sha256);
  assert.deepEqual(await registry.entry("digits", first.registry_version), first.entry);
  assert.equal((await publish(options)).is_new, false);
  const move = { ...options, name: "digits", alias: "Production" };
  assert.equal((await promote(move)).version, first.registry_version);
  const second = await publish({ ...options, variant: "w2a8-rtn", force: true, reason: "to go back from" });
  assert.equal(second.previous, first.registry_version);
  await assert.rejects(promote(move), { code: "REGISTRY_NOT_PASSING" });
  await promote({ ...move, force: true });
  assert.equal((await rollback(move)).version, first.registry_version);
  assert.deepEqual((await registry.alias("digits", "Production")).stack, [first.registry_version]);
  const written = readdirSync(options.outDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
  const secrets = Object.entries({ ...env, ...wrong }).flatMap(([name, value]) =>
    /SECRET|PASSWORD/.test(name) && value !== undefined ? [value] : [],
  );
  assert.ok(secrets.length > 0 && written.length > 0);
  for (const secret of secrets) assert.ok(written.every((text) => !text.includes(secret)));
  return first;
}

describe("a real MLflow server", need("mlflow", hasMlflow), () => {
  it("takes a version, survives being killed in the middle of one, and lets its aliases move", async (t) => {
    const folder = join(results.root, "mlflow");
    mkdirSync(folder);
    const port = await freePort();
    let server: RealServer = await startMlflow(folder, port);
    t.after(() => server.kill());
    const options: PublishOptions = {
      run: results.run,
      variant: "u8s8",
      registry: `mlflow+${server.url}`,
      outDir: join(folder, "results"),
      env: MLFLOW_LOGIN,
    };
    await story({
      options,
      wrong: { ...MLFLOW_LOGIN, MLFLOW_TRACKING_PASSWORD: "wrong-password-0123" },
      breakOff: async (publishing) => {
        let killed: Promise<void> | undefined;
        const onStep = (step: string) => {
          if (step === "version") killed = server.kill();
        };
        await assert.rejects(publishing({ onStep }), { code: "REGISTRY_UNAVAILABLE" });
        assert.ok(killed !== undefined, "the server died in the middle");
        await killed;
        server = await startMlflow(folder, port);
      },
    });
    // A file that was changed in the server's storage: no alias moves to it.
    const stored = readdirSync(join(folder, "artifacts"), { recursive: true })
      .map(String)
      .filter((path) => /Z-[0-9a-f]{4}\.onnx$/.test(path));
    for (const path of stored) writeFileSync(join(folder, "artifacts", path), "something else");
    await assert.rejects(promote({ ...options, name: "digits", alias: "Other", force: true }), {
      code: "REGISTRY_CORRUPT",
    });
  });
});

describe("a real S3-compatible server", need("s3", hasMoto), () => {
  it("takes a version, also after an upload that broke off, and lets its aliases move", async (t) => {
    const folder = join(results.root, "s3");
    mkdirSync(folder);
    const port = await freePort();
    const server = await startMotoS3(folder, port);
    t.after(() => server.kill());
    const cutter = await startCutter(port);
    t.after(() => cutter.close());
    const env = {
      AWS_ACCESS_KEY_ID: server.key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.key.secretAccessKey,
      AWS_ENDPOINT_URL: cutter.url,
    };
    const registry = "s3://bucket/our-models/vision";
    const size = statSync(join(results.run, "onnx/digits__u8s8.onnx")).size;
    const options = { run: results.run, variant: "u8s8", registry, outDir: join(folder, "results"), env };
    const { entry, registry_version: version } = await story({
      options,
      wrong: { ...env, AWS_SECRET_ACCESS_KEY: "wrong-secret-that-is-not-it" },
      breakOff: async (publishing) => {
        cutter.cutAfter = Math.floor(size / 2);
        await assert.rejects(publishing({}), { code: "REGISTRY_UNAVAILABLE" });
        assert.equal(cutter.cutAfter, undefined, "it broke off in the middle");
      },
    });
    const objects = await openRegistry(registry, { env }).objects({ entry, id: "", alias: "", by: "", facts: {} });
    await objects.put(entry.path, new TextEncoder().encode("something else"));
    await assert.rejects(promote({ ...options, name: "digits", alias: "Other", version }), {
      code: "REGISTRY_CORRUPT",
    });
  });
});
