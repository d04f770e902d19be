import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { JournalLine, TrialLine } from "../../harness/domain/generated/journal-v1.ts";
import { decide, decideWithPolicy } from "../../harness/pipeline/decide.ts";
import { readRun } from "../../harness/pipeline/read-run.ts";
import { resumeSweep } from "../../harness/pipeline/sweep.ts";
import { RunFolder } from "../../harness/store/run-folder.ts";
import { copyOf, editJson, forgeJournal, simulatedSweep } from "../fixtures/stored-run.ts";

let stored: Awaited<ReturnType<typeof simulatedSweep>>;
before(async () => {
  stored = await simulatedSweep();
});
after(() => stored.remove());

const open = (run: string) => RunFolder.open(run, dirname(run));
const refused = (code: string, message: RegExp) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, code, String(error));
  assert.match((error as Error).message, message);
  return true;
};

test("a run is decided again to the same verdict without running anything", async (t) => {
  const run = copyOf(t, stored.run);
  const folder = await open(run);
  const { summary, gate } = await decide(folder);
  assert.deepEqual(JSON.parse(JSON.stringify(summary)), await folder.read("summary.json"));
  assert.deepEqual(JSON.parse(JSON.stringify(gate)), await folder.read("gate.json"));
  assert.deepEqual([summary.suite.exit_code, summary.suite.ship], [0, "sim/good8"]);
});

describe("a changed plan decides nothing", () => {
  const edits: [string, (plan: Record<string, unknown>) => void][] = [
    [
      "wider margins",
      (plan) => {
        for (const gate of plan["gates"] as { margin: number }[]) gate.margin = 0.99;
      },
    ],
    [
      "gates that only advise",
      (plan) => {
        for (const gate of plan["gates"] as { tier: string }[]) gate.tier = "advisory";
      },
    ],
    [
      "another role",
      (plan) => {
        for (const variant of plan["variants"] as { role: string }[])
          if (variant.role === "candidate") variant.role = "required";
      },
    ],
    [
      "another digest",
      (plan) => {
        plan["plan_digest"] = "0".repeat(64);
      },
    ],
  ];
  for (const [what, edit] of edits) {
    test(what, async (t) => {
      const run = copyOf(t, stored.run);
      editJson(join(run, "plan.json"), edit);
      await assert.rejects(decide(await open(run)), refused("STORE_CORRUPT", /does not match its digest/));
      await assert.rejects(
        decideWithPolicy({ run, outDir: dirname(run), policy: undefined }),
        refused("STORE_CORRUPT", /digest/),
      );
      await assert.rejects(resumeSweep(basename(run), { outDir: dirname(run) }), refused("STORE_CORRUPT", /digest/));
    });
  }

  test("circumstances may be rewritten: they decide nothing", async (t) => {
    const run = copyOf(t, stored.run);
    editJson(join(run, "plan.json"), (plan) => {
      plan["notices"] = ["moved"];
      plan["invocation"] = { config_dir: "/elsewhere", data_dir: null, only: null };
    });
    assert.equal((await decide(await open(run))).summary.suite.exit_code, 0);
  });
});

describe("a journal whose trials are not the plan's is refused, checksums or not", () => {
  const trialsOf = (lines: JournalLine[]) => lines.flatMap(({ body }) => (body.kind === "trial" ? [body] : []));
  const one = (lines: JournalLine[], id: string) =>
    trialsOf(lines).find(({ trial_id }) => trial_id === id) as TrialLine;
  const edits: [string, (lines: JournalLine[]) => void, RegExp][] = [
    [
      "a trial that was not planned",
      (lines) => {
        one(lines, "b001.sim/good8").trial_id = "b099.sim/good8";
      },
      /holds the trial b099.sim\/good8, which the plan does not/,
    ],
    [
      "a trial of another cell",
      (lines) => {
        one(lines, "b001.sim/lossy4").cell_id = "sim/good8";
      },
      /b001.sim\/lossy4 is not as it was planned/,
    ],
    [
      "a trial in another block",
      (lines) => {
        one(lines, "b001.sim/good8").block = 7;
      },
      /not as it was planned/,
    ],
    [
      "a trial of another variant",
      (lines) => {
        one(lines, "b001.sim/good8").variant_id = "sim/fp32";
      },
      /not as it was planned/,
    ],
    [
      "an evaluation that was only of the subset",
      (lines) => {
        one(lines, "b000.sim/lossy4").evaluates = "subset";
      },
      /not as it was planned/,
    ],
    [
      "a failed trial with measurements",
      (lines) => {
        one(lines, "b001.sim/good8").state = "failed";
      },
      /is failed, which its measurements contradict/,
    ],
    [
      "a completed trial without",
      (lines) => {
        one(lines, "b001.sim/good8").measured = null;
      },
      /is completed, which its measurements contradict/,
    ],
    [
      "a trial of other weights",
      (lines) => {
        one(lines, "b001.sim/good8").measured!.model_sha256 = "a".repeat(64);
      },
      /ran other weights than those made for sim\/good8/,
    ],
  ];
  for (const [what, edit, message] of edits) {
    test(what, async (t) => {
      const run = copyOf(t, stored.run);
      forgeJournal(run, (lines) => {
        edit(lines);
        return lines;
      });
      await assert.rejects(readRun(await open(run)), refused("STORE_CORRUPT", message));
    });
  }

  test("a journal of another plan", async (t) => {
    const run = copyOf(t, stored.run);
    const other = "b".repeat(64);
    forgeJournal(run, (lines) =>
      lines.map((line) => ({
        ...line,
        plan: other,
        body: line.body.kind === "header" ? { ...line.body, plan: other } : line.body,
      })),
    );
    await assert.rejects(readRun(await open(run)), refused("CONFIG_PLAN_MISMATCH", /belong to different plans/));
  });
});

describe("labels", () => {
  const relabel = async (run: string, labels: Int32Array) => {
    const ref = await (await open(run)).putArray("i32", [labels.length], labels);
    forgeJournal(run, (lines) =>
      lines.map((line) => ({ ...line, body: line.body.kind === "header" ? { ...line.body, labels: ref } : line.body })),
    );
  };

  test("of too few items are refused", async (t) => {
    const run = copyOf(t, stored.run);
    await relabel(run, new Int32Array(10));
    await assert.rejects(readRun(await open(run)), refused("STORE_CORRUPT", /labels hold 10 items, the plan 1500/));
  });

  test("of a class that does not exist are refused", async (t) => {
    const run = copyOf(t, stored.run);
    await relabel(
      run,
      Int32Array.from({ length: 1500 }, (_, i) => (i === 900 ? 5 : 0)),
    );
    await assert.rejects(readRun(await open(run)), refused("STORE_CORRUPT", /the class 5, the plan 5 classes/));
  });
});

describe("a run cut short never passes", () => {
  const cut = async (run: string, keep: (line: JournalLine) => boolean) => {
    forgeJournal(run, (lines) => lines.filter(keep));
    return (await decide(await open(run))).summary;
  };

  test("without its end line", async (t) => {
    const { suite, state } = await cut(copyOf(t, stored.run), ({ body }) => body.kind !== "end");
    assert.deepEqual([state, suite.verdict, suite.ship], ["partial", "inconclusive", null]);
  });

  test("with an end line but without one trial of each candidate", async (t) => {
    const { suite } = await cut(
      copyOf(t, stored.run),
      ({ body }) => body.kind !== "trial" || body.block !== 3 || body.cell_id === "sim/fp32",
    );
    assert.notEqual(suite.exit_code, 0);
  });

  test("with nothing but header and end: 3, nothing was measured", async (t) => {
    const { suite } = await cut(copyOf(t, stored.run), ({ body }) => body.kind === "header" || body.kind === "end");
    assert.deepEqual([suite.exit_code, suite.reasons], [3, ["nothing was measured"]]);
  });
});

describe("a policy", () => {
  const withPolicy = async (run: string, gates: unknown, alpha?: number) => {
    const policy = join(dirname(run), "policy.json");
    writeFileSync(
      policy,
      JSON.stringify({ schema_version: "quantgate.policy.v1", gates, ...(alpha === undefined ? {} : { alpha }) }),
    );
    return (await decideWithPolicy({ run, outDir: dirname(run), policy })).summary.suite;
  };

  test("changes the run's gates by id", async (t) => {
    const suite = await withPolicy(copyOf(t, stored.run), [
      { id: "floor", metric: "quality.accuracy", policy: "floor", limit: 0.999, tier: "primary" },
    ]);
    assert.deepEqual([suite.verdict, suite.exit_code], ["fail", 3]);
  });

  test("that removes every gate passes nothing", async (t) => {
    const ids = ["accuracy_drop", "worst_class_drop", "latency_ratio", "bytes", "determinism", "peak_memory"];
    const suite = await withPolicy(
      copyOf(t, stored.run),
      ids.map((id) => ({ id, enabled: false })),
    );
    assert.deepEqual([suite.verdict, suite.exit_code], ["inconclusive", 4]);
  });

  test("that nothing could fail, or no gate could use, is refused", async (t) => {
    const run = copyOf(t, stored.run);
    await assert.rejects(
      withPolicy(run, [{ id: "accuracy_drop", margin: 1 }]),
      refused("CONFIG_INVALID", /everything passes/),
    );
    await assert.rejects(withPolicy(run, [], 0.5), refused("CONFIG_INVALID", /below 0.5/));
    await assert.rejects(
      withPolicy(run, [{ id: "latency_ratio", policy: "exact", margin: 0.1 }]),
      refused("CONFIG_INVALID", /cannot be judged/),
    );
  });
});
