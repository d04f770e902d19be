/** An element of a simple XML document: no mixed content, no namespaces. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

/** Deeper than any document of a vendor's tool, and far from the end of the stack. */
const MAX_DEPTH = 100;

/**
 * Reads the XML that nvidia-smi writes. Declarations, comments and text outside the root are passed over; elements left open
 * by a document that was cut off are closed at its end. undefined where there is no element at all.
 */
export function parseXml(source: string): XmlElement | undefined {
  const tokens =
    /<!--[\s\S]*?-->|<[?!][^>]*>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/g;
  const root: Open = { name: "", attributes: {}, children: [], text: "" };
  const open: Open[] = [root];
  for (const [, closing, name, attributes, selfClosing, text] of source.matchAll(tokens)) {
    const current = open.at(-1) as Open;
    if (text !== undefined) current.text += unescapeXml(text);
    else if (closing === "/") {
      // A stray closing tag closes nothing; one further out closes what is open inside.
      const at = open.findLastIndex((element) => element.name === name);
      if (at > 0) open.length = at;
    } else if (name !== undefined && open.length < MAX_DEPTH) {
      const element: Open = { name, attributes: attributesOf(attributes ?? ""), children: [], text: "" };
      current.children.push(element);
      if (selfClosing !== "/") open.push(element);
    }
  }
  return root.children[0];
}

interface Open extends XmlElement {
  readonly children: Open[];
  text: string;
}

/** The text at a path of child names, trimmed; undefined where it is not there. */
export function textAt(element: XmlElement, path: string): string | undefined {
  let found: XmlElement | undefined = element;
  for (const name of path.split("/")) found = found?.children.find((child) => child.name === name);
  return found?.text.trim();
}

/** All elements at a path, the last name of which may repeat. */
export function elementsAt(element: XmlElement, path: string): readonly XmlElement[] {
  const names = path.split("/");
  let found: readonly XmlElement[] = [element];
  for (const name of names) found = found.flatMap((one) => one.children.filter((child) => child.name === name));
  return found;
}

function attributesOf(source: string): Record<string, string> {
  const pairs = [...source.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  return Object.fromEntries(pairs.map(([, name, double, single]) => [name, unescapeXml(double ?? single ?? "")]));
}

function unescapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
  return text.replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole);
}
