import type { FindingCode, Reason, RunQualityReason } from "./codes.ts";
import type { ErrorCode } from "./errors.ts";

/** What to do about a reason of a gate or row. */
export const REASON_ADVICE: { readonly [reason in Reason]: string } = {
  "missing-metric":
    "Look at the row's failed or missing trials; where none is, the runtime cannot measure this metric, and the gate should be removed from the config.",
  "missing-baseline":
    "Look at why the baseline's own trials failed. Without it no difference can be tested, and nothing can pass.",
  "missing-trials": "Go on with quantgate sweep --resume RUN: only what is missing is run.",
  "failed-trials":
    "The run's logs and journal.ndjson hold the error of each failed trial. A variant that fails sometimes will fail in production too.",
  "invalid-values":
    "The variant overflows or divides by zero: try a recipe with other scales, or leave the layer in full precision.",
  "implausible-ratio":
    "Check that both sides measure the same thing in the same unit; a factor this large is no effect of quantization.",
  "clock-step": "Keep time synchronisation from stepping the clock during a run, then run again.",
  "constant-where-it-cannot-be":
    "Check the clock source of the machine or container; a latency that never varies was not measured.",
  underpowered:
    "The report says how many more items or trials would decide, and how long they take. Raise runs_per_quant or take more items.",
  noisy:
    "Close what else runs, fix the clocks where you can, time the variants in turns (latency.slice_ms), or take more trials; quantgate doctor measures the machine's noise.",
  polluted:
    "The run's readings name what used the machine. Run again when it is quiet; --allow-polluted-frontier lets such rows into the front only.",
  uncertified: "Run quantgate certify with this config on this machine, and give its certificate.json to the gate.",
  "hardware-mismatch": "Record a baseline on this hardware; times and memory of two machines are not compared.",
  "digest-mismatch":
    "Somebody changed the file, or the server loaded another model. Restore it, or plan again with the file that is there.",
  "not-paired": "Both sides must see the same items in the same order: use the same dataset, limit and seed.",
  "stopped-early": "Compare two runs with the same plan, or switch early stopping off in both.",
  "variant-failed":
    "The finding VARIANT_FAILED of the same variant says which step failed; quantgate quantize MODEL --recipe NAME repeats it alone.",
  "variant-unavailable":
    "summary.md names the step or runtime and what to install; where a tool says that it cannot make the variant, take another setting or remove it.",
  "fixed-sequence-stop": "Decide the variant with more bits first: more items or trials, or another recipe.",
  "slower-than-baseline":
    "Look at the kernels: layers that are emulated cost time. A recipe whose kernels are native here is the usual way out.",
  "outputs-vary":
    "Fix threads and seed; some kernels add in another order with several threads. Where that is accepted, raise the margin of the determinism gate.",
};

/** What to do about what disturbed a trial. */
export const RUN_QUALITY_ADVICE: { readonly [reason in RunQualityReason]: string } = {
  CPU_STARVED: "Give the run whole processors: fewer jobs beside it, or a larger container limit.",
  HYPERVISOR_STEAL: "Move to a machine that is not shared, or to dedicated cores.",
  HIGH_CPU_SATURATION: "Stop what else computes on the machine; the probe's readings show when it did.",
  HIGH_SYSTEM_LOAD: "Wait until the queue of runnable tasks is short, or use another machine.",
  HIGH_ORCHESTRATION_OVERHEAD: "Lengthen the interval of the probes.",
  THERMAL_THROTTLE:
    "Cool the machine down, improve its cooling, or run quantgate thermal run to learn its sustained speed.",
  HIGH_TEMPERATURE: "Let it cool down between runs; the limit is in the config.",
  FOREIGN_GPU_LOAD: "End the other processes on the card, or name another card.",
  GPU_FAULT: "Look at the driver's log; a card with uncorrectable errors gives wrong results.",
  MEMORY_PRESSURE: "Free memory, or take a smaller model, batch or context.",
  CLOCK_STEP: "Keep time synchronisation from stepping the clock during a run.",
  MISSING_EXPERIMENTAL_CONTROLS:
    "Let nothing else set threads or affinity; where the system hides them, the row cannot be verified here.",
  MISSING_TOKEN_TIMINGS: "Use a server that streams its tokens; without times of tokens there is no decode rate.",
  MISSING_TELEMETRY: "quantgate doctor says which probe works here and what it needs.",
};

/** What to do about a finding. */
export const FINDING_ADVICE: { readonly [code in FindingCode]: string } = {
  QUANT_LABEL_LIES:
    "Trust the measured bits per weight: some tensors fell back to another type. Name the file by what it is.",
  UNVERIFIED_WEIGHTS:
    "Use a provider that tells a digest, or name the file itself; until then nobody can say which weights were judged.",
  PROMPT_TRUNCATED: "Load a longer context, or shorten the prompts; what a model did not read it cannot answer.",
  TOKEN_COUNT_ODD: "Look at the server's version; rates are computed only from counts that can be true.",
  REQUESTS_FAILED: "The journal holds the error of each request; a longer timeout or fewer requests at once may help.",
  OFFLOADED_TO_CPU: "Take a smaller quantization or context, so that the whole model fits the accelerator.",
  SLOWER_OVER_TIME: "Let the machine cool down, and plan with the sustained rate: quantgate thermal tells it.",
  ACCURACY_DROP_ABOVE_FLAG:
    "Look at the classes in the report: a drop in one class is often one layer that needs more bits.",
  EMULATED_KERNELS:
    "Such layers save bytes, not time. Choose a recipe whose kernels are native on this processor; quantgate quantize lists them.",
  SLOWER_WITH_EMULATION: "Leave the emulated layers in full precision, or take a recipe with native kernels.",
  SLOWER_ON_INTEGERS:
    "On x86 without VNNI exact 8-bit kernels are no faster than float: u8s7 is. Small layers lose more to conversions than integers gain; skip them.",
  GRANULARITY_CONFOUNDED:
    "Add a variant with the bits of one and the granularity of the other; the named recipes are matched.",
  TRIALS_FAILED: "The journal holds the error of each; a failed trial scores zero.",
  TRIALS_MISSING: "Go on with quantgate sweep --resume RUN.",
  CANARY_NOISY: "The machine is not quiet. Find what else runs; more trials help against noise, not against drift.",
  SPLIT_HALF_DISAGREES:
    "The machine changed during the run: heat, another job, clocks. Run again before trusting times.",
  OUTPUTS_VARY: "Fix threads and seed, and see whether one thread repeats.",
  TRIAL_STARVED: "Give the run whole processors.",
  CLOCK_STEP: "Times of that trial are not trusted. Keep time synchronisation from stepping during runs.",
  VARIANT_FAILED: "quantgate quantize MODEL --recipe NAME repeats the step that failed, alone.",
  VARIANT_UNAVAILABLE:
    "Install what the message names and run again; quantgate doctor shows what is here. Nothing else of the run is affected.",
  STEP_NOT_OK:
    "Read the step's log in the run's folder, logs/steps/; its command can be run by hand as summary.md shows it.",
  MODEL_CHANGED_SHAPE: 'Check that the change is meant; "same" in the step makes it an error.',
  LAYERS_SKIPPED: "The manifest says why: an operator that is not supported, or a layer the recipe leaves out.",
  IDENTICAL_WEIGHTS: "One of the two is superfluous, or a recipe did nothing to this model.",
  CERTIFICATION_RUN: "Its verdicts speak of the gates, not of the variants; nothing of it may ship.",
  INVALID_OUTPUTS: "Find the first layer that overflows: try other scales, or leave it in full precision.",
  PROBE_INCOMPLETE: "quantgate doctor says what the probe needs; the verdict does not depend on it.",
  TRIALS_POLLUTED: "The reasons name what disturbed them. Run again when the machine is quiet.",
  POLLUTED_ALLOWED: "Look at the polluted rows with doubt; take the permission back once the machine is quiet.",
  CONTROLS_NOT_VERIFIED: "Let nothing else set threads or affinity.",
  SIDECAR_FAILED: "Run the sidecar's command by hand; the verdict does not depend on it.",
  SIDECAR_INCOMPLETE: "Compare its answer with what its profile requires, in docs/probes.md.",
  SIDECAR_DIVERGES:
    "One of the two measures something else: another phase, another unit, another process. The harness's figure decides.",
  VRAM_DOES_NOT_FIT: "Take a smaller quantization or context, or a profile that allows more memory.",
  VRAM_OVER_PROFILE: "The profile was not kept: fewer layers on the card, a shorter context, or another profile.",
  VRAM_LOW_HEADROOM: "A longer prompt may not fit. Leave room before you ship.",
};

/** What an error means, and what to do; the hint of the error itself is more precise. */
export const ERROR_ADVICE: { readonly [code in ErrorCode]: string } = {
  CONFIG_USAGE: "The command line cannot be used as it is. quantgate COMMAND --help shows options and an example.",
  CONFIG_INVALID:
    "A field of the config is misspelt, missing or out of range. Every field is described in docs/configs.md; an editor completes them by the schema.",
  CONFIG_MODEL_MISSING:
    "The model's file is not where the config says. Paths are relative to the config; data: paths are under --data-dir or QUANTGATE_DATA_DIR.",
  CONFIG_MODEL_INVALID:
    "The file is no model that can be read or run. quantgate inspect MODEL lists what is wrong with it.",
  CONFIG_DATA_MISSING:
    "The dataset is not where the config says. Paths are relative to the config; data: paths are under --data-dir or QUANTGATE_DATA_DIR.",
  CONFIG_DATA_INVALID: "The items do not fit: labels, shapes or files contradict each other or the model.",
  CONFIG_DUPLICATE_CELL: "Two entries of the config are the same cell. Remove one, or give them different ids.",
  CONFIG_CALIBRATION_OVERLAP:
    "Items used for calibration are also evaluated, so the accuracy would flatter the variant. Take calibration items from another split.",
  CONFIG_PLAN_MISMATCH:
    "What is stored belongs to another plan: config, model or data changed since. Restore what changed, or start a new run.",
  RUNTIME_UNAVAILABLE: "The runtime is not installed or not reachable. quantgate doctor says what is missing.",
  RUNTIME_CRASHED:
    "The process that ran the model ended by itself. Its last words are in the run's logs; memory is the usual cause.",
  RUNTIME_TIMEOUT: "A trial took longer than runtime.timeout_sec. Raise it, or find out why the runtime hangs.",
  RUNTIME_PROTOCOL: "The runtime answered something that is not its protocol: another version, or a proxy between.",
  RUNTIME_CANARY:
    "The canary failed, so the sweep was not started or was stopped. canary.json says which check failed.",
  RUNTIME_CONTEXT:
    "The request does not fit the context that the server loaded. Load a longer one, or shorten the prompt.",
  PROBE_UNAVAILABLE: "A probe that was asked for cannot run here. quantgate doctor says what it needs.",
  STORE_WRITE: "A file or folder could not be written: rights, a full disk, or another process holds the lock.",
  STORE_CORRUPT: "A stored file was cut off, changed or made by another version. Restore it from a copy, or run again.",
  STORE_MISSING: "A stored file is not there. Check the path; runs are under --out-dir.",
  STORE_SCHEMA: "A document does not meet its schema. The message names the first field that does not.",
  STORE_EMPTY:
    "The document says nothing that was measured. A decision about nothing is a failure; run the sweep again.",
  BASELINE_MISSING:
    "No baseline is recorded for this test and hardware. quantgate baselines record makes one from a passing run.",
  BASELINE_REV_MISMATCH: "The recorded baseline is of another task revision. Record one for this revision.",
  BASELINE_HW_MISMATCH: "The recorded baseline is of other hardware. Record one here.",
  BASELINE_NOT_PASSING: "Baselines move only on a passing result. Make the run pass, or choose another one.",
  REGISTRY_UNAVAILABLE:
    "The registry cannot be reached, or the connection broke. What has arrived is known: the same command goes on from there.",
  REGISTRY_DENIED:
    "The registry does not accept the credentials, or they do not allow this. They come from the environment alone; see docs/publish.md.",
  REGISTRY_REFUSED: "The registry answered something else than success. The message holds what it said.",
  REGISTRY_CORRUPT:
    "What the registry gives back is not what was sent, or what an entry says. Nothing was registered; look at the storage behind it.",
  REGISTRY_MISSING: "The registry has no such model, version or alias, or nothing before it to go back to.",
  REGISTRY_NOT_PASSING:
    "Only a variant whose gates pass is published. --force with a --reason publishes any, and audit log and entry say so.",
  QUANTIZE_UNSUPPORTED: "The recipe cannot be applied to this model. Another recipe, or other layers, may do.",
  QUANTIZE_CALIBRATION:
    "The recipe needs calibration items, and the config names none that fit. See calibration in docs/configs.md.",
  QUANTIZE_FAILED:
    "Quantizing broke off. The message names the layer; quantgate inspect MODEL shows what is special about it.",
};
