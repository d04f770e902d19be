// What the harness adds to a stream of tokens: TTFT and length of a 5 ms/token stream, beside a bare socket reader, in turn.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { type GenerateRequest, GREEDY } from "../../harness/domain/language-runtime.ts";
import { collectReply } from "../../harness/runtimes/language/collect-reply.ts";
import { openaiRuntime } from "../../harness/runtimes/language/openai.ts";
import { hodgesLehmann } from "../../harness/stats/index.ts";

const ROUNDS = 30;
const WARMUP = 3;

/** A process of its own: the server's timers must not share our event loop. First token after 20 ms, then one each 5 ms. */
const SERVER = `
const { createServer } = require("node:http");
createServer((request, response) => {
  if (request.url === "/v1/models") { response.end('{"data":[{"id":"m"}]}'); return; }
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    response.socket.setNoDelay(true);
    const start = performance.now();
    let sent = 0;
    const tick = () => {
      while (sent < 64 && performance.now() - start >= 20 + 5 * sent) {
        response.write('data: {"choices":[{"delta":{"content":"x"}}]}\\n\\n');
        sent++;
      }
      if (sent === 64) response.end('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\\n\\ndata: [DONE]\\n\\n');
      else setImmediate(tick);
    };
    tick();
  });
}).listen(0, "127.0.0.1", function () { console.log(this.address().port); });
`;

interface Times {
  readonly firstS: number;
  readonly spanS: number;
}

/** Prints medians of both readers and the difference of each pair, with 90 % intervals. */
export async function bench(): Promise<void> {
  const server = spawn(process.execPath, ["-e", SERVER], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = (await once(server.stdout, "data")) as [Buffer];
    const port = Number(line.toString());
    const harness = await harnessReader(port);
    const bare = () => bareReader(port);
    const differences = { first: [] as number[], span: [] as number[] };
    for (let round = -WARMUP; round < ROUNDS; round++) {
      // In turn, the first one changing: what the machine does meets both.
      const order = round % 2 === 0 ? [harness, bare] : [bare, harness];
      const times = [await (order[0] as typeof bare)(), await (order[1] as typeof bare)()];
      const [own, reference] = (round % 2 === 0 ? times : [...times].reverse()) as [Times, Times];
      if (round < 0) continue;
      differences.first.push((own.firstS - reference.firstS) * 1000);
      differences.span.push((own.spanS / reference.spanS - 1) * 100);
    }
    print("added to TTFT", differences.first, "ms");
    print("added to a 5 ms/token stream", differences.span, "%");
  } finally {
    server.kill("SIGKILL");
  }
}

function print(what: string, values: readonly number[], unit: string): void {
  const { value, low, high } = hodgesLehmann(values, { level: 0.9 });
  const shown = (x: number | undefined) => (x ?? Number.NaN).toFixed(3);
  console.log(`${what}: ${shown(value)} ${unit} [${shown(low)}, ${shown(high)}], ${values.length} pairs`);
}

async function harnessReader(port: number): Promise<() => Promise<Times>> {
  const { signal } = new AbortController();
  const runtime = openaiRuntime({ url: `http://127.0.0.1:${port}/v1` });
  await runtime.load({ name: "m" }, { contextTokens: 512, threads: 0, gpuLayers: undefined }, { signal });
  const request: GenerateRequest = {
    prompt: { kind: "chat", messages: [{ role: "user", content: "hello" }] },
    maxTokens: 64,
    sampling: GREEDY,
    cachePrompt: false,
    timeoutMs: 10_000,
    stallTimeoutMs: 10_000,
  };
  return async () => {
    const { times } = await collectReply(runtime.generate(request, { signal }));
    return { firstS: times.firstS as number, spanS: (times.lastS as number) - (times.firstS as number) };
  };
}

/** Nothing but a socket: time from the write to the first bytes that hold a token, and to the last. */
async function bareReader(port: number): Promise<Times> {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  const body = "{}";
  const startMs = performance.now();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  let firstMs = 0;
  let lastMs = 0;
  socket.on("data", (bytes: Buffer) => {
    if (!bytes.includes('"content"')) return;
    lastMs = performance.now();
    firstMs ||= lastMs;
  });
  await once(socket, "close");
  return { firstS: (firstMs - startMs) / 1000, spanS: (lastMs - firstMs) / 1000 };
}
