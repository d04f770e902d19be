import assert from "node:assert/strict";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { assertRefused, runCli } from "../fixtures/cli.ts";
import { listing, onlyRun } from "../fixtures/run-files.ts";
import { simulatedBody, simulatedQuant, writeConfig } from "../fixtures/sweep-configs.ts";

const cwd = await mkdtemp(join(tmpdir(), "quantgate-test-"));
after(() => rm(cwd, { recursive: true, force: true }));
writeConfig(cwd, simulatedBody());
const swept = await runCli(["sweep", "config.json", "--json"], { cwd });
const run = onlyRun(join(cwd, "results"));
const gate = (...args: string[]) => runCli(["gate", "--run", run, ...args], { cwd });

function policy(name: string, document: object): string {
  const path = join(cwd, name);
  writeFileSync(path, JSON.stringify({ schema_version: "quantgate.policy.v1", ...document }));
  return path;
}

/** A copy of the run that a test may damage. */
function copyRun(name: string): string {
  const copy = join(cwd, name);
  cpSync(run, copy, { recursive: true });
  return copy;
}

describe("gate", () => {
  it("decides a stored run again, by run id, by folder and by a file in it, and changes nothing", async () => {
    assert.equal(swept.code, 0, swept.stderr);
    const before = listing(cwd);
    const stored = readFileSync(join(run, "gate.json"), "utf8");
    const named = ["latest", run, join(run, "summary.json"), run.split("/").at(-1) as string];
    const results = await Promise.all(named.map((name) => runCli(["gate", "--run", name, "--json"], { cwd })));
    for (const { code, stdout } of results) assert.deepEqual([code, stdout], [0, stored]);
    assert.deepEqual(listing(cwd), before);
  });

  it("decides by another policy: a margin that forgives, a floor that nothing meets, an alpha", async () => {
    const verdicts = async (document: object) => {
      const { code, stdout, stderr } = await gate("--json", "--policy", policy("policy.json", document));
      const artifact = JSON.parse(stdout) as {
        results: { cell_id: string; verdict: string }[];
        policy_digest: string;
      };
      assert.equal(stderr, "");
      const found = Object.fromEntries(artifact.results.map((row) => [row.cell_id, row.verdict]));
      return { code, good: found["sim/good8"], lossy: found["sim/lossy4"], digest: artifact.policy_digest };
    };
    const plans = await verdicts({ gates: [] });
    const forgiving = await verdicts({
      gates: [
        { id: "accuracy_drop", margin: 0.2 },
        { id: "worst_class_drop", enabled: false },
      ],
    });
    const strict = await verdicts({
      gates: [{ id: "floor", metric: "quality.accuracy", policy: "floor", limit: 0.999, tier: "primary" }],
    });
    assert.deepEqual([plans.code, plans.good, plans.lossy], [0, "pass", "fail"]);
    assert.deepEqual([forgiving.code, forgiving.good, forgiving.lossy], [0, "pass", "pass"]);
    assert.deepEqual([strict.code, strict.good, strict.lossy], [3, "fail", "fail"]);
    assert.equal(new Set([plans.digest, forgiving.digest, strict.digest]).size, 3);
  });

  it("exits 4 where nothing passes and something is open", async () => {
    const margin = { gates: [{ id: "accuracy_drop", margin: 0.0015 }] };
    const { code, stdout } = await gate("--policy", policy("tight.json", margin));
    assert.equal(code, 4);
    assert.match(stdout, /good8 .*INCONCLUSIVE/);
  });

  it("refuses a policy that is none: exit code 2 and the nearest valid word", async () => {
    const typo = policy("typo.json", { gates: [{ id: "accuracy_drop", marign: 0.2 }] });
    assertRefused(await gate("--policy", typo), {
      exitCode: 2,
      code: "CONFIG_INVALID",
      says: /"marign".*did you mean "margin"/i,
    });
    const unmet = policy("unmet.json", { gates: [{ id: "mine" }] });
    assertRefused(await gate("--policy", unmet), {
      exitCode: 2,
      code: "CONFIG_INVALID",
      says: /"metric" and "policy"/,
    });
    assertRefused(await gate("--policy", "absent.json"), {
      exitCode: 2,
      code: "CONFIG_INVALID",
      says: /absent\.json: there is no such file/,
    });
  });

  it("a required variant that fails gives 3, though a candidate passes", async () => {
    const folder = join(cwd, "required");
    mkdirSync(folder);
    const body = simulatedBody();
    const quants = (body["quants"] as { id: string }[]).map((quant) =>
      quant.id === "lossy4" ? { ...quant, role: "required" } : quant,
    );
    writeConfig(folder, { ...body, quants });
    const { code, stdout } = await runCli(["sweep", "config.json"], { cwd: folder });
    assert.equal(code, 3);
    assert.match(stdout, /good8 .*PASS/);
    assert.match(stdout, /lossy4.*FAIL/);
  });

  it("a baseline that changes its outputs is a canary abort: exit code 5, and the artifact says why", async () => {
    const folder = join(cwd, "canary");
    mkdirSync(folder);
    const quants = [simulatedQuant("fp32", { latency_ms: 2, flip_rate: 0.5 }), simulatedQuant("good8")];
    writeConfig(folder, simulatedBody({ quants }));
    const { code, stdout } = await runCli(["sweep", "config.json"], { cwd: folder });
    assert.equal(code, 5);
    const stored = onlyRun(join(folder, "results"));
    assert.ok(stdout.includes("canary.json"), stdout);
    const canary = JSON.parse(readFileSync(join(stored, "canary.json"), "utf8")) as { verdict: string };
    assert.equal(canary.verdict, "failed");
    assert.equal((await runCli(["gate", "--run", stored], { cwd: folder })).code, 5);
    assert.equal((await runCli(["check", stored], { cwd: folder })).code, 0);
  });
});

describe("stored files that are damaged or do not belong together", () => {
  it("an unknown run is 6 and names where runs are looked for", async () => {
    assertRefused(await runCli(["gate", "--run", "nowhere"], { cwd }), {
      exitCode: 6,
      code: "STORE_MISSING",
      says: /no run at nowhere/,
      hint: /results/,
    });
  });

  for (const name of ["plan.json", "journal.ndjson"]) {
    it(`${name} cut off in the middle is 6 for gate, check and resume, and stays as it is`, async () => {
      const copy = copyRun(`cut-${name}`);
      const path = join(copy, name);
      const half = Math.floor(readFileSync(path).length / 2);
      truncateSync(path, half);
      // Of a journal, a torn last line is what a crash leaves; damage before it is not.
      if (name === "journal.ndjson") writeFileSync(path, readFileSync(path, "utf8").replace('"seq":3', '"seq":4'));
      const before = readFileSync(path);
      const refused = { exitCode: 6, code: "STORE_CORRUPT", says: new RegExp(name.replace(".", "\\.")) } as const;
      assertRefused(await runCli(["gate", "--run", copy], { cwd }), refused);
      assertRefused(await runCli(["sweep", "--resume", copy], { cwd }), refused);
      const check = await runCli(["check", copy], { cwd });
      assert.equal(check.code, 6);
      assert.match(check.stdout, new RegExp(`FAIL .*${name}`));
      assert.deepEqual(readFileSync(path), before);
    });
  }

  it("a journal that only lost its end can be resumed, and gives what it gave", async () => {
    const copy = copyRun("torn");
    const journal = join(copy, "journal.ndjson");
    const whole = readFileSync(journal);
    truncateSync(journal, Math.floor(whole.length / 2));
    assertRefused(await runCli(["gate", "--run", copy], { cwd }), {
      exitCode: 6,
      code: "STORE_CORRUPT",
      says: /ends in the middle of a line/,
      hint: /sweep --resume/,
    });
    truncateSync(journal, readFileSync(journal).lastIndexOf(10) + 1);
    const gated = await runCli(["gate", "--run", copy], { cwd });
    assert.equal(gated.code, 4, "part of a run never passes");
    assert.match(gated.stdout, /This run is not complete: \d+ trials did not run\. Go on with --resume/);
    assert.equal((await runCli(["check", copy], { cwd })).code, 6);
    const { code, stderr } = await runCli(["sweep", "--resume", copy, "--json"], { cwd });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(readFileSync(journal), whole);
    assert.equal(readFileSync(join(copy, "summary.json"), "utf8"), swept.stdout);
  });

  it("a journal of another plan is 2", async () => {
    const copy = copyRun("strange");
    const folder = join(cwd, "other");
    mkdirSync(folder);
    writeConfig(folder, simulatedBody());
    await runCli(["sweep", "config.json", "--seed", "8", "--json"], { cwd: folder });
    copyFileSync(join(onlyRun(join(folder, "results")), "journal.ndjson"), join(copy, "journal.ndjson"));
    const refused = { exitCode: 2, code: "CONFIG_PLAN_MISMATCH", says: /plan/ } as const;
    assertRefused(await runCli(["gate", "--run", copy], { cwd }), refused);
    assertRefused(await runCli(["sweep", "--resume", copy], { cwd }), refused);
  });

  it("an empty journal decides nothing: 6, also beside artifacts for resume, which would have to invent the run", async () => {
    const copy = copyRun("empty");
    truncateSync(join(copy, "journal.ndjson"));
    const refused = { exitCode: 6, code: "STORE_CORRUPT", says: /no header line/ } as const;
    assertRefused(await runCli(["gate", "--run", copy], { cwd }), refused);
    assertRefused(await runCli(["sweep", "--resume", copy], { cwd }), refused);
    rmSync(join(copy, "journal.ndjson"));
    assertRefused(await runCli(["gate", "--run", copy], { cwd }), {
      exitCode: 6,
      code: "STORE_MISSING",
      says: /journal/,
    });
  });

  it("a run that was stopped before its journal began starts on resume", async () => {
    const copy = join(cwd, "unstarted");
    mkdirSync(join(copy, "arrays"), { recursive: true });
    copyFileSync(join(run, "plan.json"), join(copy, "plan.json"));
    writeFileSync(join(copy, "journal.ndjson"), readFileSync(join(run, "journal.ndjson")).subarray(0, 100));
    writeFileSync(join(copy, ".summary.json.0123456789ab.tmp"), "{");
    const { code, stderr } = await runCli(["sweep", "--resume", copy, "--json"], { cwd });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal((await runCli(["check", copy], { cwd })).code, 0);
    assert.deepEqual(
      listing(copy).filter((path) => path.endsWith(".tmp")),
      [],
    );
  });

  it("a summary that was changed is found by check: 6", async () => {
    const copy = copyRun("changed");
    const path = join(copy, "summary.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"verdict": "fail"', '"verdict": "pass"'));
    const { code, stdout } = await runCli(["check", copy], { cwd });
    assert.equal(code, 6);
    assert.match(stdout, /FAIL {2}.*summary\.json: .*not what the journal gives/);
  });

  it("an array that was changed is 6", async () => {
    const copy = copyRun("array");
    const [array] = listing(join(copy, "arrays"));
    const path = join(copy, "arrays", array as string);
    const bytes = readFileSync(path);
    bytes[0] = (bytes[0] as number) ^ 1;
    writeFileSync(path, bytes);
    const { code, stderr } = await runCli(["check", copy], { cwd });
    assert.equal(code, 6, stderr);
  });
});
