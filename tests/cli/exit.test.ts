import assert from "node:assert/strict";
import { test } from "node:test";
import { describeError } from "../../harness/cli/exit.ts";
import { HarnessError } from "../../harness/domain/errors.ts";

test("words of a server in an error are spelled out, never obeyed by the terminal", () => {
  const error = new HarnessError("CONFIG_MODEL_MISSING", "There is no model \u001b[2Jx", {
    hint: "It has a\u202eb.\nSee docs.",
  });
  const { text, exitCode } = describeError(error, {});
  assert.equal(
    text,
    "error: There is no model \\u001b[2Jx. [CONFIG_MODEL_MISSING]\nhint: It has a\\u202eb.\nSee docs.",
  );
  assert.equal(exitCode, 2);
});
