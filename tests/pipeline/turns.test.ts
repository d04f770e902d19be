import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Turns } from "../../harness/pipeline/turns.ts";

/** Members a, b, ... that take `rounds` turns each; what happened, in order, and the most that were at work at once. */
async function play(names: readonly string[], rounds: number, spoil: Record<string, number> = {}) {
  const turns = new Turns();
  const seen: string[] = [];
  let atWork = 0;
  let most = 0;
  const places = names.map((name) => ({ name, turn: turns.join() }));
  const outcomes = await Promise.allSettled(
    places.map(async ({ name, turn }) => {
      try {
        for (let round = 0; round < rounds; round++) {
          await turn.take(async () => {
            most = Math.max(most, ++atWork);
            await setImmediate();
            atWork--;
            seen.push(name);
            if (spoil[name] === round) throw new Error(`${name} broke`);
          });
        }
      } finally {
        turn.leave();
      }
    }),
  );
  return { seen: seen.join(""), most, states: outcomes.map(({ status }) => status) };
}

describe("processes that work in turns", () => {
  it("one is at work at a time, and none always comes first", async () => {
    const { seen, most } = await play(["a", "b", "c"], 4);
    assert.equal(seen, "abccbaabccba");
    assert.equal(most, 1);
  });

  it("one that breaks is not waited for any more, and the others go on", async () => {
    const { seen, states } = await play(["a", "b", "c"], 3, { b: 0 });
    assert.equal(seen, "abccaac");
    assert.deepEqual(states, ["fulfilled", "rejected", "fulfilled"]);
  });

  it("one alone takes every turn", async () => {
    assert.equal((await play(["a"], 3)).seen, "aaa");
  });

  it("what the work gives is handed back", async () => {
    assert.equal(await new Turns().join().take(async () => 7), 7);
  });
});
