// Generated from schemas/sidecar_parse.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * What a hardware sidecar said, in canonical keys. It diagnoses and never decides.
 */
export interface SidecarParse {
  /**
   * Kind and version of this document.
   */
  schema_version: "sidecar.parse.v1";
  /**
   * Whose requirements held.
   */
  profile: "nvidia" | "amd" | "cpu_only" | "none";
  /**
   * Memory of the device.
   */
  vram_total_mb: number | null;
  /**
   * Most memory of the device that was in use.
   */
  vram_used_mb: number | null;
  /**
   * Time to the first token.
   */
  ttft_ms: number | null;
  /**
   * Prompt tokens a second.
   */
  prefill_tps: number | null;
  /**
   * Generated tokens a second.
   */
  decode_tps: number | null;
  /**
   * Temperature at the first sample.
   */
  thermal_start_c: number | null;
  /**
   * Temperature at the last sample, another than the first.
   */
  thermal_end_c: number | null;
  /**
   * Time to launch a kernel.
   */
  kernel_launch_ms: number | null;
  /**
   * Time to load the model.
   */
  model_load_ms: number | null;
  /**
   * Traffic over PCI Express, 10^9 bits a second.
   */
  pcie_throughput_gbps: number | null;
  /**
   * Time to warm up CUDA graphs.
   */
  cuda_graph_warmup_ms: number | null;
  /**
   * Clock of the device.
   */
  gpu_clock_mhz: number | null;
  /**
   * Power.
   */
  power_draw_watts: number | null;
  /**
   * Share of the fan's nominal maximum.
   */
  fan_speed_percent: number | null;
  /**
   * Keys that do not apply here, sorted; they are null and not missing.
   */
  not_applicable: (
    | "cuda_graph_warmup_ms"
    | "decode_tps"
    | "fan_speed_percent"
    | "gpu_clock_mhz"
    | "kernel_launch_ms"
    | "model_load_ms"
    | "pcie_throughput_gbps"
    | "power_draw_watts"
    | "prefill_tps"
    | "thermal_end_c"
    | "thermal_start_c"
    | "ttft_ms"
    | "vram_total_mb"
    | "vram_used_mb"
  )[];
  /**
   * The worst that is the case.
   */
  sidecar_parse_status: "OK" | "OPTIONAL_FIELD_MISSING" | "NOT_APPLICABLE" | "REQUIRED_FIELD_MISSING" | "PARSE_ERROR";
  /**
   * What is wrong, sorted: missing:KEY, invalid:KEY, unit:KEY, conflict:KEY or payload:unreadable.
   */
  sidecar_parse_errors: string[];
}
