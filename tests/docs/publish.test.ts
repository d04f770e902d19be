import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../harness/platform/package-root.ts";
import { runCli } from "../fixtures/cli.ts";
import { digitsRun } from "../fixtures/digits-run.ts";
import { MLFLOW_TOKEN, startFakeMlflow } from "../fixtures/fake-mlflow.ts";
import { S3_KEY, startFakeS3 } from "../fixtures/fake-s3.ts";

test("every command of docs/publish.md runs, in its order", async (t) => {
  const { root, remove } = await digitsRun();
  const [s3, mlflow] = await Promise.all([startFakeS3(), startFakeMlflow()]);
  t.after(async () => {
    await Promise.all([s3.close(), mlflow.close()]);
    remove();
  });
  const env = {
    AWS_ACCESS_KEY_ID: S3_KEY.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_KEY.secretAccessKey,
    AWS_ENDPOINT_URL: s3.url,
    MLFLOW_TRACKING_TOKEN: MLFLOW_TOKEN,
  };
  const text = readFileSync(join(packageRoot(), "docs/publish.md"), "utf8");
  const commands = [...text.matchAll(/^\$ quantgate (.*)$/gm)].map((found) => found[1] as string);
  assert.ok(commands.length >= 8);
  for (const command of commands) {
    const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((found) => found[1] ?? found[2] ?? "");
    const args = words.map((word) => word.replace("http://127.0.0.1:5000", mlflow.url));
    const { code, stdout, stderr } = await runCli(args, { cwd: root, env });
    assert.equal(code, 0, `${command}: ${stderr}`);
    if (command.startsWith("rollback")) assert.match(stdout, /^Production of digits -> v\d+T\d+Z-\w+ \(before: v/);
  }
  assert.ok(existsSync(join(root, "registry/models/digits/aliases.json")));
  assert.ok([...s3.objects.keys()].some((key) => key === "/bucket/vision/models/digits/aliases.json"));
  assert.deepEqual([...mlflow.aliases], [["Staging", "1"]]);
});
