import { setTimeout as sleep } from "node:timers/promises";
import { parseCell } from "./cell.ts";
import { energyKeeper } from "./integrate.ts";
import { APP_FIELDS, appOfRow, type ComputeApp, memoryByOwner } from "./nvidia-apps.ts";
import { csvReader } from "./nvidia-csv.ts";
import { parseNvidiaXml } from "./nvidia-xml.ts";
import { ownProcesses } from "./own-processes.ts";
import type { ProbeSink } from "./probe-output.ts";
import type { DeviceSample, Reading, Value } from "./protocol.ts";
import { askTool } from "./tool-process.ts";
import { isSameBus, openXidLog } from "./xid.ts";

type Row = ReadonlyMap<string, string>;

const MAX_BYTES = 2 << 20;
const APPS_MS = 1000;
/** MIG devices are told by XML alone, which takes long. */
const MIG_MS = 2000;

export interface BesideOptions {
  readonly command: string;
  /** Arguments that choose the devices. */
  readonly device: readonly string[];
  readonly pids: readonly number[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What is known of the GPUs beside their rows: processes, MIG devices, faults, and energy so far. */
export class NvidiaBeside {
  readonly #sink: ProbeSink;
  readonly #options: BesideOptions;
  readonly #isOurs: ((pid: number) => boolean) | undefined;
  readonly #xids = openXidLog();
  readonly #xidCounts = new Map<string, number>();
  readonly #keepEnergy = energyKeeper();
  readonly #idByUuid = new Map<string, string>();
  #apps: readonly ComputeApp[] | undefined;
  #migs: readonly DeviceSample[] = [];
  #isMig = false;

  constructor(sink: ProbeSink, options: BesideOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#isOurs = ownProcesses(options.pids);
  }

  /** Keeps processes and MIG devices fresh until the abort. */
  watch(): void {
    const { signal } = this.#options;
    void repeat(() => this.#readApps(), APPS_MS, signal);
    void repeat(() => this.readMigs(), MIG_MS, signal);
  }

  async readAppsOnce(): Promise<void> {
    await this.#readApps();
  }

  /** MIG devices as last read, after the rows of a sample have told of them. */
  get migs(): readonly DeviceSample[] {
    return this.#migs;
  }

  /** Takes note of a sample's rows; to be called before {@link extra} and {@link withEnergy}. */
  noteRows(rows: readonly Row[]): void {
    this.#isMig ||= rows.some((cells) => /^enabled$/i.test(cells.get("mig.mode.current") ?? ""));
    if ("missing" in this.#xids) return;
    for (const { bus, code } of this.#xids.poll()) {
      this.#xidCounts.set(bus, (this.#xidCounts.get(bus) ?? 0) + 1);
      this.#sink.problem("XID", `The driver reported Xid ${code} for the GPU at ${bus}.`);
    }
  }

  /** Readings of one GPU that its row does not hold. */
  extra(cells: Row): Partial<Record<Reading, Value>> {
    const uuid = cells.get("uuid");
    const bus = cells.get("pci.bus_id");
    const faults: Value =
      "missing" in this.#xids
        ? { missing: this.#xids.missing }
        : [...this.#xidCounts].reduce((sum, [at, n]) => (bus !== undefined && isSameBus(bus, at) ? sum + n : sum), 0);
    if (this.#apps === undefined || uuid === undefined) return { xid_events: faults };
    const usedBytes = parseCell(cells.get("memory.used") ?? "", "B", "MiB");
    return { xid_events: faults, ...memoryByOwner(this.#apps, { gpu: uuid, usedBytes, isOurs: this.#isOurs }) };
  }

  /** The device with its energy since the probe began. */
  withEnergy(device: DeviceSample): DeviceSample {
    if (device.uuid !== null) this.#idByUuid.set(device.uuid, device.id);
    return this.#keepEnergy(device);
  }

  /** Reads the MIG devices where a row has told of MIG. */
  async readMigs(): Promise<void> {
    if (!this.#isMig) return;
    const { text } = await this.#ask(["-q", "-x", ...this.#options.device]);
    const devices = parseNvidiaXml(text, this.#isOurs)?.devices ?? [];
    // XML counts only the GPUs it lists, so a partition takes its GPU's name from the rows, by UUID.
    const names = new Map(
      devices.flatMap(({ kind, id, uuid }) => (kind === "gpu" ? [[id, this.#idByUuid.get(uuid ?? "") ?? id]] : [])),
    );
    this.#migs = devices
      .filter(({ kind }) => kind === "mig")
      .map((mig) => ({ ...mig, id: mig.id.replace(/^gpu\d+/, (id) => names.get(id) ?? id) }));
  }

  async #readApps(): Promise<void> {
    for (const names of [0, 1]) {
      const fields = APP_FIELDS.map((field) => field[names] ?? field[0]);
      const args = [`--query-compute-apps=${fields.join(",")}`, "--format=csv", ...this.#options.device];
      const { text, ending } = await this.#ask(args);
      if (ending.status !== "exited") break;
      if (ending.exitCode === 0) {
        const rows = text.split("\n").map(csvReader());
        this.#apps = rows.flatMap((line) => (line.kind === "row" ? (appOfRow(line.cells) ?? []) : []));
        return;
      }
    }
    // Processes as they once were would blame somebody who has left.
    this.#apps = undefined;
  }

  #ask(args: readonly string[]) {
    const { command, timeoutMs, signal } = this.#options;
    return askTool(command, args, { timeoutMs, maxBytes: MAX_BYTES, signal });
  }
}

async function repeat(read: () => Promise<void>, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await read();
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
