/** Characters that move the cursor, color the terminal, hide, or reverse the reading order. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff]/gu;

/** Text of unknown origin on one line: control characters are spelled out (`\u001b`), never obeyed. */
export function visible(text: string): string {
  return text.replaceAll(UNSAFE, (char) => {
    if (char === "\n") return "\\n";
    if (char === "\t") return "\\t";
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

const segments = new Intl.Segmenter("en", { granularity: "grapheme" });
/** East Asian wide and fullwidth blocks, and emoji, take two columns (Unicode Standard Annex 11, common blocks). */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}/u;
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]/u;

/** Columns that a terminal gives to a text without control sequences. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of segments.segment(text)) width += ZERO.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1;
  return width;
}

/** Pads with spaces to at least `width` columns. */
export function pad(text: string, width: number, side: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, width - displayWidth(text)));
  return side === "left" ? space + text : text + space;
}

/** A space that does not part a number from its percent sign or stand inside an interval. */
const BREAKS = / (?!%)(?![^[\]]*\])/;

/**
 * Breaks one paragraph at spaces so that no line is wider than `width`; leading spaces are kept, later lines are indented.
 * A longer word keeps its own line.
 */
export function wrap(text: string, width: number, indent = "  "): string[] {
  const lines: string[] = [];
  const lead = /^ */.exec(text)?.[0] ?? "";
  let line = lead;
  let isEmpty = true;
  for (const word of text.slice(lead.length).split(BREAKS)) {
    const candidate = isEmpty ? line + word : `${line} ${word}`;
    if (isEmpty || displayWidth(candidate) <= width) {
      line = candidate;
    } else {
      lines.push(line);
      line = indent + word;
    }
    isEmpty = false;
  }
  return [...lines, line];
}

/** Code units that a column may take: a letter with many marks. What goes on longer is cut, since it may never end. */
const UNITS_PER_COLUMN = 16;

/** Cuts a text so that it takes at most `width` columns, and says so with an ellipsis. Takes no longer for a long text. */
export function truncate(text: string, width: number): string {
  const head = text.slice(0, Math.max(1, width) * UNITS_PER_COLUMN);
  if (head.length === text.length && displayWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of segments.segment(head)) {
    used += displayWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return width < 1 ? "" : `${kept}…`;
}
