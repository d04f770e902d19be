import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { HarnessError } from "../../harness/domain/errors.ts";
import { type FetchOptions, fetchData, readCatalog } from "../../harness/pipeline/fetch.ts";
import { rng } from "../../harness/stats/rng.ts";

const hash = (algorithm: string, content: Uint8Array) => createHash(algorithm).update(content).digest("hex");

/** A ustar header block. */
function header(name: string, size: number, type = "0"): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write("0000644\0", 100);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write("        ", 148);
  block.write(type, 156);
  block.write("ustar\0", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function archive(files: readonly (readonly [name: string, content: Buffer, type?: string])[]): Buffer {
  const entries = files.map(([name, content, type]) =>
    Buffer.concat([header(name, content.length, type), content, Buffer.alloc((512 - (content.length % 512)) % 512)]),
  );
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
}

/** Does not compress, so that the archive is longer than a few packets. */
const random = rng("archive");
const wanted = Buffer.from(Array.from({ length: 70_000 }, () => random.below(256)));
const tar = archive([
  ["set/", Buffer.alloc(0), "5"],
  ["set/other.bin", Buffer.alloc(1000, 1)],
  ["set/test.bin", wanted],
]);

describe("fetching pinned data from a server", () => {
  let folder = "";
  let server: Server;
  let address = "";
  /** Range headers seen, in order. */
  let asked: (string | undefined)[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;

  before(async () => {
    server = createServer((request, response) => {
      asked.push(request.headers.range);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
    folder = mkdtempSync(join(tmpdir(), "quantgate-fetch-"));
    asked = [];
    answer = whole;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Answers ranges as a good server does. */
  function whole({ headers }: IncomingMessage, response: ServerResponse): void {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    const range = { "content-range": `bytes ${from}-${tar.length - 1}/${tar.length}` };
    response.writeHead(from > 0 ? 206 : 200, from > 0 ? range : {}).end(tar.subarray(from));
  }

  function fetchIt(
    changes: {
      readonly sha256?: string;
      readonly member?: string;
      readonly fileSha256?: string;
      readonly path?: string;
    } = {},
    more: Partial<FetchOptions> = {},
  ) {
    const catalog = {
      schema_version: "quantgate.downloads.v1",
      downloads: [
        {
          id: "set",
          about: "A set",
          url: `${address}${changes.path ?? "/set.tar.gz"}`,
          sha256: changes.sha256 ?? hash("sha256", tar),
          md5: hash("md5", tar),
          bytes: tar.length,
          license: "none",
          files: [
            {
              path: "sets/test.bin",
              member: changes.member ?? "set/test.bin",
              sha256: changes.fileSha256 ?? hash("sha256", wanted),
            },
          ],
        },
      ],
    };
    writeFileSync(join(folder, "catalog.json"), JSON.stringify(catalog));
    return fetchData({
      catalog: join(folder, "catalog.json"),
      dataDir: join(folder, "data"),
      patience: { pausesMs: [1, 1, 1], stallMs: 2000 },
      ...more,
    });
  }
  const kept = () => readFileSync(join(folder, "data/sets/test.bin"));
  const part = () => join(folder, "data/.downloads", `${hash("sha256", tar)}.part`);

  it("keeps the file of the archive that was asked for, and leaves nothing else", async () => {
    const seen: number[] = [];
    const [file] = await fetchIt({}, { onProgress: ({ done }) => seen.push(done) });
    assert.ok(kept().equals(wanted));
    assert.equal(file?.isCached, false);
    assert.equal(seen.at(-1), tar.length);
    assert.deepEqual(readdirSync(join(folder, "data/.downloads")), []);
  });

  it("what is there with the right digest is not fetched again, what is there with another is", async () => {
    await fetchIt();
    asked = [];
    assert.equal((await fetchIt())[0]?.isCached, true);
    assert.deepEqual(asked, []);
    writeFileSync(join(folder, "data/sets/test.bin"), "damaged");
    await fetchIt();
    assert.ok(kept().equals(wanted));
  });

  it("a cut connection is gone on with where it ended", async () => {
    let cuts = 2;
    answer = (request, response) => {
      if (cuts-- <= 0) return whole(request, response);
      const from = Number(/(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const until = from + 9000;
      response.writeHead(from > 0 ? 206 : 200, {
        "content-length": tar.length - from,
        "content-range": `bytes ${from}-${tar.length - 1}/${tar.length}`,
      });
      response.write(tar.subarray(from, until), () => setTimeout(() => response.destroy(), 20));
    };
    await fetchIt();
    assert.ok(kept().equals(wanted));
    assert.equal(asked.length, 3);
    assert.equal(asked[0], undefined);
    assert.match(asked[1] ?? "", /^bytes=[1-9]\d*-$/);
  });

  it("a later run goes on with what an interrupted one left", async () => {
    mkdirSync(join(folder, "data/.downloads"), { recursive: true });
    writeFileSync(part(), tar.subarray(0, 12_345));
    await fetchIt();
    assert.ok(kept().equals(wanted));
    assert.deepEqual(asked, ["bytes=12345-"]);
  });

  it("a server that cannot resume sends the whole, which replaces the part", async () => {
    mkdirSync(join(folder, "data/.downloads"), { recursive: true });
    writeFileSync(part(), "not the beginning of it");
    answer = (_, response) => response.writeHead(200).end(tar);
    await fetchIt();
    assert.ok(kept().equals(wanted));
  });

  it("a redirect is followed", async () => {
    answer = (request, response) =>
      request.url === "/moved" ? response.writeHead(302, { location: "/set.tar.gz" }).end() : whole(request, response);
    await fetchIt({ path: "/moved" });
    assert.ok(kept().equals(wanted));
  });

  const refusal = async (attempt: Promise<unknown>, code: string, message: RegExp) => {
    await assert.rejects(attempt, (error: HarnessError) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    });
    assert.equal(existsSync(join(folder, "data/sets/test.bin")), false);
  };

  it("content with another digest is refused and removed: the next run begins anew", async () => {
    await refusal(fetchIt({ sha256: "0".repeat(64) }), "STORE_CORRUPT", /not what was pinned/);
    assert.deepEqual(readdirSync(join(folder, "data/.downloads")), []);
  });

  it("a part that is of something else ends in a refusal, not in a file", async () => {
    mkdirSync(join(folder, "data/.downloads"), { recursive: true });
    writeFileSync(part(), Buffer.alloc(500, 9));
    await refusal(fetchIt(), "STORE_CORRUPT", /not what was pinned/);
    await fetchIt();
    assert.ok(kept().equals(wanted));
  });

  it("a member that is missing or has another digest is refused", async () => {
    await refusal(fetchIt({ member: "set/none.bin" }), "STORE_CORRUPT", /no file set\/none.bin/);
    await refusal(fetchIt({ fileSha256: "0".repeat(64) }), "STORE_CORRUPT", /set\/test.bin in .* has the SHA-256/);
  });

  it("a status that will not change ends at once, one that may is tried again", async () => {
    answer = (_, response) => response.writeHead(404).end();
    await refusal(fetchIt(), "RUNTIME_UNAVAILABLE", /status 404/);
    assert.equal(asked.length, 1);
    let failures = 1;
    answer = (request, response) => (failures-- > 0 ? response.writeHead(503).end() : whole(request, response));
    await fetchIt();
    assert.ok(kept().equals(wanted));
  });

  it("a server that falls silent is given up after its time, and what arrived is kept", async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-length": tar.length });
      response.write(tar.subarray(0, 5000));
    };
    await refusal(fetchIt({}, { patience: { pausesMs: [], stallMs: 300 } }), "RUNTIME_UNAVAILABLE", /nothing arrived/);
    assert.ok(readFileSync(part()).length > 0);
    server.closeAllConnections();
  });

  it("nobody listening, an unknown id and a broken catalog are each one sentence", async () => {
    const port = address;
    address = "http://127.0.0.1:9";
    await refusal(fetchIt({}, { patience: { pausesMs: [1] } }), "RUNTIME_UNAVAILABLE", /Could not get/);
    address = port;
    await refusal(fetchIt({}, { ids: ["nothing"] }), "CONFIG_USAGE", /no download "nothing"/);
    writeFileSync(join(folder, "catalog.json"), '{"schema_version":"quantgate.downloads.v1","downloads":[]}');
    await refusal(fetchData({ catalog: join(folder, "catalog.json") }), "CONFIG_INVALID", /downloads/);
  });

  it("an aborted fetch ends with its reason and keeps what arrived", async () => {
    const controller = new AbortController();
    answer = (_, response) => {
      response.writeHead(200, { "content-length": tar.length });
      response.write(tar.subarray(0, 5000), () => setTimeout(() => controller.abort(new Error("enough")), 20));
    };
    await assert.rejects(fetchIt({}, { signal: controller.signal }), /enough/);
    server.closeAllConnections();
  });
});

describe("the built-in catalog", () => {
  it("names CIFAR-10's official archive with the digests its makers and the test set have", async () => {
    const { downloads } = await readCatalog();
    const cifar = downloads.find(({ id }) => id === "cifar10");
    assert.equal(cifar?.md5, "c32a1d4ab5d03f1284b67883e8d87530");
    assert.equal(cifar?.files[0]?.sha256, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b");
  });
});
