import { HarnessError } from "../../domain/errors.ts";
import type { TimedEvent } from "../../domain/language-runtime.ts";

/** Shorter ones stand in for none ("none", "ollama", "lm-studio"), and are words of ordinary replies. */
const LEAST_KEY = 16;

/** A server repeated its API key in a reply: what it said is not kept. */
export class KeyRepeated extends HarnessError {
  constructor(who: string) {
    super("RUNTIME_PROTOCOL", `${who} repeats the API key in its reply; what it said was not kept`, {
      hint: "Something between may echo requests. Replace the key, and do not use this address.",
    });
  }
}

/** Passes events on until the key is among them, in one or over several ({@link KeyRepeated}). */
export async function* withoutKey(
  events: AsyncIterable<TimedEvent>,
  { who, apiKey }: { readonly who: string; readonly apiKey: string | undefined },
): AsyncGenerator<TimedEvent> {
  if (apiKey === undefined || apiKey.length < LEAST_KEY) {
    yield* events;
    return;
  }
  const tails = { text: "", reasoning: "" };
  const holds = (kind: "text" | "reasoning", more: string): boolean => {
    if (more === "") return false;
    const text = tails[kind] + more;
    tails[kind] = text.slice(1 - apiKey.length);
    return text.includes(apiKey);
  };
  for await (const event of events) {
    const isChunk = event.kind === "chunk";
    const isRepeated = isChunk && [holds("text", event.text), holds("reasoning", event.reasoning)].includes(true);
    // Names of its figures, and texts of tokens, are the server's own words.
    const others = isChunk ? event.details : event.kind === "end" ? event.server.raw : undefined;
    if (isRepeated || (others !== undefined && JSON.stringify(others).includes(apiKey))) throw new KeyRepeated(who);
    yield event;
  }
}

/** A text with the key taken out; short stand-ins are left where they are words. */
export function textWithoutKey(text: string, apiKey: string | undefined): string {
  return apiKey === undefined || apiKey.length < LEAST_KEY ? text : text.replaceAll(apiKey, "[api key]");
}
