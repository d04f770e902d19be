import picocolors from "picocolors";
import { roughWait } from "../report/durations.ts";
import { percent } from "../report/numbers.ts";
import { displayWidth, truncate, visible } from "../report/visible-text.ts";

/** Where progress is drawn; `process.stderr` is one. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ProgressOptions {
  readonly stream: ProgressStream;
  /** NO_COLOR, TERM and CI are read from here. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** False draws nothing at all; true by default. */
  readonly enabled?: boolean;
  /** What is counted, in the plural; `trials` by default. */
  readonly noun?: string;
}

export interface TickFacts {
  /** What was just done, or comes next. */
  readonly label?: string;
  /** Time left; absent while nobody knows. */
  readonly etaSeconds?: number | undefined;
}

/** Draws only inside its own calls: there is no timer, so a timed region between two calls is never disturbed. */
export interface Progress {
  /** Begins at 0 of `total`, or at `done` where a resumed run has some already. */
  start(total: number, done?: number): void;
  /** `done` of the total are finished. */
  tick(done: number, facts?: TickFacts): void;
  /** Nothing is written until {@link resume}, whatever is called. */
  pause(): void;
  /** Shows what happened meanwhile. */
  resume(): void;
  /** Prints a line of its own; a bar is redrawn below it. */
  line(text: string): void;
  /** Removes the bar. Later calls do nothing until the next start. */
  stop(): void;
}

const BAR_WIDTH = 24;
const CLEAR_LINE = "\r\u001b[K";
/** Where there is no terminal, a line at each tenth of the way. */
const STEPS = 10;

/** A bar with the time left on a terminal; plain lines at every tenth elsewhere, in CI and on a dumb terminal. */
export function createProgress(options: ProgressOptions): Progress {
  const { stream, env } = options;
  if (options.enabled === false) return silent();
  const isBar = stream.isTTY === true && !isSet(env["CI"]) && env["TERM"] !== "dumb";
  const colors = picocolors.createColors(isBar && !isSet(env["NO_COLOR"]));
  const noun = options.noun ?? "trials";
  let state: { total: number; done: number; facts: TickFacts; step: number } | undefined;
  let isPaused = false;
  let isDrawn = false;
  let held: string[] = [];

  const clear = () => {
    if (isDrawn) stream.write(CLEAR_LINE);
    isDrawn = false;
  };
  const draw = () => {
    if (state === undefined || isPaused) return;
    if (isBar) {
      stream.write(`\r${barLine(state, { width: stream.columns ?? 80, noun, paint: colors.cyan })}\u001b[K`);
      isDrawn = true;
      return;
    }
    const step = state.total === 0 ? STEPS : Math.floor((state.done / state.total) * STEPS);
    if (step > state.step) stream.write(`${plainLine(state, noun)}\n`);
    state.step = Math.max(step, state.step);
  };

  const line = (text: string) => {
    if (isPaused) {
      held.push(text);
      return;
    }
    clear();
    stream.write(`${text}\n`);
    if (isBar) draw();
  };

  return {
    start(total, done = 0) {
      state = { total, done, facts: {}, step: total === 0 ? 0 : Math.floor((done / total) * STEPS) };
      draw();
    },
    tick(done, facts = {}) {
      if (state === undefined) return;
      state.done = Math.min(done, state.total);
      state.facts = facts;
      draw();
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      for (const text of held.splice(0)) line(text);
      draw();
    },
    line,
    stop() {
      isPaused = false;
      clear();
      for (const text of held) stream.write(`${text}\n`);
      held = [];
      state = undefined;
    },
  };
}

interface BarState {
  readonly total: number;
  readonly done: number;
  readonly facts: TickFacts;
}

/** One line that never wraps: label, then bar, are what gives way on a narrow terminal. */
function barLine(
  state: BarState,
  { width, noun, paint }: { readonly width: number; readonly noun: string; readonly paint: (text: string) => string },
): string {
  // The last column is left free: some terminals wrap as soon as it is written.
  const room = width - 1;
  const share = state.total === 0 ? 1 : state.done / state.total;
  const numbers = fittedFacts(factParts(state, noun), room);
  const bar = Math.min(BAR_WIDTH, room - displayWidth(numbers) - 1);
  if (bar < 4) return numbers;
  const full = Math.floor(share * bar);
  const label = truncate(visible(state.facts.label ?? ""), room - bar - displayWidth(numbers) - 4);
  const start = `${paint("█".repeat(full))}${"░".repeat(bar - full)} ${numbers}`;
  return label === "" || label === "…" ? start : `${start} · ${label}`;
}

/** The share always, then the time left, then the counts, as far as there is room. */
function fittedFacts([share, counts, ...eta]: readonly string[], room: number): string {
  const choices = [[share, counts, ...eta], [share, ...eta], [share]].map((parts) => parts.join(" · "));
  return choices.find((text) => displayWidth(text) <= room) ?? "";
}

function plainLine(state: BarState, noun: string): string {
  const label = visible(state.facts.label ?? "");
  return [...factParts(state, noun), ...(label === "" ? [] : [label])].join(" · ");
}

function factParts({ total, done, facts }: BarState, noun: string): string[] {
  const share = total === 0 ? 1 : done / total;
  const eta = facts.etaSeconds === undefined || done >= total ? [] : [`${roughWait(facts.etaSeconds)} left`];
  // 99.6 % is not 100 %.
  const shown = done < total ? Math.min(share, 0.99) : 1;
  return [`${percent(shown)}`, `${done}/${total} ${noun}`, ...eta];
}

/** The convention of NO_COLOR and CI: present and not empty. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "false";
}

function silent(): Progress {
  const nothing = () => {};
  return { start: nothing, tick: nothing, pause: nothing, resume: nothing, line: nothing, stop: nothing };
}
