import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runOnThreads, type ThreadPoolOptions } from "../../harness/platform/thread-pool.ts";
import { workerModule } from "../../harness/platform/worker-module.ts";

const module = workerModule("../fixtures/fake-thread", import.meta.url);

function run(words: readonly string[], more: Partial<ThreadPoolOptions<string, string>> = {}) {
  const answers: string[] = words.map(() => "");
  return runOnThreads<string, string>({
    module,
    threads: 2,
    budgetBytes: 100,
    tasks: words.map((input) => ({ bytes: 10, load: async () => ({ input }) })),
    onDone: (index, output) => {
      answers[index] = output;
    },
    ...more,
  }).then(() => answers);
}

describe("threads", () => {
  it("answer every task, whatever the order they end in", async () => {
    assert.deepEqual(await run(["a", "b", "c", "d", "e"]), ["A", "B", "C", "D", "E"]);
    assert.deepEqual(await run([]), []);
  });

  it("hold no more bytes together than the budget; a task larger than it runs alone", async () => {
    let held = 0;
    let most = 0;
    const sizes = [40, 40, 40, 300, 40, 60];
    const answers = await run(["a", "b", "c", "d", "e", "f"], {
      threads: 4,
      tasks: sizes.map((bytes, i) => ({
        bytes,
        load: async () => {
          held += bytes;
          most = Math.max(most, held === 300 ? 0 : held);
          return { input: "abcdef"[i] as string };
        },
      })),
      onDone: (index) => {
        held -= sizes[index] as number;
      },
    });
    assert.equal(answers.length, 6);
    assert.ok(most <= 100, `${most} bytes at once`);
  });

  it("end with the first failure: a refusal, a crash, or a caller that throws", async () => {
    await assert.rejects(run(["a", "refuse", "c"]), { code: "QUANTIZE_UNSUPPORTED", message: /refused/ });
    await assert.rejects(run(["a", "die", "c"]), { code: "RUNTIME_CRASHED", message: /code 3/ });
    await assert.rejects(run(["throw"]), { code: "RUNTIME_CRASHED", message: /thrown/ });
    const onDone = () => {
      throw new Error("disk full");
    };
    await assert.rejects(run(["a", "b"], { onDone }), /disk full/);
  });

  it("end at an abort, with its reason, though a task would take for ever", async () => {
    const stop = new AbortController();
    const ended = run(["hang", "hang"], { signal: stop.signal });
    setTimeout(() => stop.abort(new Error("enough")), 50);
    await assert.rejects(ended, /enough/);
    await assert.rejects(run(["a"], { signal: AbortSignal.abort(new Error("before")) }), /before/);
  });
});
