import type { GenerateRequest, LoadSettings, Prompt } from "../../domain/language-runtime.ts";
import { sha256 } from "../../platform/digest.ts";

/**
 * The prompt with a mark of its own at its very start: Ollama and LM Studio always reuse what the last prompt shares with this one. The mark follows
 * from the prompt, so that every variant and every repetition is asked the same, and two different tasks part at their first word.
 */
export function withNonce(prompt: Prompt): Prompt {
  const text = prompt.kind === "raw" ? prompt.text : prompt.messages.map(({ content }) => content).join("\n");
  const mark = `[${sha256(text).slice(0, 8)}] `;
  if (prompt.kind === "raw") return { kind: "raw", text: mark + prompt.text };
  const [first, ...rest] = prompt.messages;
  return first === undefined
    ? prompt
    : { kind: "chat", messages: [{ ...first, content: mark + first.content }, ...rest] };
}

/** Prose and code have two to six characters a token; half a prompt makes it look like nine and more. */
const MOST_CHARACTERS_PER_TOKEN = 8;

/**
 * Servers that know no `truncate` cut a prompt to about half the context and say nothing: then the count lies well under the context and
 * under anything the text can be worth.
 */
export function isCut(prompt: number | undefined, { contextTokens }: LoadSettings, request: GenerateRequest): boolean {
  if (prompt === undefined) return false;
  const { prompt: asked } = request;
  const length = asked.kind === "raw" ? asked.text.length : asked.messages.reduce((n, m) => n + m.content.length, 0);
  return prompt > contextTokens || length / MOST_CHARACTERS_PER_TOKEN > prompt;
}
