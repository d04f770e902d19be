// Generated from schemas/config.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * baseline: the reference; required: must pass; candidate: may pass.
 */
export type Role = "baseline" | "required" | "candidate";
/**
 * Labelled items, by kind.
 */
export type DatasetConfig =
  | ItemsDatasetConfig
  | Cifar10DatasetConfig
  | ImageFolderDatasetConfig
  | CocoDatasetConfig
  | NpyDatasetConfig
  | SimulatedDatasetConfig
  | TaskBankDatasetConfig;

/**
 * What to compare, on what, how often, and by which gates.
 */
export interface MatrixConfig {
  /**
   * Path or URL of this schema, for editors.
   */
  $schema?: string;
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.config.v1";
  /**
   * Name of the matrix; part of the test id.
   */
  name: string;
  /**
   * Models to quantize and compare.
   *
   * @minItems 1
   */
  models?: [ModelConfig, ...ModelConfig[]];
  /**
   * Variants of each model. A plain string is a recipe, by name or file, or the tag of a language model; `fp32` is the baseline.
   *
   * @minItems 1
   *
   * Items: A recipe by name, or an object.
   */
  quants?: [
    string | RecipeQuantConfig | ExternalQuantConfig | PytorchQuantConfig | SimulatedQuantConfig | TagQuantConfig,
    ...(string | RecipeQuantConfig | ExternalQuantConfig | PytorchQuantConfig | SimulatedQuantConfig | TagQuantConfig)[]
  ];
  runtime?: RuntimeConfig;
  dataset: DatasetConfig;
  detection?: DetectionConfig;
  calibration?: CalibrationConfig;
  /**
   * Trials of each cell, one a block.
   */
  runs_per_quant?: number;
  /**
   * Blocks in which every item is evaluated; the others evaluate the canary subset.
   */
  evaluate_runs?: number;
  /**
   * Batch size of the evaluation loop.
   */
  evaluate_batch_size?: number;
  /**
   * Batch sizes of the latency loop; several values make several cells.
   *
   * @minItems 1
   */
  batch_sizes?: [number, ...number[]];
  /**
   * Seed of every random choice.
   */
  seed?: number;
  warmup?: WarmupConfig;
  latency?: LatencyConfig;
  canary?: CanaryConfig;
  run_quality?: RunQualityConfig;
  telemetry?: TelemetryConfig;
  /**
   * Changes to the default gates, by id.
   */
  gates?: GateConfig[];
  /**
   * Gates to start from: strict, default or exploratory margins (docs/configs.md says what each is sized for).
   */
  gate_preset?: "strict" | "default" | "exploratory";
  stop?: StopConfig;
  /**
   * One-sided error rate of every gate that names none.
   */
  alpha?: number;
  /**
   * A drop in accuracy above this, overall or in a class, is flagged.
   */
  drop_flag?: number;
  /**
   * ci: time gates advise; lab: they decide.
   */
  execution_lane?: "ci" | "lab";
  /**
   * How much device memory may be planned for.
   */
  vram_profile?: "safe" | "balanced" | "stress";
  sidecar?: SidecarConfig;
  /**
   * Root of `data:` paths, relative to the config.
   */
  data_dir?: string;
  frontier?: FrontierConfig;
  /**
   * Revision of the task; part of a baseline's key.
   */
  task_revision?: string;
  language?: LanguageConfig;
  /**
   * Steps that make models with outside tools, run in order before the variants are prepared.
   *
   * @minItems 1
   */
  prepare?: [PrepareStepConfig, ...PrepareStepConfig[]];
  /**
   * Python interpreter of steps ({python}) and of PyTorch variants; default: QUANTGATE_PYTHON, else python3.
   */
  python?: string;
}
/**
 * A full-precision model.
 */
export interface ModelConfig {
  /**
   * Model id.
   */
  id: string;
  /**
   * ONNX file: relative to the config, `data:...` under the data folder, or step:ID/NAME for an output of a prepare step. The simulated runtime needs none.
   */
  path?: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256?: string;
  /**
   * Language models: the provider's name of a quant, with {model}, {quant} (as written), {quant_lower} and {quant_ollama} (q4_K_M, fp16) filled in.
   */
  template?: string;
  /**
   * Language models: the provider's name of each quant; wins over the template.
   */
  tags?: {
    [k: string]: string;
  };
  /**
   * Language models: path of a quant's GGUF file, with the same names filled in; `data:` paths too.
   */
  gguf?: string;
  /**
   * Language models: GGUF file of each quant; wins over gguf.
   */
  files?: {
    [k: string]: string;
  };
}
/**
 * A variant made here by a recipe.
 */
export interface RecipeQuantConfig {
  /**
   * Quant tag; also the recipe's name when `recipe` is absent.
   */
  id: string;
  kind?: "recipe";
  role?: Role;
  /**
   * Recipe name, path of a recipe file (.json, .yaml, .yml; relative to the config), or a recipe object that changes a named one.
   */
  recipe?: string | RecipePatch;
}
/**
 * A named recipe with changes.
 */
export interface RecipePatch {
  /**
   * Named recipe that the other fields change.
   */
  extends: string;
  /**
   * Name of the result; default: the base's with a plus.
   */
  id?: string;
  weights?: RecipeWeights;
  activations?: RecipeActivations;
  /**
   * Adds to each bias the mean error that quantization gave the layer's output.
   */
  bias_correction?: boolean;
  /**
   * Evens out the ranges of consecutive layers' channels first.
   */
  equalize?: boolean;
  /**
   * Operators whose quantizers share one range: a Concat's inputs and output, an Add's inputs.
   */
  align?: ("Concat" | "Add")[];
  /**
   * Layers left in float32. Layer names; `*` stands for any characters, `@first` and `@last` for the first and last weighted layer.
   */
  skip?: string[];
  /**
   * Other weights for some layers.
   */
  overrides?: RecipeOverride[];
  /**
   * Session config entries that the result must run with.
   */
  session?: {
    [k: string]: string;
  };
}
/**
 * Changes to the weights.
 */
export interface RecipeWeights {
  /**
   * Bits a weight takes.
   */
  bits?: number;
  /**
   * Weights that share a scale: all of the tensor, those of an output channel, or `block_size` of them along the reduced axis (MatMul and Gemm).
   */
  granularity?: "tensor" | "channel" | "block";
  /**
   * Weights of a block; only with granularity `block`.
   */
  block_size?: 16 | 32 | 64 | 128 | 256;
  /**
   * Zero point 0. Asymmetric weights are uint8.
   */
  symmetric?: boolean;
  /**
   * false: levels lie evenly on both sides of zero and none on it, for 2 to 7 bits held in int8.
   */
  zero_level?: boolean;
  /**
   * Element type in the file. Fewer bits in int8 keep integer kernels; int4 and int2 are emulated; packed blocks have the MatMulNBits kernel.
   */
  storage?: "int8" | "uint8" | "int4" | "int2" | "packed";
  /**
   * max: the largest weight sets the scale; mse: the scale of least squared error.
   */
  scale?: "max" | "mse";
  /**
   * nearest: each weight alone; gptq: column by column against the inputs the layer meets; adaround: the same, and up or down chosen once more by gradient where that loses less.
   */
  rounding?: "nearest" | "gptq" | "adaround";
}
/**
 * Changes to the activations.
 */
export interface RecipeActivations {
  /**
   * Element type.
   */
  type?: "uint8" | "int8";
  /**
   * Zero in the middle of the range, which keeps a Relu from being absorbed.
   */
  symmetric?: boolean;
  /**
   * How ranges are found on the calibration items; dynamic finds them at every run, for MatMul and Gemm.
   */
  calibration?: "minmax" | "percentile" | "entropy" | "mse" | "moving_average" | "dynamic";
  /**
   * Share of values inside the range; only with percentile.
   */
  percentile?: number;
}
/**
 * Other weights for the layers whose names match; the last that matches wins.
 */
export interface RecipeOverride {
  /**
   * Layer names; `*` stands for any characters, `@first` and `@last` for the first and last weighted layer.
   */
  layers: string[];
  weights: RecipeWeights1;
}
/**
 * What differs for these layers.
 */
export interface RecipeWeights1 {
  /**
   * Bits a weight takes.
   */
  bits?: number;
  /**
   * Weights that share a scale: all of the tensor, those of an output channel, or `block_size` of them along the reduced axis (MatMul and Gemm).
   */
  granularity?: "tensor" | "channel" | "block";
  /**
   * Weights of a block; only with granularity `block`.
   */
  block_size?: 16 | 32 | 64 | 128 | 256;
  /**
   * Zero point 0. Asymmetric weights are uint8.
   */
  symmetric?: boolean;
  /**
   * false: levels lie evenly on both sides of zero and none on it, for 2 to 7 bits held in int8.
   */
  zero_level?: boolean;
  /**
   * Element type in the file. Fewer bits in int8 keep integer kernels; int4 and int2 are emulated; packed blocks have the MatMulNBits kernel.
   */
  storage?: "int8" | "uint8" | "int4" | "int2" | "packed";
  /**
   * max: the largest weight sets the scale; mse: the scale of least squared error.
   */
  scale?: "max" | "mse";
  /**
   * nearest: each weight alone; gptq: column by column against the inputs the layer meets; adaround: the same, and up or down chosen once more by gradient where that loses less.
   */
  rounding?: "nearest" | "gptq" | "adaround";
}
/**
 * A variant made elsewhere, given as a file.
 */
export interface ExternalQuantConfig {
  /**
   * Quant tag.
   */
  id: string;
  kind: "external";
  role?: Role;
  /**
   * Path of the ONNX file, or step:ID/NAME for an output of a prepare step.
   */
  model: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256?: string;
  /**
   * Element type of the weights, for the table by framework, e.g. int8.
   */
  dtype?: string;
}
/**
 * A PyTorch model beside the ONNX ones: TorchScript (.pt) or an exported program (.pt2).
 */
export interface PytorchQuantConfig {
  /**
   * Quant tag.
   */
  id: string;
  kind: "pytorch";
  role?: Role;
  /**
   * Path of the file, or step:ID/NAME for an output of a prepare step.
   */
  model: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256?: string;
  /**
   * Element type of the weights, for the table by framework, e.g. int8.
   */
  dtype?: string;
}
/**
 * A variant of the simulated runtime.
 */
export interface SimulatedQuantConfig {
  /**
   * Quant tag.
   */
  id: string;
  kind: "simulated";
  role?: Role;
  /**
   * True accuracy, 0..1.
   */
  accuracy?: number;
  /**
   * Share of items where exactly one of baseline and variant is right.
   */
  discordance?: number;
  /**
   * Median latency of a call.
   */
  latency_ms?: number;
  /**
   * Coefficient of variation of a call.
   */
  latency_cv?: number;
  /**
   * Size of the weights.
   */
  bytes?: number;
  /**
   * Peak memory.
   */
  peak_memory_bytes?: number;
  /**
   * Probability that a trial fails.
   */
  failure_rate?: number;
  /**
   * Probability that a trial's outputs differ.
   */
  flip_rate?: number;
  /**
   * Load time.
   */
  load_ms?: number;
  /**
   * Real delay of a trial.
   */
  trial_ms?: number;
  /**
   * Language models: median time to the first token beside the prompt's own.
   */
  ttft_ms?: number;
  /**
   * Language models: tokens a second.
   */
  decode_tps?: number;
  /**
   * Language models: probability that a prompt is cut.
   */
  truncation_rate?: number;
  /**
   * Language models: share by which a hot machine is slower in the end.
   */
  heat_slowdown?: number;
  /**
   * Language models: trials after which it is two thirds of the way there.
   */
  heat_trials?: number;
}
/**
 * A quant of a language model, by a provider's name or a GGUF file.
 */
export interface TagQuantConfig {
  /**
   * Quant tag, e.g. Q4_K_M; held against the label of the weights.
   */
  id: string;
  kind: "tag";
  role?: Role;
  /**
   * The provider's name; default: by the model's tags or template.
   */
  tag?: string;
  /**
   * GGUF file; default: by the model's files or gguf.
   */
  gguf?: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256?: string;
}
/**
 * Where trials run.
 */
export interface RuntimeConfig {
  /**
   * Adapter.
   */
  kind?: "onnxruntime" | "simulated" | "ollama" | "llama-server" | "openai" | "lmstudio" | "node-llama-cpp" | "command";
  /**
   * Intra-op threads; several values make several cells.
   *
   * @minItems 1
   */
  threads?: [number, ...number[]];
  /**
   * ONNX Runtime graph optimisation level.
   */
  optimization_level?: "disabled" | "basic" | "extended" | "all";
  /**
   * Arena allocator of the CPU provider.
   */
  cpu_mem_arena?: boolean;
  /**
   * Memory pattern optimisation.
   */
  mem_pattern?: boolean;
  /**
   * Further session entries.
   */
  session_config?: {
    [k: string]: string;
  };
  /**
   * Time limit of one trial.
   */
  timeout_sec?: number;
  /**
   * Processors that the process of a trial may use; empty: any.
   */
  cpu_affinity?: number[];
}
/**
 * Items in Quantgate's own binary format, described by a manifest.
 */
export interface ItemsDatasetConfig {
  kind: "items";
  /**
   * Path of the manifest.
   */
  manifest: string;
  /**
   * Split named in the manifest.
   */
  split: string;
  /**
   * Use the first N items only.
   */
  limit?: number;
}
/**
 * CIFAR-10 binary batches: 1 label byte and 3,072 pixel bytes a record.
 */
export interface Cifar10DatasetConfig {
  kind: "cifar10-binary";
  /**
   * Batch files, in order.
   *
   * @minItems 1
   */
  paths: [string, ...string[]];
  /**
   * Axis order the model expects.
   */
  layout: "nhwc" | "nchw";
  normalize?: NormalizeConfig;
  /**
   * Use the first N items only.
   */
  limit?: number;
}
/**
 * x' = (x·scale - mean) / std, per channel.
 */
export interface NormalizeConfig {
  /**
   * Pixel multiplier applied first, e.g. 0.00392156862745098.
   */
  scale?: number;
  /**
   * Subtracted after scaling: one value, or one a channel.
   *
   * @minItems 1
   */
  mean?: [number, ...number[]];
  /**
   * Divided by: one value, or one a channel.
   *
   * @minItems 1
   */
  std?: [number, ...number[]];
}
/**
 * A folder of images: one sub-folder a class, or a labels file.
 */
export interface ImageFolderDatasetConfig {
  kind: "image-folder";
  /**
   * Folder.
   */
  path: string;
  /**
   * CSV (file,label) or JSON ({file: label}) file; without it the sub-folders are the classes.
   */
  labels?: string;
  /**
   * Order of the classes; default: sorted.
   *
   * @minItems 2
   */
  class_names?: [string, string, ...string[]];
  /**
   * Pixels.
   */
  width: number;
  /**
   * Pixels.
   */
  height: number;
  /**
   * stretch; letterbox (keeps the aspect, pads); center-crop.
   */
  resize?: "stretch" | "letterbox" | "center-crop";
  /**
   * Letterbox padding, 0..255.
   */
  pad_value?: number;
  /**
   * center-crop: share of the covering image's side that is kept; resize to 256, crop to 224 = 0.875.
   */
  crop_fraction?: number;
  /**
   * triangle: antialiased when an image shrinks, as Pillow does (default); bilinear: two samples an axis, without antialiasing, as OpenCV's INTER_LINEAR.
   */
  filter?: "triangle" | "bilinear";
  /**
   * Channel order.
   */
  color?: "rgb" | "bgr" | "gray";
  /**
   * Axis order the model expects.
   */
  layout?: "nhwc" | "nchw";
  normalize?: NormalizeConfig;
  /**
   * Use the first N items only.
   */
  limit?: number;
}
/**
 * Images with boxes in COCO's format: a folder of images and an annotations file (instances_*.json).
 */
export interface CocoDatasetConfig {
  kind: "coco";
  /**
   * Folder that the file names of the annotations lie in.
   */
  images: string;
  /**
   * COCO annotations file with images, annotations and categories.
   */
  annotations: string;
  /**
   * Text file of image ids, one a line, or a JSON list: only these are used.
   */
  image_ids?: string;
  /**
   * Pixels of the model's input.
   */
  width: number;
  /**
   * Pixels of the model's input.
   */
  height: number;
  /**
   * letterbox (keeps the aspect, pads; default) or stretch.
   */
  resize?: "letterbox" | "stretch";
  /**
   * Letterbox padding, 0..255; default 114.
   */
  pad_value?: number;
  /**
   * bilinear: two samples an axis, without antialiasing, as OpenCV's INTER_LINEAR (default); triangle: antialiased when an image shrinks, as Pillow does.
   */
  filter?: "triangle" | "bilinear";
  /**
   * Channel order; default rgb.
   */
  color?: "rgb" | "bgr";
  /**
   * Axis order the model expects; default nchw.
   */
  layout?: "nhwc" | "nchw";
  normalize?: NormalizeConfig;
  /**
   * Use the first N image ids, in ascending order.
   */
  limit?: number;
}
/**
 * NumPy arrays: items [N, ...] and labels [N].
 */
export interface NpyDatasetConfig {
  kind: "npy";
  /**
   * Path of the items .npy.
   */
  items: string;
  /**
   * Path of the labels .npy.
   */
  labels: string;
  /**
   * Names of the classes.
   *
   * @minItems 2
   */
  class_names?: [string, string, ...string[]];
  normalize?: NormalizeConfig;
  /**
   * Use the first N items only.
   */
  limit?: number;
}
/**
 * Invented items for the simulated runtime.
 */
export interface SimulatedDatasetConfig {
  kind: "simulated";
  /**
   * Number of items.
   */
  items: number;
  /**
   * Number of classes.
   */
  classes: number;
  /**
   * Seed of what the simulated models answer: runs of other plan seeds then measure the same models. The plan's seed where absent.
   */
  seed?: number;
}
/**
 * Tasks for language models, with checks.
 */
export interface TaskBankDatasetConfig {
  kind: "task-bank";
  /**
   * Path of the task bank.
   */
  path: string;
  /**
   * Groups to use; default: all.
   *
   * @minItems 1
   */
  groups?: [string, ...string[]];
  /**
   * Use the first N tasks of each group only.
   */
  limit?: number;
}
/**
 * How the output of a detector becomes boxes; needed where the dataset has boxes (kind coco), and only there.
 */
export interface DetectionConfig {
  /**
   * yolo: [4 + classes, anchors], box centers and probabilities; yolo-dfl: [4 x bins + classes, anchors], side distributions and class logits; end-to-end: [rows, 6], final boxes; fastestdet: [5 + classes, rows, columns].
   */
  head: "yolo" | "yolo-dfl" | "end-to-end" | "fastestdet";
  /**
   * yolo, yolo-dfl: every class above min_score is a detection, not the best one of an anchor alone; default true.
   */
  multi_label?: boolean;
  /**
   * yolo-dfl: bins of a side's distribution; default 16.
   */
  bins?: number;
  /**
   * yolo-dfl: pixels between anchors of each level; default 8, 16, 32.
   *
   * @minItems 1
   */
  strides?: [number, ...number[]];
  /**
   * yolo-dfl: whether class scores still need a sigmoid; default logits.
   */
  scores?: "logits" | "probabilities";
  /**
   * Which boxes suppress each other; default per-class, none for end-to-end.
   */
  nms?: "per-class" | "class-offset" | "agnostic" | "none";
  /**
   * A box is dropped when a surer one overlaps it by more; default 0.7.
   */
  nms_iou?: number;
  /**
   * Boxes at or below are dropped; default 0.001.
   */
  min_score?: number;
  /**
   * Boxes kept an image, the surest first; default 300.
   */
  max_detections?: number;
  /**
   * Whether boxes are cut at the image's edges; default true.
   */
  clip?: boolean;
}
/**
 * Items that activation ranges are measured on; must share no item with the dataset.
 */
export interface CalibrationConfig {
  dataset: DatasetConfig;
  /**
   * Items used; the first N of a seeded, class-stratified order.
   */
  count?: number;
  /**
   * Range estimator.
   */
  method?: "minmax" | "percentile";
  /**
   * Two-sided percentile for `percentile`.
   */
  percentile?: number;
}
/**
 * Discarded calls before the latency loop.
 */
export interface WarmupConfig {
  /**
   * Calls.
   */
  iterations?: number;
  /**
   * At least this long.
   */
  min_ms?: number;
}
/**
 * The latency loop of one trial.
 */
export interface LatencyConfig {
  /**
   * Samples.
   */
  min_samples?: number;
  /**
   * Samples.
   */
  max_samples?: number;
  /**
   * Sampling stops after this long.
   */
  time_budget_ms?: number;
  /**
   * Where given, the processes of a block are alive at once and are timed in turns, this long each, until the time budget is used: a machine whose speed drifts then slows all of them alike. ONNX Runtime only, without probes.
   */
  slice_ms?: number;
}
/**
 * Checks before the sweep and in every block.
 */
export interface CanaryConfig {
  /**
   * Baseline runs before the sweep.
   */
  runs?: number;
  /**
   * Items of the fixed subset.
   */
  items?: number;
  /**
   * Fails when the interval of the latency CV of a task lies above this.
   */
  latency_cv_threshold?: number;
  /**
   * Latency samples a canary trial must have.
   */
  min_samples?: number;
  /**
   * Accuracy the baseline must reach on the subset; null: better than guessing.
   */
  min_accuracy?: number | null;
}
/**
 * When readings of a trial's own window say that something disturbed it, and what follows.
 */
export interface RunQualityConfig {
  /**
   * A trial is starved when the CPU seconds of its latency loop fall below this share of the loop's wall seconds; 0 never.
   */
  min_cpu_share?: number;
  /**
   * A trial is starved when the hypervisor kept more than this many seconds a second, summed over cores.
   */
  max_steal_share?: number;
  /**
   * A trial is starved when some task waited for a CPU during more than this share of it; 1 never.
   */
  max_pressure_share?: number;
  /**
   * Time gates are inconclusive (polluted) when more than this share of a pair's blocks has a starved trial; 1 never.
   */
  max_starved_blocks?: number;
  /**
   * A trial is polluted when other programs used more than this share of all processors while it ran (HIGH_CPU_SATURATION); 1 never.
   */
  max_foreign_cpu_share?: number;
  /**
   * A trial is polluted when more than this many foreign tasks a processor were ready to run, on average (HIGH_SYSTEM_LOAD).
   */
  max_runnable_share?: number;
  /**
   * A trial is polluted when the harness and its probes used more than this many processors' worth of time beside it (HIGH_ORCHESTRATION_OVERHEAD).
   */
  max_orchestration_share?: number;
  /**
   * A trial is polluted when heat held the clocks down for more than this share of it (THERMAL_THROTTLE); 1 never.
   */
  max_throttled_share?: number;
  /**
   * A trial is polluted when a processor or card reached this temperature (HIGH_TEMPERATURE).
   */
  max_temperature_c?: number;
  /**
   * A trial is polluted when other processes held more than this much device memory (FOREIGN_GPU_LOAD), where the run watches a graphics card.
   */
  max_foreign_gpu_bytes?: number;
  /**
   * A trial is polluted when some task waited for memory for more than this share of it (MEMORY_PRESSURE); 1 never.
   */
  max_memory_pressure_share?: number;
  /**
   * A trial is polluted when less than this share of the machine's memory was free for use (MEMORY_PRESSURE); 0 never.
   */
  min_available_memory_share?: number;
  /**
   * A row is polluted when more than this share of its trials is; a polluted row is not recommended.
   */
  max_polluted_trials?: number;
}
/**
 * Probes that read the machine while trials run.
 */
export interface TelemetryConfig {
  /**
   * Which probes: auto is the processors, and the cards whose tool is installed; nvidia and amd add the processors too. Default auto; none for simulated runs.
   */
  probe?: "auto" | "nvidia" | "amd" | "cpu_only" | "none";
  /**
   * Samples a second.
   */
  rate_hz?: number;
  /**
   * Graphics cards by index, UUID or bus id; empty: all.
   */
  devices?: string[];
  cool_down?: CoolDownConfig;
}
/**
 * Waiting between blocks until the machine is cool.
 */
export interface CoolDownConfig {
  /**
   * A temperature that is cool enough; null: within 2 °C of where the run began, or no longer cooling.
   */
  target_c?: number | null;
  /**
   * Longest wait before a block.
   */
  cap_sec?: number;
}
/**
 * Changes the default gate of this id, or adds one.
 */
export interface GateConfig {
  /**
   * Unique name of the gate.
   */
  id: string;
  /**
   * Metric id.
   */
  metric?:
    | "quality.accuracy"
    | "quality.class_accuracy"
    | "quality.map"
    | "quality.category_ap"
    | "latency.call"
    | "size.bytes_on_disk"
    | "memory.peak_rss"
    | "determinism.rate"
    | "throughput.items"
    | "quality.adherence"
    | "latency.ttft"
    | "throughput.decode"
    | "throughput.prefill";
  /**
   * How the interval becomes a verdict (docs: statistics).
   */
  policy?: "non-inferiority" | "any-regression" | "equivalence" | "floor" | "ceiling" | "exact" | "quantile-limit";
  /**
   * Margin δ on the worsening effect; absolute in the metric's unit or relative to the baseline. Null where the policy uses a limit.
   */
  margin?: number | null;
  /**
   * Whether the margin is absolute or a fraction of the baseline.
   */
  margin_kind?: "absolute" | "relative";
  /**
   * Limit of a floor, ceiling or quantile-limit, in the metric's unit. Null elsewhere.
   */
  limit?: number | null;
  /**
   * Quantile of a quantile-limit, e.g. 0.99: that share of the calls must stay within the limit. Null elsewhere.
   */
  quantile?: number | null;
  /**
   * `primary` gates decide, `advisory` gates are reported.
   */
  tier?: "primary" | "advisory";
  /**
   * One-sided error rate of each claim.
   */
  alpha?: number;
  /**
   * False removes the gate.
   */
  enabled?: boolean;
}
/**
 * When a variant is done.
 */
export interface StopConfig {
  /**
   * fixed: every planned item and trial is run; anytime: items and blocks are run until the primary gates are settled.
   */
  mode?: "fixed" | "anytime";
  /**
   * What an early verdict speaks of: super-population (more items like these), or finite-set (these items only; a weaker claim that needs fewer of them).
   */
  claim?: "super-population" | "finite-set";
}
/**
 * Hardware sidecar: a program that is run once a cell, and what its answer must hold.
 */
export interface SidecarConfig {
  /**
   * Whose keys are required; auto: by what the answer says of itself; none: no sidecar.
   */
  profile?: "auto" | "nvidia" | "amd" | "cpu_only" | "none";
  /**
   * Command line, run without a shell, with {model_id} {quant_tag} {runtime_target} {execution_mode} {out_file}; null: the probes' own readings.
   */
  template?: string | null;
  /**
   * Limit of one run of it.
   */
  timeout_sec?: number;
  profiles?: SidecarProfilesDoc;
}
/**
 * Requirements in place of the built-in ones.
 */
export interface SidecarProfilesDoc {
  nvidia?: SidecarProfileDoc;
  amd?: SidecarProfileDoc;
  cpu_only?: SidecarProfileDoc;
}
/**
 * Keys that a profile asks for; a key in neither list does not apply.
 */
export interface SidecarProfileDoc {
  /**
   * Keys it must have.
   */
  required: (
    | "vram_total_mb"
    | "vram_used_mb"
    | "ttft_ms"
    | "prefill_tps"
    | "decode_tps"
    | "thermal_start_c"
    | "thermal_end_c"
    | "kernel_launch_ms"
    | "model_load_ms"
    | "pcie_throughput_gbps"
    | "cuda_graph_warmup_ms"
    | "gpu_clock_mhz"
    | "power_draw_watts"
    | "fan_speed_percent"
  )[];
  /**
   * Keys it may have.
   */
  optional: (
    | "vram_total_mb"
    | "vram_used_mb"
    | "ttft_ms"
    | "prefill_tps"
    | "decode_tps"
    | "thermal_start_c"
    | "thermal_end_c"
    | "kernel_launch_ms"
    | "model_load_ms"
    | "pcie_throughput_gbps"
    | "cuda_graph_warmup_ms"
    | "gpu_clock_mhz"
    | "power_draw_watts"
    | "fan_speed_percent"
  )[];
}
/**
 * What the frontier of the run is about.
 */
export interface FrontierConfig {
  /**
   * Metrics that rows are held against each other in; more of them put more rows on the front.
   *
   * @minItems 1
   */
  objectives?: [
    (
      | "quality.accuracy"
      | "latency.call"
      | "latency.ttft"
      | "throughput.items"
      | "throughput.decode"
      | "memory.peak_rss"
      | "size.bytes_on_disk"
      | "energy.item"
    ),
    ...(
      | "quality.accuracy"
      | "latency.call"
      | "latency.ttft"
      | "throughput.items"
      | "throughput.decode"
      | "memory.peak_rss"
      | "size.bytes_on_disk"
      | "energy.item"
    )[]
  ];
  /**
   * Whether rows that were measured while something else used the machine take part.
   */
  allow_polluted?: boolean;
}
/**
 * How a language model is reached and asked.
 */
export interface LanguageConfig {
  /**
   * Address of the server, e.g. http://127.0.0.1:11434; for openai with its path, e.g. http://127.0.0.1:8000/v1.
   */
  url?: string;
  /**
   * llama-server: program and arguments; one is started for each model. command: the program that speaks the protocol.
   *
   * @minItems 1
   */
  command?: [string, ...string[]];
  /**
   * llama-server: which of its ways to complete is used.
   */
  route?: "native" | "openai";
  /**
   * Environment variable that holds the API key. The key itself is never written down.
   */
  api_key_env?: string;
  /**
   * Context to allocate.
   */
  context_tokens?: number;
  /**
   * Threads of the server; 0: it chooses.
   */
  threads?: number;
  /**
   * Layers on the accelerator; null: the runtime chooses.
   */
  gpu_layers?: number | null;
  /**
   * Loading ends after this long.
   */
  load_timeout_sec?: number;
  /**
   * A reply ends after this long; its task scores 0.
   */
  request_timeout_sec?: number;
  /**
   * So does one in which nothing arrives for this long.
   */
  stall_timeout_sec?: number;
  /**
   * Sampling temperature; 0 is greedy.
   */
  temperature?: number;
  /**
   * Log-probabilities asked for at each token when a task is asked again; 0: none, and no divergence.
   */
  top_logprobs?: number;
  /**
   * Run models whose weights the provider gives no digest of. Every such variant has a finding.
   */
  allow_unverified?: boolean;
  /**
   * Tasks that each trial asks a second time at once, untimed, for determinism on token ids and for divergence: the canary's subset, all, or none.
   */
  repeat?: "subset" | "all" | "none";
}
/**
 * A program that makes files from files. Its result is kept by the digest of everything that goes into it.
 */
export interface PrepareStepConfig {
  /**
   * Unique name.
   */
  id: string;
  /**
   * Program and arguments, run without a shell. Filled in: {python}, {package}, {config_dir}, {data_dir}, {seed}, {in:NAME}, {out:NAME}, {calibration} (file of the prepared calibration items), {calibration_ids} (their list).
   *
   * @minItems 1
   */
  command: [string, ...string[]];
  /**
   * Files it reads, by name: paths as elsewhere in the config, or step:ID/NAME for an output of an earlier step. Scripts belong here too, so that a changed one is run again.
   */
  inputs?: {
    [k: string]: string;
  };
  /**
   * Files it writes, by name: file names; .onnx, .pt and .pt2 are models, which are inspected and run once.
   */
  outputs: {
    [k: string]: string;
  };
  /**
   * Environment variables set for it. Values of secrets do not belong here: the run keeps them.
   */
  env?: {
    [k: string]: string;
  };
  /**
   * Environment variables with secrets that it may see. Their values are cut out of its log, and are in no artifact and no key.
   */
  secrets?: string[];
  /**
   * Run first, with the same names filled in: the step is unavailable where it fails, and what it prints is recorded as the version of the tool.
   *
   * @minItems 1
   */
  check?: [string, ...string[]];
  /**
   * What a person does to make the tool available; shown where it is not.
   */
  install?: string;
  /**
   * The step is killed after this long.
   */
  timeout_sec?: number;
  /**
   * True: where it does not succeed, the variants that need it are left out, and the run goes on.
   */
  optional?: boolean;
  /**
   * What the first output model must have in common with the first input model: shapes of the inputs, of the outputs, number of parameters.
   */
  same?: ("inputs" | "outputs" | "parameters")[];
}
