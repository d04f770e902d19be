import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createProgress, type ProgressOptions } from "../../harness/cli/progress.ts";
import { displayWidth } from "../../harness/report/visible-text.ts";

function recorder(more: { isTTY?: boolean; columns?: number; env?: Record<string, string>; enabled?: boolean } = {}) {
  const writes: string[] = [];
  const stream = {
    write: (text: string) => writes.push(text),
    isTTY: more.isTTY ?? false,
    columns: more.columns ?? 80,
  };
  const options: ProgressOptions = { stream, env: more.env ?? {}, enabled: more.enabled ?? true };
  return { writes, progress: createProgress(options) };
}

describe("progress", () => {
  it("prints a plain line at each tenth where there is no terminal", () => {
    const { writes, progress } = recorder();
    progress.start(200);
    for (let done = 1; done <= 200; done++) progress.tick(done, { label: `trial ${done}`, etaSeconds: 200 - done });
    progress.stop();
    assert.equal(writes.length, 10);
    assert.equal(writes[0], "10 % · 20/200 trials · about 3 minutes left · trial 20\n");
    assert.equal(writes[9], "100 % · 200/200 trials · trial 200\n");
  });

  it("never says 100 % before the last trial", () => {
    const { writes, progress } = recorder({ isTTY: true });
    progress.start(1000);
    progress.tick(999);
    assert.match(writes.at(-1) ?? "", /99 %/);
  });

  it("writes nothing between its own calls", async () => {
    const { writes, progress } = recorder({ isTTY: true });
    progress.start(10);
    progress.tick(1, { etaSeconds: 9 });
    const before = writes.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(writes.length, before);
  });

  it("writes nothing while paused, and shows what happened when resumed", () => {
    const { writes, progress } = recorder({ isTTY: true });
    progress.start(10);
    progress.pause();
    const before = writes.length;
    progress.tick(4, { label: "b02" });
    progress.line("a line");
    assert.equal(writes.length, before);
    progress.resume();
    const after = writes.slice(before).join("");
    assert.match(after, /a line\n/);
    assert.match(after, /4\/10 trials/);
  });

  it("draws a bar that never wraps, however narrow the terminal", () => {
    for (const columns of [10, 25, 40, 60, 80, 120]) {
      const { writes, progress } = recorder({ isTTY: true, columns, env: { NO_COLOR: "1" } });
      progress.start(33);
      for (let done = 1; done <= 33; done++) {
        progress.tick(done, { label: "block 3 · 模型 with a very long name indeed", etaSeconds: 90 });
      }
      for (const text of writes) {
        const line = text.replace(/^\r/, "").replace("\u001b[K", "");
        assert.ok(displayWidth(line) < columns, `${columns}: ${line}`);
      }
    }
  });

  it("colors the bar, unless NO_COLOR is set", () => {
    const colored = recorder({ isTTY: true });
    colored.progress.start(2, 1);
    assert.ok(colored.writes.join("").includes("\u001b[36m"));
    const plain = recorder({ isTTY: true, env: { NO_COLOR: "1" } });
    plain.progress.start(2, 1);
    assert.ok(!plain.writes.join("").includes("\u001b[36m"));
  });

  it("writes plain lines in CI and on a dumb terminal", () => {
    for (const env of [{ CI: "true" }, { TERM: "dumb" }]) {
      const { writes, progress } = recorder({ isTTY: true, env });
      progress.start(2);
      progress.tick(1);
      progress.line("note");
      progress.stop();
      assert.deepEqual(writes, ["50 % · 1/2 trials\n", "note\n"]);
    }
  });

  it("removes the bar when it stops", () => {
    const { writes, progress } = recorder({ isTTY: true });
    progress.start(2);
    progress.stop();
    assert.equal(writes.at(-1), "\r\u001b[K");
    progress.tick(1);
    assert.equal(writes.at(-1), "\r\u001b[K");
  });

  it("spells out control characters of a label instead of sending them", () => {
    const { writes, progress } = recorder();
    progress.start(1);
    progress.tick(1, { label: "evil\u001b[2J\nname" });
    assert.equal(writes[0], "100 % · 1/1 trials · evil\\u001b[2J\\nname\n");
  });

  it("draws nothing when it is off", () => {
    const { writes, progress } = recorder({ enabled: false });
    progress.start(1);
    progress.tick(1);
    progress.line("x");
    progress.stop();
    assert.deepEqual(writes, []);
  });

  it("goes on from the trials that a resumed run already has", () => {
    const { writes, progress } = recorder();
    progress.start(100, 55);
    progress.tick(56);
    progress.tick(60);
    assert.deepEqual(writes, ["60 % · 60/100 trials\n"]);
  });
});
