import { artifactJson } from "../../domain/canonical-json.ts";
import { type FetchProgress, fetchData, readCatalog } from "../../pipeline/fetch.ts";
import { renderCatalog, renderFetched } from "../../report/fetch-text.ts";
import { watchInterrupts } from "../interrupt.ts";
import { textOptions } from "../terminal.ts";

export interface FetchFlags {
  readonly list?: boolean;
  readonly catalog?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** Gets pinned data and models, or lists them. */
export async function runFetch(ids: readonly string[], flags: FetchFlags): Promise<number> {
  if (flags.list) {
    const catalog = await readCatalog(flags.catalog);
    const text = flags.json
      ? artifactJson(catalog)
      : `${renderCatalog(catalog, textOptions(process.stdout, process.env))}\n`;
    process.stdout.write(text);
    return 0;
  }
  const interrupt = watchInterrupts();
  try {
    const onProgress = flags.json ? undefined : progressLines();
    const files = await fetchData({
      ids,
      catalog: flags.catalog,
      dataDir: flags.dataDir,
      signal: interrupt.signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    process.stdout.write(flags.json ? artifactJson({ files }) : `${renderFetched(files)}\n`);
    return 0;
  } catch (error) {
    const exitCode = interrupt.exitCode();
    if (exitCode === undefined) throw error;
    process.stderr.write("interrupted; what has arrived is kept\n");
    return exitCode;
  } finally {
    interrupt.dispose();
  }
}

/** A line for every tenth of a download: few enough for a log, often enough for a person. */
function progressLines(): (event: FetchProgress) => void {
  let last = "";
  return ({ id, done, total }) => {
    const text = `${id} ${Math.floor((done / total) * 10) * 10} %`;
    if (text === last) return;
    last = text;
    process.stderr.write(`${text}\n`);
  };
}
