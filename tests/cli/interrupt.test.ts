import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import { runCli, startCli } from "../fixtures/cli.ts";
import { survivors } from "../fixtures/liveness.ts";
import { journalBodies, listing, onlyRun, plannedIds, trialIds, until, untilTrials } from "../fixtures/run-files.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";
import { digitsBody, digitsItems, simulatedBody, writeConfig } from "../fixtures/sweep-configs.ts";

const linux = { skip: process.platform === "linux" ? false : "SKIPPED: needs /proc" };

/** Processes that inherited this mark from the command line under test. */
function marked(mark: string): { pid: number; command: string }[] {
  return readdirSync("/proc").flatMap((name) => {
    try {
      const isOurs = /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "utf8").includes(mark);
      return isOurs ? [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "utf8") }] : [];
    } catch {
      return [];
    }
  });
}

describe("a sweep that is interrupted", () => {
  for (const [signal, exitCode] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`by ${signal} ends with ${exitCode}, says how to go on, and loses nothing`, async (t) => {
      const cwd = await scratchFolder(t);
      const out = join(cwd, "results");
      writeConfig(cwd, simulatedBody({}, 40));
      const { child, done } = startCli(["sweep", "config.json"], { cwd });
      await untilTrials(out, 6);
      child.kill(signal);
      const { code, stdout, stderr } = await done;
      assert.deepEqual([code, stdout], [exitCode, ""]);
      const run = onlyRun(out);
      const resume = /interrupted\. Nothing is lost: quantgate (sweep --resume (\S+))\n$/.exec(stderr);
      assert.equal(resume?.[2] && join(cwd, resume[2]), run, stderr);
      const journal = readFileSync(join(run, "journal.ndjson"));
      assert.equal(journal.at(-1), 10, "the journal ends with a whole line");
      const kept = trialIds(run);
      assert.ok(kept.length >= 6 && kept.length < plannedIds(run).length, `${kept.length} trials were kept`);

      const resumed = await runCli(resume?.[1]?.split(" ") ?? [], { cwd });
      assert.equal(resumed.code, 0, resumed.stderr);
      assert.match(resumed.stderr, new RegExp(`resuming: ${kept.length} of 27 trials are done`));
      assert.deepEqual(readFileSync(join(run, "journal.ndjson")).subarray(0, journal.length), journal);
      assert.deepEqual(trialIds(run), plannedIds(run));
      assert.equal((await runCli(["check", run], { cwd })).code, 0);
    });
  }

  it("while it quantizes ends with 130 too; its processes are gone and the resume is whole", linux, async (t) => {
    const cwd = await scratchFolder(t);
    const calibration = { dataset: digitsItems("calibration", 100), count: 100 };
    writeConfig(cwd, digitsBody({ quants: ["fp32", "u8s8", "s8s8"], calibration }));
    const mark = `QUANTGATE_TEST=${cwd}`;
    const env = { QUANTGATE_TEST: cwd };
    const { child, done } = startCli(["sweep", "config.json"], { cwd, env });
    await until(() => marked(mark).some(({ command }) => command.includes("session-worker")), "a model is loaded");
    const pids = marked(mark).map(({ pid }) => pid);
    child.kill("SIGINT");
    const { code, stderr } = await done;
    assert.equal(code, 130, stderr);
    assert.deepEqual(await survivors(pids), []);
    const run = onlyRun(join(cwd, "results"));
    assert.deepEqual(trialIds(run), []);
    assert.deepEqual(
      listing(cwd).filter((path) => path.endsWith(".tmp")),
      [],
    );
    const resumed = await runCli(["sweep", "--resume", run], { cwd });
    assert.ok([0, 3, 4].includes(resumed.code ?? -1), resumed.stderr);
    assert.deepEqual(trialIds(run), plannedIds(run));
  });

  it("a second Ctrl-C does not wait", async (t) => {
    const cwd = await scratchFolder(t);
    writeConfig(cwd, simulatedBody({}, 40));
    const { child, done } = startCli(["sweep", "config.json"], { cwd });
    await untilTrials(join(cwd, "results"), 2);
    child.kill("SIGINT");
    child.kill("SIGINT");
    assert.equal((await done).code, 130);
  });
});

test("a trial whose process is killed is one failed trial, and the sweep goes on", linux, async (t) => {
  const cwd = await scratchFolder(t);
  const out = join(cwd, "results");
  // Long enough a loop that the process can be found while it measures.
  const latency = { min_samples: 20, max_samples: 100_000, time_budget_ms: 700 };
  writeConfig(cwd, digitsBody({ latency, runs_per_quant: 2 }));
  const { done } = startCli(["sweep", "config.json"], { cwd, env: { QUANTGATE_TEST: cwd } });
  await untilTrials(out, 3);
  const worker = () => marked(`QUANTGATE_TEST=${cwd}`).find(({ command }) => command.includes("trial-worker"));
  await until(() => worker() !== undefined, "the process of a trial runs");
  const { pid } = worker() as { pid: number };
  process.kill(pid, "SIGKILL");
  const { code, stdout, stderr } = await done;
  assert.ok(code === 3 || code === 4, `a variant that lost a trial, or its baseline, cannot pass: ${code} ${stderr}`);
  const run = onlyRun(out);
  assert.deepEqual(trialIds(run), plannedIds(run));
  const failed = journalBodies(run).filter((body) => body.kind === "trial" && body.state === "failed");
  assert.equal(failed.length, 1);
  const { failure, measured } = failed[0] ?? {};
  assert.equal(measured, null);
  assert.ok(typeof failure === "object" && failure?.code === "RUNTIME_CRASHED", JSON.stringify(failure));
  assert.match(typeof failure === "object" ? (failure?.message ?? "") : "", /died by signal SIGKILL/);
  assert.match(stdout, /1 of 2 trials failed/);
  assert.equal((await runCli(["check", run], { cwd })).code, 0);
});
