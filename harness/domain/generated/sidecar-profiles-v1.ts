// Generated from schemas/sidecar_profiles.v1.schema.json by scripts/generate-types.mjs. Do not edit.

/**
 * Requirements of sidecar profiles, as --sidecar-profiles-config takes them.
 */
export interface SidecarProfiles {
  /**
   * Kind and version of this document.
   */
  schema_version: "quantgate.sidecar_profiles.v1";
  profiles: SidecarProfileSet;
}
/**
 * By profile; what is not named keeps the built-in requirements.
 */
export interface SidecarProfileSet {
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
