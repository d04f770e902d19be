import releaseVariant from "@jitl/quickjs-wasmfile-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSSyncVariant,
} from "quickjs-emscripten-core";
import type { CodeOutcome, CodeRequest } from "../../domain/task-port.ts";
import { serveRequests } from "../worker-child.ts";
import { ASSERT_SOURCE } from "./assert-source.ts";

// The child of code-sandbox.ts.

/** Its types describe the CommonJS build, whose default is one level deeper than what is imported here. */
const VARIANT = releaseVariant as unknown as QuickJSSyncVariant;
/** Bytes of the engine's own stack; a deeper recursion is an error of the code. */
const STACK_BYTES = 768 << 10;

async function handle(message: unknown): Promise<CodeOutcome> {
  const request = message as CodeRequest;
  // An engine of its own for each request: nothing that one answer did can reach the next.
  const engine = await newQuickJSWASMModuleFromVariant(VARIANT);
  const runtime = engine.newRuntime();
  runtime.setMemoryLimit(request.memoryLimitMb << 20);
  runtime.setMaxStackSize(STACK_BYTES);
  let deadline = Number.POSITIVE_INFINITY;
  const isOver = () => performance.now() > deadline;
  runtime.setInterruptHandler(isOver);
  const start = () => {
    deadline = performance.now() + request.timeLimitMs;
  };
  try {
    return run(runtime, request, { start, isOver });
  } catch (error) {
    // The engine itself gave up, e.g. its host's stack.
    if (isOver()) return { status: "timed-out" };
    return { status: "broke", message: error instanceof Error ? error.message : String(error) };
  }
}

/** Time begins when the code does, not with the engine. */
interface Limit {
  start(): void;
  isOver(): boolean;
}

function run(runtime: QuickJSRuntime, { code, tests }: CodeRequest, { start, isOver }: Limit): CodeOutcome {
  const context = runtime.newContext();
  const assertion = context.unwrapResult(context.evalCode(ASSERT_SOURCE, "assert.js"));
  start();
  const loaded = context.evalCode(withoutExports(code), "answer.js");
  if (loaded.error) {
    const message = describe(context, loaded.error);
    return isOver() ? { status: "timed-out" } : { status: "broke", message };
  }
  const failures: { test: number; message: string }[] = [];
  for (const [test, source] of tests.entries()) {
    const message = runTest(runtime, context, source, assertion);
    if (isOver()) return { status: "timed-out" };
    if (message !== undefined) failures.push({ test, message });
  }
  return { status: "ran", failures };
}

/** Why one test fails; undefined where it passes. A test may await. */
function runTest(
  runtime: QuickJSRuntime,
  context: QuickJSContext,
  source: string,
  assertion: QuickJSHandle,
): string | undefined {
  // In a function of its own: its names cannot meet those of the code, nor a global "assert" that the code made.
  const made = context.evalCode(`(async function (assert) {\n${source}\n})`, "test.js");
  if (made.error) return describe(context, made.error);
  const called = context.callFunction(made.value, context.undefined, assertion);
  if (called.error) return describe(context, called.error);
  const jobs = runtime.executePendingJobs();
  if (jobs.error) return describe(context, jobs.error);
  const state = context.getPromiseState(called.value);
  if (state.type === "pending") return "it waits for something that never comes";
  return state.type === "rejected" ? describe(context, state.error) : undefined;
}

function describe(context: QuickJSContext, error: QuickJSHandle): string {
  const dumped: unknown = context.dump(error);
  if (typeof dumped !== "object" || dumped === null) return `it throws ${String(dumped)}`.slice(0, MESSAGE_LENGTH);
  const { name, message } = dumped as { name?: unknown; message?: unknown };
  return `${String(name ?? "Error")}: ${String(message ?? "")}`.slice(0, MESSAGE_LENGTH);
}

const MESSAGE_LENGTH = 200;

/** Models often export what they write; a script has nobody to export to. */
function withoutExports(code: string): string {
  return `var module = { exports: {} }, exports = module.exports, console = { log() {}, error() {}, warn() {}, info() {} };\n${code
    .replaceAll(/^export\s+default\s+(?=(?:async\s+)?(?:function|class)\s+\w)/gm, "")
    .replaceAll(/^export\s+(?=(?:const|let|var|(?:async\s+)?function|class)\b)/gm, "")
    .replaceAll(/^export\s*(?:default\s+\w+|\{[^}]*\})\s*;?\s*$/gm, "")}`;
}

serveRequests(handle);
