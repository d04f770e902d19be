import { createHash, hash } from "node:crypto";
import { createReadStream } from "node:fs";

/** Lower-case hexadecimal SHA-256 of bytes, or of a text's UTF-8. */
export function sha256(content: Uint8Array | string): string {
  return hash("sha256", content, "hex");
}

/** SHA-256 of a file, read in pieces. Rejects with the file system's error; see readBytes for one in words. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** SHA-256 of a text's UTF-8 in base 64, as content security policies name it. */
export function sha256Base64(content: string): string {
  return createHash("sha256").update(content).digest("base64");
}
