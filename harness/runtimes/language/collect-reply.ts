import { HarnessError } from "../../domain/errors.ts";
import type { GenerateResult, TimedEvent, TokenDetail } from "../../domain/language-runtime.ts";
import { KeyRepeated } from "./key-guard.ts";

/** What had arrived when a stream ended or broke. */
export interface PartialReply {
  readonly text: string;
  readonly firstS: number | undefined;
}

/** Reads a reply to its end. What the stream throws passes through, and `onPartial` hears what had arrived by then, part of a key excepted. */
export async function collectReply(
  events: AsyncIterable<TimedEvent>,
  onPartial: (partial: PartialReply) => void = () => undefined,
): Promise<GenerateResult> {
  let headersS: number | undefined;
  let text = "";
  let reasoning = "";
  let ids: number[] | undefined;
  let details: TokenDetail[] | undefined;
  const chunkS: number[] = [];
  let end: (TimedEvent & { kind: "end" }) | undefined;
  try {
    for await (const event of events) {
      if (event.kind === "headers") headersS = event.atS;
      else if (event.kind === "end") end = event;
      else if (event.kind === "chunk") {
        text += event.text;
        reasoning += event.reasoning;
        if (event.tokenIds !== undefined) ids = push(ids, event.tokenIds);
        if (event.details !== undefined) details = push(details, event.details);
        if (event.text !== "" || event.reasoning !== "") chunkS.push(event.atS);
      }
    }
  } catch (error) {
    if (error instanceof KeyRepeated) throw error;
    onPartial({ text, firstS: chunkS[0] });
    throw error;
  }
  if (end === undefined) {
    throw new HarnessError("RUNTIME_PROTOCOL", "The stream ended without its last event", {
      hint: "This is a defect of the runtime adapter.",
    });
  }
  const { kind: _, atS, ...rest } = end;
  return {
    ...rest,
    text,
    reasoning,
    tokenIds: ids,
    details,
    times: { headersS, firstS: chunkS[0], lastS: chunkS.at(-1), endS: atS, chunkS: Float64Array.from(chunkS) },
  };
}

function push<T>(to: T[] | undefined, more: readonly T[]): T[] {
  if (to === undefined) return [...more];
  // One by one: a spread of a long list would overflow the stack.
  for (const value of more) to.push(value);
  return to;
}
