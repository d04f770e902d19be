import type { TimedLine } from "./read-lines.ts";

/** One event; its time is that of the blank line that ends it. */
export interface ServerSentEvent {
  readonly atS: number;
  /** "message" where the server names none. */
  readonly event: string;
  readonly data: string;
}

/** Events of an event stream (WHATWG HTML, 9.2.6); id and retry fields, and comments, say nothing about a reply. */
export async function* serverSentEvents(lines: AsyncIterable<TimedLine>): AsyncGenerator<ServerSentEvent> {
  let event = "message";
  let data: string | undefined;
  let lastS = 0;
  for await (const { atS, text } of lines) {
    lastS = atS;
    if (text === "") {
      if (data !== undefined) yield { atS, event, data };
      event = "message";
      data = undefined;
      continue;
    }
    const colon = text.indexOf(":");
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? "" : text.slice(text[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") data = data === undefined ? value : `${data}\n${value}`;
    else if (field === "event") event = value;
  }
  // Servers that close at once after the last event leave its blank line out.
  if (data !== undefined) yield { atS: lastS, event, data };
}
