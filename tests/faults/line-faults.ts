import { type Fault, fails, refused, undecided } from "./fault.ts";
import { BASELINE, BLOCKS, GOOD, LOSSY, type Measured } from "./stored-run.ts";
import { failTrial } from "./trial-faults.ts";

/** Lines of the journal, whole and sealed, that say what was not planned or cannot have been. */
export const LINE_FAULTS: readonly Fault[] = [
  {
    name: "a trial is recorded twice",
    ending: refused(/trial b007.sim\/good8 is recorded twice/),
    run: (run) => run.trials.push(structuredClone(run.trial(GOOD, 7))),
  },
  {
    name: "a trial was run that was not planned",
    ending: refused(/b008.sim\/good8, which the plan does not/),
    run: (run) => {
      const seq = run.plan.trials.length;
      run.trials.push({ ...structuredClone(run.trial(GOOD, 7)), seq, trial_id: "b008.sim/good8", block: 8 });
    },
  },
  {
    name: "the ids of two variants are swapped",
    ending: refused(/is not as it was planned/),
    run: (run) => {
      const other = new Map([
        [GOOD, LOSSY],
        [LOSSY, GOOD],
      ]);
      for (const line of run.trials) line.cell_id = line.variant_id = other.get(line.cell_id) ?? line.cell_id;
    },
  },
  {
    name: "the blocks of one arm are numbered from 1",
    ending: refused(/is not as it was planned/),
    run: (run) => {
      for (const line of run.of(GOOD)) line.block += 1;
    },
  },
  {
    name: "the measurements of one arm are shifted by a block",
    ending: refused(/scored 200 and timed 200 of 1500 items|contradicts itself/),
    run: (run) => {
      const all = run.of(GOOD);
      const shifted = all.map((_, block) => all[(block + 1) % BLOCKS]?.measured as Measured);
      for (const [block, line] of all.entries()) line.measured = shifted[block] as Measured;
    },
  },
  {
    name: "a trial claims to have evaluated the subset alone",
    ending: refused(/is not as it was planned/),
    run: (run) => {
      run.trial(GOOD, 0).evaluates = "subset";
    },
  },
  {
    name: "the lines of the trials are in another order",
    ending: refused(/not in the order in which trials are run/),
    run: (run) => run.trials.reverse(),
  },
  {
    name: "the line of the variant is missing",
    ending: refused(/ran sim\/good8, which was not made/),
    run: (run) => {
      run.variants = run.variants.filter((line) => line.variant_id !== GOOD);
    },
  },
  {
    name: "the variant could not be made",
    ending: fails(/accuracy_drop: fail variant-failed/),
    run: (run) => {
      Object.assign(run.variant(GOOD), {
        state: "failed",
        sha256: null,
        bytes_on_disk: null,
        failure: "No such layer.",
      });
      run.of(GOOD).forEach(failTrial);
    },
  },
  {
    name: "the variant could not be made, and was measured",
    ending: refused(/ran sim\/good8, which was not made/),
    run: (run) => Object.assign(run.variant(GOOD), { state: "failed", failure: "No such layer." }),
  },
  {
    name: "the baseline could not be made, and was measured",
    ending: refused(/ran sim\/fp32, which was not made/),
    run: (run) => Object.assign(run.variant(BASELINE), { state: "failed", failure: "No such file." }),
  },
  {
    name: "a variant was made that was not planned",
    ending: refused(/the variant sim\/w2, which the plan does not/),
    run: (run) => run.variants.push({ ...run.variant(GOOD), variant_id: "sim/w2" }),
  },
  {
    name: "a variant was made twice",
    ending: refused(/variant sim\/good8 is recorded twice/),
    run: (run) => run.variants.push(structuredClone(run.variant(GOOD))),
  },
  {
    name: "the run was not finished",
    ending: undecided(/the run is not finished/),
    run: (run) => {
      run.end = undefined;
    },
  },
  {
    name: "the canary stopped the run at its end",
    ending: undecided(/the canary stopped the run: outputs differ/),
    run: (run) => {
      run.end = { kind: "end", state: "canary-abort", reason: "outputs differ" };
    },
  },
  {
    name: "the journal was drawn from another seed than the plan",
    ending: refused(/another seed/),
    run: (run) => {
      run.header.seed += 1;
    },
  },
  {
    name: "the journal was drawn by another generator than the plan",
    ending: refused(/another seed/),
    run: (run) => {
      run.header.rng = "other-1";
    },
  },
];
