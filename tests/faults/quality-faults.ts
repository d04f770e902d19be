import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packBits } from "../../harness/aggregate/run-record.ts";
import type { ArrayRef } from "../../harness/domain/generated/journal-v1.ts";
import { type Fault, fails, refused, undecided } from "./fault.ts";
import { BASELINE, bitsOf, GOOD, type Measured, type StoredRun, setPredictions } from "./stored-run.ts";

/** The first full evaluation of the required variant. */
function evaluation(run: StoredRun): Measured {
  return run.trial(GOOD, 0).measured;
}

function predictionsOf(run: StoredRun, { predictions }: Measured): Int32Array {
  return run.ints(predictions as ArrayRef);
}

function rescored(run: StoredRun, change: (bits: Uint8Array) => void): void {
  const measured = evaluation(run);
  const bits = bitsOf(measured);
  change(bits);
  measured.quality.correct_bits = packBits(bits);
}

/** Labels, scores, predictions and outputs that do not belong together. */
export const QUALITY_FAULTS: readonly Fault[] = [
  {
    name: "the bits of right items are too few",
    ending: refused(/correct_bits are not the bits of 1500 items/),
    run: (run) => {
      evaluation(run).quality.correct_bits = packBits(bitsOf(evaluation(run)).slice(0, 1000));
    },
  },
  {
    name: "the bits of right items are too many",
    ending: refused(/correct_bits are not the bits of 1500 items/),
    run: (run) => {
      evaluation(run).quality.correct_bits = packBits(new Uint8Array(1600).fill(1));
    },
  },
  {
    name: "the bits behind the last item are set",
    ending: refused(/correct_bits are not the bits of 1500 items/),
    run: (run) => {
      const bits = new Uint8Array(1504).fill(1);
      bits.set(bitsOf(evaluation(run)));
      evaluation(run).quality.correct_bits = packBits(bits);
    },
  },
  {
    name: "the bits of right items are not base64",
    ending: refused(/correct_bits are not the bits of 1500 items/),
    run: (run) => {
      evaluation(run).quality.correct_bits = "%".repeat(252);
    },
  },
  {
    name: "the count of right items is not that of the bits",
    ending: refused(/counts 1500 items as right, and its bits/),
    run: (run) => {
      Object.assign(evaluation(run).quality, { correct: 1500, top_k_correct: 1500 });
    },
  },
  {
    name: "every item is marked as right, and counted so",
    ending: refused(/scores of the trial b000.sim\/good8 are not those of its predictions/),
    run: (run) => {
      rescored(run, (bits) => bits.fill(1));
      Object.assign(evaluation(run).quality, { correct: 1500, top_k_correct: 1500 });
    },
  },
  {
    name: "a right item and a wrong one change places",
    ending: refused(/are not those of its predictions/),
    run: (run) =>
      rescored(run, (bits) => {
        const [right, wrong] = [bits.indexOf(1), bits.indexOf(0)];
        bits[right] = 0;
        bits[wrong] = 1;
      }),
  },
  {
    name: "the labels were altered where the variant is wrong",
    ending: refused(/are not those of its predictions/),
    run: (run) => {
      run.header.labels = run.putInts(predictionsOf(run, evaluation(run)));
    },
  },
  {
    name: "the labels are of fewer items than were planned",
    ending: refused(/labels hold 1000 items, the plan 1500/),
    run: (run) => {
      run.header.labels = run.putInts(run.ints(run.header.labels).slice(0, 1000));
    },
  },
  {
    name: "a label is of a class that does not exist",
    ending: refused(/labels hold the class 77/),
    run: (run) => {
      const labels = run.ints(run.header.labels);
      labels[5] = 77;
      run.header.labels = run.putInts(labels);
    },
  },
  {
    name: "the shape of the labels is not that of their file",
    ending: refused(/does not match its shape/),
    run: (run) => {
      run.header.labels.shape = [1000];
    },
  },
  {
    name: "accuracy was computed on fewer items than were planned",
    ending: refused(/scored 1000 and timed 1500 of 1500 items/),
    run: (run) => {
      const bits = bitsOf(evaluation(run)).slice(0, 1000);
      const correct = bits.reduce((sum, one) => sum + one, 0);
      Object.assign(evaluation(run).quality, { n: 1000, correct, top_k_correct: 1000, correct_bits: packBits(bits) });
    },
  },
  {
    name: "the subset alone was evaluated where all items were planned",
    ending: refused(/scored 200 and timed 200 of 1500 items/),
    run: (run) => {
      for (const block of [0, 1]) {
        const { quality, throughput } = run.trial(GOOD, 5).measured;
        Object.assign(run.trial(GOOD, block).measured, { quality, throughput: { ...throughput } });
      }
    },
  },
  {
    name: "all items were evaluated where the subset was planned",
    ending: refused(/scored 1500 and timed/),
    run: (run) => {
      run.trial(GOOD, 5).measured.quality = evaluation(run).quality;
    },
  },
  {
    name: "the subset of a trial is not the planned one",
    ending: refused(/its subset has 150 of 200 items/),
    run: (run) => {
      run.trial(GOOD, 5).measured.subset.n = 150;
    },
  },
  {
    name: "more items of the subset are right than there are",
    ending: refused(/201 of 200 items are right/),
    run: (run) => {
      evaluation(run).subset.correct = 201;
    },
  },
  {
    name: "fewer items are right in the top five than in the top one",
    ending: refused(/right in the top k/),
    run: (run) => {
      evaluation(run).quality.top_k_correct = 3;
    },
  },
  {
    name: "the variant predicts one class for everything",
    ending: fails(/accuracy_drop: fail/),
    run: (run) => {
      for (const block of [0, 1]) setPredictions(run, run.trial(GOOD, block).measured, new Int32Array(1500));
    },
  },
  {
    name: "the variant is blind to one class",
    ending: fails(/worst_class_drop: fail/),
    run: (run) => {
      const predictions = predictionsOf(run, evaluation(run)).map((p) => (p === 4 ? 0 : p));
      for (const block of [0, 1]) setPredictions(run, run.trial(GOOD, block).measured, predictions);
    },
  },
  {
    name: "rows of the variant's outputs are NaN",
    ending: undecided(/accuracy_drop: inconclusive invalid-values/),
    run: (run) => {
      const predictions = predictionsOf(run, evaluation(run)).fill(-1, 0, 3);
      for (const block of [0, 1]) setPredictions(run, run.trial(GOOD, block).measured, predictions);
    },
  },
  {
    name: "rows of the baseline's outputs are NaN",
    ending: undecided(/accuracy_drop: inconclusive invalid-values/),
    run: (run) => {
      const predictions = predictionsOf(run, run.trial(BASELINE, 0).measured).fill(-1, 0, 3);
      for (const block of [0, 1]) setPredictions(run, run.trial(BASELINE, block).measured, predictions);
    },
  },
  {
    name: "rows that are NaN are not counted as such",
    ending: refused(/are not those of its predictions/),
    run: (run) => {
      setPredictions(run, evaluation(run), predictionsOf(run, evaluation(run)).fill(-1, 0, 3));
      evaluation(run).quality.invalid_rows = 0;
    },
  },
  {
    name: "the digest of all outputs is missing",
    ending: refused(/the digest of its outputs, or its predictions, are missing/),
    run: (run) => {
      evaluation(run).outputs_sha256 = null;
    },
  },
  {
    name: "the digest of all outputs is not that of the outputs",
    ending: refused(/is not that of the outputs it names/),
    run: (run) => {
      evaluation(run).outputs_sha256 = "cd".repeat(32);
    },
  },
  {
    name: "the predictions are missing",
    ending: refused(/the digest of its outputs, or its predictions, are missing/),
    run: (run) => {
      evaluation(run).predictions = null;
    },
  },
  {
    name: "outputs differ from trial to trial",
    ending: fails(/determinism: fail outputs-vary/),
    run: (run) => {
      for (const [i, { subset }] of run.measured(GOOD).entries()) subset.outputs_sha256 = `${i}`.repeat(64);
    },
  },
  {
    name: "outputs differ in one trial",
    ending: fails(/determinism: fail outputs-vary/),
    run: (run) => {
      run.trial(GOOD, 6).measured.subset.outputs_sha256 = "0".repeat(64);
    },
  },
  {
    name: "the file of the labels was altered",
    ending: refused(/does not match its digest/),
    files: (path, { header }) => writeFileSync(join(path, header.labels.file), new Int32Array(1500)),
  },
  {
    name: "the file of the predictions is gone",
    ending: refused(/array/, "STORE_MISSING"),
    files: (path, run) => rmSync(join(path, (evaluation(run).predictions as ArrayRef).file)),
  },
  {
    name: "the file of the outputs is empty",
    ending: refused(/does not match its digest/),
    files: (path, run) => writeFileSync(join(path, (evaluation(run).outputs as ArrayRef).file), ""),
  },
];
