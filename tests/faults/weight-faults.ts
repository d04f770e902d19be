import { type Fault, refused, undecided } from "./fault.ts";
import { BASELINE, GOOD, LOSSY, type Measured, type StoredRun } from "./stored-run.ts";

function third(run: StoredRun): Measured {
  return run.trial(GOOD, 3).measured;
}

/** Weights that are not those they are said to be, and sizes of their files. */
export const WEIGHT_FAULTS: readonly Fault[] = [
  {
    name: "the size of the variant was not taken",
    ending: undecided(/bytes: inconclusive missing-metric/),
    run: (run) => {
      run.variant(GOOD).bytes_on_disk = null;
    },
  },
  {
    name: "the size of the baseline was not taken",
    ending: undecided(/bytes: inconclusive missing-baseline/),
    run: (run) => {
      run.variant(BASELINE).bytes_on_disk = null;
    },
  },
  {
    name: "the file of the variant is empty",
    ending: refused(/has 0 bytes/),
    run: (run) => {
      run.variant(GOOD).bytes_on_disk = 0;
    },
  },
  {
    name: "the size of the variant is negative",
    ending: refused(/has -1000000 bytes/),
    run: (run) => {
      run.variant(GOOD).bytes_on_disk = -1_000_000;
    },
  },
  {
    name: "the size of the variant is in megabytes",
    ending: undecided(/bytes: inconclusive implausible-ratio/),
    run: (run) => {
      run.variant(GOOD).bytes_on_disk = 1;
    },
  },
  {
    name: "baseline and variant are swapped, weights and all",
    ending: refused(/ran other weights than those made for/),
    run: (run) => {
      for (const line of run.of(GOOD)) {
        const other = run.trial(BASELINE, line.block);
        [line.measured, other.measured] = [other.measured, line.measured as Measured];
      }
    },
  },
  {
    name: "two variants are swapped",
    ending: refused(/ran other weights than those made for/),
    run: (run) => {
      for (const line of run.of(GOOD)) {
        const other = run.trial(LOSSY, line.block);
        [line.measured, other.measured] = [other.measured, line.measured as Measured];
      }
    },
  },
  {
    name: "a trial ran the weights of another variant",
    ending: refused(/ran other weights than those made for sim\/good8/),
    run: (run) => {
      third(run).model_sha256 = run.variant(LOSSY).sha256;
    },
  },
  {
    name: "a trial does not say which weights it ran",
    ending: refused(/ran other weights than those made for sim\/good8/),
    run: (run) => {
      third(run).model_sha256 = null;
    },
  },
  {
    name: "neither the variant nor its trials say which weights there were",
    ending: refused(/no digest|not the planned ones/),
    run: (run) => {
      run.variant(GOOD).sha256 = null;
      for (const measured of run.measured(GOOD)) measured.model_sha256 = null;
    },
  },
  {
    name: "the variant that was made is not the one that was planned",
    ending: refused(/weights of sim\/good8 are not the planned ones/),
    run: (run) => {
      const other = "ab".repeat(32);
      run.variant(GOOD).sha256 = other;
      for (const measured of run.measured(GOOD)) measured.model_sha256 = other;
    },
  },
];
