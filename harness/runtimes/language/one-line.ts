/** What a server or program said, as part of a message: one line, without control characters, not longer than `most`. */
export function oneLine(text: string, most = 300): string {
  const line = text.replaceAll(/[\p{Cc}\p{Bidi_Control}\s]+/gu, " ").trim();
  return line.length > most ? `${line.slice(0, most)}…` : line;
}

/** The last words of a log. */
export function lastLine(log: string): string {
  return oneLine(log.trimEnd().split("\n").at(-1) ?? "");
}
