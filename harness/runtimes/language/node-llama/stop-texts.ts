/** Lets text through up to the first of the stop texts; what could still begin one is held back. */
export class StopTexts {
  private readonly stops: readonly string[];
  private held = "";
  /** True once a stop text came; nothing is let through any more. */
  isReached = false;

  constructor(stops: readonly string[]) {
    this.stops = stops.filter((stop) => stop !== "");
  }

  push(text: string): string {
    if (this.isReached) return "";
    const all = this.held + text;
    const found = this.stops.map((stop) => all.indexOf(stop)).filter((index) => index >= 0);
    if (found.length > 0) {
      this.isReached = true;
      this.held = "";
      return all.slice(0, Math.min(...found));
    }
    const keep = Math.max(0, ...this.stops.map((stop) => beginning(all, stop)));
    this.held = all.slice(all.length - keep);
    return all.slice(0, all.length - keep);
  }

  /** What was held back for a stop text that did not come. */
  rest(): string {
    const { held } = this;
    this.held = "";
    return held;
  }
}

/** Length of the longest end of the text with which the stop text begins. */
function beginning(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
