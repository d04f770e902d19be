import { type Fault, fails, refused, undecided } from "./fault.ts";

const invalid = (because: RegExp) => refused(because, "CONFIG_INVALID");
const accuracy = (change: object) => ({ gates: [{ id: "accuracy_drop", ...change }] });

const OFF = ["accuracy_drop", "worst_class_drop", "latency_ratio", "bytes", "determinism", "peak_memory"];

/** Policies that say something else than was meant, given to the good run as it is. */
export const POLICY_FAULTS: readonly Fault[] = [
  { name: "the policy is empty", ending: invalid(/policy/), policy: "" },
  {
    name: "the policy is cut off",
    ending: invalid(/policy/),
    policy: '{ "schema_version": "quantgate.policy.v1", "gat',
  },
  {
    name: "the policy's margin is NaN",
    ending: invalid(/policy/),
    policy: '{ "schema_version": "quantgate.policy.v1", "gates": [{ "id": "accuracy_drop", "margin": NaN }] }',
  },
  {
    name: "the policy's margin is infinite",
    ending: invalid(/margin/),
    policy: '{ "schema_version": "quantgate.policy.v1", "gates": [{ "id": "latency_ratio", "margin": 1e999 }] }',
  },
  { name: "the policy is a list", ending: invalid(/policy/), policy: "[]" },
  { name: "the policy has no gates", ending: invalid(/gates/), policy: '{ "schema_version": "quantgate.policy.v1" }' },
  {
    name: "the policy is of another version",
    ending: invalid(/schema_version/),
    policy: '{ "schema_version": "quantgate.policy.v9", "gates": [] }',
  },
  { name: "a key of the policy is misspelt", ending: invalid(/margn/), policy: accuracy({ margn: 0.02 }) },
  {
    name: "the id of a gate is misspelt",
    ending: invalid(/"acuracy_drop" is new/),
    policy: { gates: [{ id: "acuracy_drop", margin: 0.02 }] },
  },
  {
    name: "a new gate has no metric",
    ending: invalid(/needs "metric" and "policy"/),
    policy: { gates: [{ id: "mine", policy: "exact", margin: 0 }] },
  },
  {
    name: "a gate is of a metric that is not known",
    ending: invalid(/metric/),
    policy: { gates: [{ id: "mine", metric: "quality.f1", policy: "exact", margin: 0 }] },
  },
  {
    name: "a gate has a policy that is not known",
    ending: invalid(/policy/),
    policy: accuracy({ policy: "no-worse" }),
  },
  { name: "a margin is negative", ending: invalid(/margin/), policy: accuracy({ margin: -0.01 }) },
  { name: "a margin is null", ending: invalid(/needs a "margin"/), policy: accuracy({ margin: null }) },
  { name: "a margin is a text", ending: invalid(/margin/), policy: accuracy({ margin: "1 %" }) },
  { name: "a margin is in points", ending: invalid(/which everything passes/), policy: accuracy({ margin: 1 }) },
  {
    name: "a limit is given where a margin is meant",
    ending: invalid(/takes a "margin", not a "limit"/),
    policy: accuracy({ limit: 0.01 }),
  },
  {
    name: "a floor is in percent",
    ending: invalid(/at most 1/),
    policy: { gates: [{ id: "floor", metric: "quality.accuracy", policy: "floor", limit: 95, tier: "primary" }] },
  },
  {
    name: "a margin of determinism is relative",
    ending: invalid(/a margin of determinism.rate is absolute, not relative/),
    policy: {
      gates: [{ id: "determinism", policy: "non-inferiority", margin: 0.01, margin_kind: "relative" }],
    },
  },
  {
    name: "a time is to be exact",
    ending: invalid(/cannot be judged by exact/),
    policy: { gates: [{ id: "latency_ratio", policy: "exact" }] },
  },
  {
    name: "a margin is 0 under non-inferiority",
    ending: invalid(/a margin of 0, which nothing can pass/),
    policy: accuracy({ margin: 0 }),
  },
  {
    name: "a margin is 0 under any-regression, and something differs",
    ending: undecided(/accuracy_drop: inconclusive underpowered/),
    policy: accuracy({ policy: "any-regression", margin: 0 }),
  },
  {
    name: "a margin is 0 under exact, and something differs",
    ending: fails(/accuracy_drop: fail/),
    policy: accuracy({ policy: "exact", margin: 0 }),
  },
  { name: "alpha is 0", ending: invalid(/alpha/), policy: { gates: [], alpha: 0 } },
  { name: "alpha is 1", ending: invalid(/alpha/), policy: { gates: [], alpha: 1 } },
  { name: "alpha is a half", ending: invalid(/alpha/), policy: { gates: [], alpha: 0.5 } },
  { name: "alpha is negative", ending: invalid(/alpha/), policy: { gates: [], alpha: -0.05 } },
  { name: "alpha is the text NaN", ending: invalid(/alpha/), policy: { gates: [], alpha: "NaN" } },
  { name: "a gate's alpha is 1", ending: invalid(/alpha/), policy: accuracy({ alpha: 1 }) },
  {
    name: "every gate is disabled",
    ending: undecided(/is inconclusive/),
    policy: { gates: OFF.map((id) => ({ id, enabled: false })) },
  },
  {
    name: "every gate advises",
    ending: undecided(/is inconclusive/),
    policy: { gates: OFF.map((id) => ({ id, tier: "advisory" })) },
  },
  {
    name: "a gate is given twice, strict and lax",
    ending: invalid(/given twice/),
    policy: { gates: [...accuracy({ margin: 0.001 }).gates, ...accuracy({ margin: 0.9 }).gates] },
  },
];
