import type { Rng } from "../../../harness/stats/rng.ts";

/** Coefficient of variation of an arm's block medians in the models that have one, a fraction. */
export const CV = 0.02;

/** Everything the noise of one session may know of a slot (one trial of one arm, in time order). */
export interface Session {
  readonly random: Rng;
  /** A standard normal number. */
  readonly normal: () => number;
}

/** Fills `out`, one log factor of latency a slot in time order. Noise knows time, not which arm runs. */
type FillNoise = (out: Float64Array, session: Session) => void;

export interface NoiseModel {
  readonly id: string;
  readonly description: string;
  readonly fill: FillNoise;
  /** What the arm itself adds: log factor for a candidate's slot (the baseline has none). */
  readonly candidateNoise?: (session: Session) => number;
  /** Last step, on the latency itself (1 = the baseline's median): what a clock makes of it. */
  readonly measure?: (latency: number) => number;
}

const iid: FillNoise = (out, { normal }) => {
  for (let i = 0; i < out.length; i++) out[i] = CV * normal();
};

function autoregressive(phi: number): FillNoise {
  const innovation = CV * Math.sqrt(1 - phi * phi);
  return (out, { normal }) => {
    let level = CV * normal();
    for (let i = 0; i < out.length; i++) {
      out[i] = level;
      level = phi * level + innovation * normal();
    }
  };
}

/** Iid noise with something added that is a function of the slot. */
function plus(add: (session: Session, slots: number) => (slot: number) => number): FillNoise {
  return (out, session) => {
    iid(out, session);
    const extra = add(session, out.length);
    for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + extra(i);
  };
}

const exponential = (random: Rng): number => -Math.log(1 - random.uniform());

/** The twelve noise models of statistics section 10. */
export const NOISE_MODELS: readonly NoiseModel[] = [
  { id: "iid", description: "independent normal log latencies, CV 2 %", fill: iid },
  { id: "ar1-0.5", description: "AR(1) with lag-1 autocorrelation .5, CV 2 %", fill: autoregressive(0.5) },
  { id: "ar1-0.9", description: "AR(1) with lag-1 autocorrelation .9, CV 2 %", fill: autoregressive(0.9) },
  {
    id: "lognormal",
    description: "1 + a lognormal delay with median 2 % and log-sd 1: skewed to the right",
    fill: (out, { normal }) => {
      for (let i = 0; i < out.length; i++) out[i] = Math.log1p(CV * Math.exp(normal()));
    },
  },
  {
    id: "bimodal",
    description: "three trials in ten are 10 % slower, CV 2 % in each mode",
    fill: plus(
      ({ random }) =>
        () =>
          random.uniform() < 0.3 ? 0.1 : 0,
    ),
  },
  {
    id: "drift",
    description: "a steady rise by 20 % over the session, CV 2 % about it",
    fill: plus((_, slots) => (slot) => (0.2 * slot) / slots),
  },
  {
    id: "steps",
    description: "three level shifts of 8 % (sd) at random times, CV 2 % between them",
    fill: plus(({ random, normal }, slots) => {
      const steps = Array.from({ length: 3 }, () => ({ at: random.uniform() * slots, by: 0.08 * normal() }));
      return (slot) => steps.reduce((sum, step) => sum + (slot >= step.at ? step.by : 0), 0);
    }),
  },
  {
    id: "spikes",
    description: "one trial in twenty is slower by an exponential share with mean 50 %, CV 2 % otherwise",
    fill: plus(
      ({ random }) =>
        () =>
          random.uniform() < 0.05 ? Math.log1p(0.5 * exponential(random)) : 0,
    ),
  },
  {
    id: "cauchy",
    description: "Cauchy log latencies with scale 1 % (no mean, no variance), cut at a factor of e",
    fill: (out, { random }) => {
      for (let i = 0; i < out.length; i++) {
        out[i] = Math.max(-1, Math.min(1, 0.01 * Math.tan(Math.PI * (random.uniform() - 0.5))));
      }
    },
  },
  {
    id: "gc-sawtooth",
    description: "a ramp to 8 % that falls back every 7 trials, from a random phase, CV 2 % about it",
    fill: plus(({ random }) => {
      const phase = random.below(7);
      return (slot) => (0.08 * ((slot + phase) % 7)) / 7;
    }),
  },
  {
    id: "heteroscedastic",
    description: "the spread swings between 0.5 and 4 % over the session, and the candidate adds 3 % of its own",
    fill: (out, { normal, random }) => {
      const phase = 2 * Math.PI * random.uniform();
      for (let i = 0; i < out.length; i++) {
        const spread = CV * (1.125 + 0.875 * Math.sin(phase + (4 * Math.PI * i) / out.length));
        out[i] = spread * normal();
      }
    },
    candidateNoise: ({ normal }) => 0.03 * normal(),
  },
  {
    id: "quantized-clock",
    description: "independent normal log latencies, CV 2 %, read off a clock whose tick is 1 % of the latency",
    fill: iid,
    measure: (latency) => Math.max(0.01, Math.round(latency / 0.01) * 0.01),
  },
];

/** Standard normal numbers in pairs (Marsaglia's polar method): three times as fast as inversion, which a simulation feels. */
export function normals(random: Rng): () => number {
  let spare = Number.NaN;
  return () => {
    if (!Number.isNaN(spare)) {
      const kept = spare;
      spare = Number.NaN;
      return kept;
    }
    for (;;) {
      const u = random.uint32() * 2 ** -31 - 1 + 2 ** -32;
      const v = random.uint32() * 2 ** -31 - 1 + 2 ** -32;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      spare = v * scale;
      return u * scale;
    }
  };
}
