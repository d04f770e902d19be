import type { Value } from "./protocol.ts";
import { elsewhere, namesIn, numberIn, readSystem, systemFile } from "./system-file.ts";

/** Drivers whose sensors sit in the processor, by the names they give themselves. */
const CPU_CHIPS = /^(coretemp|k10temp|k8temp|zenpower|cpu_thermal|cpu|soc_thermal|via_cputemp|fam15h_power)/;

export interface Sensors {
  /** The hottest sensor of the processor. */
  readonly cpuC: Value;
  /** All sensors, by chip and label. */
  readonly all: Readonly<Record<string, number>>;
}

/** Temperatures of hwmon, or, where there is none for the processor, of the thermal zones. */
export function temperatureSensors(root: string): () => Sensors {
  const inputs = [...hwmonInputs(root), ...zoneInputs(root)];
  return () => {
    const all: Record<string, number> = {};
    const cpu: number[] = [];
    let why: Value = elsewhere;
    for (const { label, isCpu, read } of inputs) {
      const value = numberIn(read(), 1e-3);
      // A sensor that is not wired answers 0, -273 or a value out of this world.
      if (typeof value === "number" && value > -60 && value < 150 && value !== 0) {
        all[label] = value;
        if (isCpu) cpu.push(value);
      } else if (isCpu && typeof value !== "number") why = value;
    }
    return { cpuC: cpu.length === 0 ? why : Math.max(...cpu), all };
  };
}

interface Input {
  readonly label: string;
  readonly isCpu: boolean;
  readonly read: ReturnType<typeof systemFile>;
}

function hwmonInputs(root: string): Input[] {
  return namesIn(root, "sys/class/hwmon").flatMap((chip) => {
    const folder = `sys/class/hwmon/${chip}`;
    const name = textOf(root, `${folder}/name`) ?? chip;
    const files = namesIn(root, folder).filter((file) => /^temp\d+_input$/.test(file));
    return files.map((file) => {
      const label = textOf(root, `${folder}/${file.replace("_input", "_label")}`) ?? file.replace("_input", "");
      return { label: `${name}/${label}`, isCpu: CPU_CHIPS.test(name), read: systemFile(root, `${folder}/${file}`) };
    });
  });
}

function zoneInputs(root: string): Input[] {
  const zones = namesIn(root, "sys/class/thermal").filter((name) => /^thermal_zone\d+$/.test(name));
  return zones.flatMap((zone) => {
    const type = textOf(root, `sys/class/thermal/${zone}/type`) ?? zone;
    const isCpu = /^(x86_pkg_temp|cpu|soc)/i.test(type);
    return [{ label: `${zone}/${type}`, isCpu, read: systemFile(root, `sys/class/thermal/${zone}/temp`) }];
  });
}

/** Energy of all processor packages since the first call in joules, by RAPL; its counters wrap, which is unwrapped here. */
export function raplEnergy(root: string): () => Value {
  const folder = "sys/class/powercap";
  const packages = namesIn(root, folder)
    .filter((name) => /^(intel|amd)-rapl:\d+$/.test(name))
    // Another domain, such as that of the whole platform ("psys"), would count the packages twice.
    .filter((name) => (textOf(root, `${folder}/${name}/name`) ?? "").startsWith("package"))
    .map((name) => ({
      read: systemFile(root, `${folder}/${name}/energy_uj`),
      range: numberIn(readSystem(root, `${folder}/${name}/max_energy_range_uj`)),
    }));
  const last: number[] = [];
  let joules = 0;
  return () => {
    if (packages.length === 0) return elsewhere;
    for (const [i, { read, range }] of packages.entries()) {
      const microjoules = numberIn(read());
      if (typeof microjoules !== "number") return microjoules;
      const before = last[i];
      last[i] = microjoules;
      if (before === undefined) continue;
      const rise = microjoules - before;
      if (rise < 0 && typeof range !== "number") return { missing: "unreadable" };
      joules += (rise < 0 ? rise + (range as number) : rise) * 1e-6;
    }
    return joules;
  };
}

/** Times that cores or packages were slowed down by heat, since boot. A package counts once, whatever its number of cores. */
export function throttleEvents(root: string): () => Value {
  const folder = "sys/devices/system/cpu";
  const cpus = namesIn(root, folder).filter((name) => /^cpu\d+$/.test(name));
  const seen = new Set<string>();
  const files = cpus.flatMap((cpu) => {
    const at = `${folder}/${cpu}/thermal_throttle`;
    const names = namesIn(root, at).filter((name) => /^(core|package)_throttle_count$/.test(name));
    return names.flatMap((name) => {
      const topology = `${folder}/${cpu}/topology`;
      const id = textOf(root, `${topology}/physical_package_id`) ?? "0";
      const part = name.startsWith("core") ? `${id}/${textOf(root, `${topology}/core_id`) ?? cpu}` : id;
      if (seen.has(`${name} ${part}`)) return [];
      seen.add(`${name} ${part}`);
      return [systemFile(root, `${at}/${name}`)];
    });
  });
  return () => {
    if (files.length === 0) return elsewhere;
    let total = 0;
    for (const read of files) {
      const count = numberIn(read());
      if (typeof count !== "number") return count;
      total += count;
    }
    return total;
  };
}

function textOf(root: string, path: string): string | undefined {
  const source = readSystem(root, path);
  return "missing" in source || source.text.trim() === "" ? undefined : source.text.trim();
}
