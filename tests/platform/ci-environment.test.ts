import assert from "node:assert/strict";
import { test } from "node:test";
import { ciFacts, recordedEnvironment } from "../../harness/platform/ci-environment.ts";

test("GitHub and GitLab say where a run was started; elsewhere there is nothing to say", () => {
  assert.equal(ciFacts({ CI: "" }), null);
  assert.equal(ciFacts({ CI: "true" })?.provider, "other");
  const github = ciFacts({
    GITHUB_ACTIONS: "true",
    GITHUB_WORKFLOW: "nightly",
    GITHUB_RUN_ID: "7",
    GITHUB_RUN_ATTEMPT: "2",
    GITHUB_SHA: "abc",
    GITHUB_REF: "refs/heads/main",
    GITHUB_SERVER_URL: "https://example.org",
    GITHUB_REPOSITORY: "o/r",
  });
  assert.deepEqual(
    [github?.workflow, github?.run_id, github?.run_attempt, github?.sha, github?.ref, github?.url, github?.job],
    ["nightly", "7", "2", "abc", "refs/heads/main", "https://example.org/o/r/actions/runs/7", null],
  );
  const gitlab = ciFacts({ GITLAB_CI: "true", CI_PIPELINE_ID: "9", CI_COMMIT_SHA: "def", CI_JOB_NAME: "gate" });
  assert.deepEqual([gitlab?.provider, gitlab?.run_id, gitlab?.sha, gitlab?.job], ["gitlab", "9", "def", "gate"]);
});

test("of the environment only what can change a measurement is recorded", () => {
  const env = {
    OMP_NUM_THREADS: "2",
    PATH: "/bin",
    HOME: "/root",
    NODE_OPTIONS: "--jitless",
    QUANTGATE_DATA_DIR: "/d",
    CIRCUS: "x",
  };
  assert.deepEqual(recordedEnvironment(env), {
    NODE_OPTIONS: "--jitless",
    OMP_NUM_THREADS: "2",
    QUANTGATE_DATA_DIR: "/d",
  });
});
