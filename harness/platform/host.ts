import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { canonicalJson } from "../domain/canonical-json.ts";
import { sha256 } from "./digest.ts";

/** What has to be equal for two speed measurements to be comparable at all. */
export interface HardFacts {
  readonly arch: string;
  readonly cpu_model: string;
  /** Cores this process may use. */
  readonly cores: number;
  /** The instruction sets that choose kernels, sorted; null where they cannot be read. */
  readonly isa_flags: readonly string[] | null;
  /** Memory, rounded to a common size, e.g. "16 GiB". */
  readonly memory_class: string;
  readonly accelerator: string;
  readonly os: string;
  readonly runtime: string;
}

/** What may differ between comparable machines but is worth a remark when it does. */
export interface SoftFacts {
  readonly kernel: string;
  readonly microcode: string | null;
  /** Image of the CI runner or the system, where it names itself. */
  readonly image: string | null;
}

/** Two digests (16 hexadecimal digits of the SHA-256 of the facts' canonical JSON) with the facts they stand for. */
export interface HostFingerprint {
  readonly hard: string;
  readonly soft: string;
  readonly hardFacts: HardFacts;
  readonly softFacts: SoftFacts;
}

/** Instruction sets by which ONNX Runtime and its like choose other kernels. */
const KERNEL_FLAGS = new Set(
  (
    "sse4_1 sse4_2 avx avx2 fma f16c avx512f avx512bw avx512dq avx512vl avx512_vnni avx_vnni avx_vnni_int8 avx512_bf16 " +
    "avx512_fp16 amx_tile amx_int8 amx_bf16 asimd asimdhp asimddp i8mm bf16 sve sve2 sme"
  ).split(" "),
);

/** Where files of the system are read from; another folder in tests. */
export interface HostSource {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const thisHost: HostSource = { root: "/", env: process.env };

/** Facts and digests of this machine. `runtimeVersion`: "name 1.30.0" of the runtime; its major and minor count. */
export function hostFingerprint(options: { runtimeVersion?: string; source?: HostSource } = {}): HostFingerprint {
  const source = options.source ?? thisHost;
  const cpuinfo = cpuInfo(source);
  const [name = "node", version = process.versions.node] = (options.runtimeVersion ?? "").split(" ").filter(Boolean);
  const hardFacts: HardFacts = {
    arch: arch(),
    cpu_model: cpuinfo.get("model name") ?? cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    isa_flags: isaFlags(source) ?? null,
    memory_class: memoryClass(usableMemory()),
    // Nothing here runs on an accelerator yet; a runtime that does has to say so.
    accelerator: "none",
    os: osMajor(source),
    runtime: `${name} ${version
      .split(".")
      .slice(0, name === "node" ? 1 : 2)
      .join(".")}`,
  };
  const softFacts: SoftFacts = {
    kernel: release(),
    microcode: cpuinfo.get("microcode") ?? null,
    image: imageName(source),
  };
  return { hard: shortDigest(hardFacts), soft: shortDigest(softFacts), hardFacts, softFacts };
}

/** Instruction sets of the CPU that matter to kernels, sorted; undefined where the system does not tell. */
export function isaFlags(source: HostSource = thisHost): string[] | undefined {
  const cpuinfo = cpuInfo(source);
  const flags = cpuinfo.get("flags") ?? cpuinfo.get("Features");
  return flags
    ?.split(/\s+/)
    .filter((flag) => KERNEL_FLAGS.has(flag))
    .sort();
}

/**
 * Whether the CPU multiplies 8-bit integers into 32-bit sums in one instruction (VNNI, AMX, Arm's dot product). Without it u8s8
 * kernels may saturate and gain less. undefined where the flags cannot be read.
 */
export function hasIntegerDotProduct(flags: readonly string[] | undefined): boolean | undefined {
  if (flags === undefined) return undefined;
  return ["avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"].some((flag) => flags.includes(flag));
}

/** Bytes this process may use: the machine's memory, or the limit of its control group if that is lower. */
export function usableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  // "No limit" is reported as 0 or as a number near 2^64.
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

/** The nearest of 1, 1.5, 2, 3, 4, 6, 8 ... GiB by ratio: machines of one kind differ by what firmware keeps for itself. */
export function memoryClass(bytes: number): string {
  const gib = bytes / 2 ** 30;
  const exponent = Math.floor(Math.log2(gib));
  const sizes = [2 ** exponent, 1.5 * 2 ** exponent, 2 ** (exponent + 1)];
  const distance = (size: number): number => Math.abs(Math.log(size / gib));
  const nearest = sizes.reduce((best, size) => (distance(size) < distance(best) ? size : best));
  return `${nearest} GiB`;
}

function cpuInfo(source: HostSource): Map<string, string> {
  const facts = new Map<string, string>();
  // The first processor stands for all: mixed cores are told apart by the model name only.
  for (const line of (readSystem(source, "proc/cpuinfo") ?? "").split("\n")) {
    const [key, value] = splitOnce(line, ":");
    if (key === "" || value === undefined) continue;
    if (!facts.has(key)) facts.set(key, value);
  }
  return facts;
}

function osRelease(source: HostSource): Map<string, string> {
  const text = readSystem(source, "etc/os-release") ?? "";
  const entries = text.split("\n").map((line) => splitOnce(line, "="));
  return new Map(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value.replace(/^"|"$/g, "")]])));
}

function osMajor(source: HostSource): string {
  const facts = osRelease(source);
  const major = (facts.get("VERSION_ID") ?? release()).split(".")[0] ?? "";
  return `${platform()} ${facts.get("ID") ?? ""} ${major}`.replaceAll(/\s+/g, " ").trim();
}

function imageName(source: HostSource): string | null {
  const { ImageOS, ImageVersion } = source.env;
  if (ImageOS !== undefined) return `${ImageOS} ${ImageVersion ?? ""}`.trim();
  return osRelease(source).get("PRETTY_NAME") ?? null;
}

/** A file of the system, or undefined where this platform has none of that name. */
export function readSystem(source: HostSource, path: string): string | undefined {
  try {
    return readFileSync(join(source.root, path), "utf8");
  } catch {
    return undefined;
  }
}

function splitOnce(line: string, separator: string): [string, string | undefined] {
  const at = line.indexOf(separator);
  return at < 0 ? [line.trim(), undefined] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

function shortDigest(facts: object): string {
  return sha256(canonicalJson(facts)).slice(0, 16);
}
