/** Damaged requests to the debug adapter, the server for agents and the language server: each gets an answer. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { setTimeout } from "node:timers/promises";
import { declaredTools } from "../../src/tools/named.ts";
import { DapClient } from "../adapter/client.ts";
import { LspClient } from "../lsp/client.ts";
import { type Below, survives } from "./fuzzing.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Request = readonly [name: string, args: Json];

const VALUES: readonly Json[] = [null, true, 0, -1, 1e308, 2 ** 53, 0.5, "", "0x", "-0x1", "ffffffffffffffff", "\u0000", "é", "a".repeat(70_000), "(".repeat(3000), "../../etc/passwd", "log | grep (a+)+$", [], {}, [[[[]]]], { __proto__: null, constructor: 1 }]; // prettier-ignore

/** A copy with some leaves replaced, added or removed. */
function damagedJson(value: Json, below: Below): Json {
  const other = (): Json => VALUES[below(VALUES.length)] ?? null;
  if (below(6) === 0) return other();
  if (Array.isArray(value))
    return [...value.map((one) => damagedJson(one, below)), ...(below(4) === 0 ? [other()] : [])];
  if (value === null || typeof value !== "object") return below(3) === 0 ? other() : value;
  const kept = Object.entries(value).filter(() => below(8) > 0);
  const entries: [string, Json][] = kept.map(([key, one]) => [key, damagedJson(one, below)]);
  return Object.fromEntries(below(4) === 0 ? [...entries, ["extra", other()]] : entries);
}

const pick = (requests: readonly Request[], below: Below): Request => {
  const [name, args] = requests[below(requests.length)] ?? ["", {}];
  return [name, damagedJson(args, below)];
};

/** What a face says about an error of ours. */
const OUR_BUG = /internal error|TypeError|RangeError: Max|is not a function|Cannot read properties/;
const PATIENCE = 20_000;

/** A server that is started when it is needed, and anew after it ended or did not answer. */
class Server<T extends { readonly process: ChildProcess }> {
  private readonly start: () => Promise<T>;
  private running: Promise<T> | undefined;

  constructor(start: () => Promise<T>) {
    this.start = start;
    after(() => this.stop());
  }

  /** Sends a request and waits for its answer, which must come. */
  async answer<A>(what: string, send: (server: T) => Promise<A>): Promise<A> {
    const server = await (this.running ??= this.start());
    const ended = new AbortController();
    const late = Promise.race([
      setTimeout(PATIENCE, undefined, ended).then(() => assert.fail(`no answer to ${what}`)),
      once(server.process, "exit", ended).then(([code]) => assert.fail(`${what} ended it with ${String(code)}`)),
    ]);
    try {
      return await Promise.race([send(server), late]);
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      late.catch(() => undefined);
      ended.abort();
    }
  }

  private async stop(): Promise<void> {
    const stopped = this.running;
    this.running = undefined;
    (await stopped)?.process.kill("SIGKILL");
  }
}

const adapterRequests: readonly Request[] = [
  ["threads", {}],
  ["stackTrace", { threadId: 1, startFrame: 0, levels: 20 }],
  ["scopes", { frameId: 1000 }],
  ["variables", { variablesReference: 1, filter: "indexed", start: 0, count: 10, format: { hex: true } }],
  ["evaluate", { expression: "init_task.pid", frameId: 1000, context: "watch" }],
  ["evaluate", { expression: "ps | head -n 3", context: "repl" }],
  ["readMemory", { memoryReference: "0xffffffff9b000000", offset: 0, count: 64 }],
  ["disassemble", { memoryReference: "0xffffffff9b000000", instructionOffset: -5, instructionCount: 20 }],
  ["setBreakpoints", { source: { path: "/x.c" }, breakpoints: [{ line: 1 }] }],
  ["completions", { text: "struct ta", column: 10, frameId: 1000 }],
  ["exceptionInfo", { threadId: 1 }],
  ["source", { source: { path: "/x.c", sourceReference: 1 }, sourceReference: 1 }],
  ["modules", { startModule: 0, moduleCount: 10 }],
  ["cancel", { requestId: 1 }],
  ["vmcore/run", { line: "ps", session: 1 }],
  ["vmcore/describe", { words: ["init_task"] }],
  ["vmcore/nothing", {}],
];
const adapter = new Server(() => DapClient.launch({ vmcore: "sample/vmcore", search: false }));

survives("requests to the debug adapter", {
  cases: 200,
  make: (below) => pick(adapterRequests, below),
  read: async ([name, args]) => {
    const {
      success,
      message = "",
      ...rest
    } = await adapter.answer(name, (client) => client.send(name, args as object).response);
    assert.doesNotMatch(`${message}${JSON.stringify(rest)}`.slice(0, 100_000), OUR_BUG);
    return success;
  },
  accepted: 0.1,
  limits: { milliseconds: PATIENCE },
});

/** A server of JSON-RPC, one message a line. */
class Lines {
  readonly process: ChildProcess;
  private readonly waiting = new Map<
    number,
    (message: { readonly result?: unknown; readonly error?: unknown }) => void
  >();
  private next = 1;

  constructor(argv: readonly string[]) {
    this.process = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "ignore"] });
    if (this.process.stdout)
      createInterface({ input: this.process.stdout }).on("line", (line) => {
        const message = JSON.parse(line) as { readonly id?: number; readonly result?: unknown };
        if (message.id !== undefined) this.waiting.get(message.id)?.(message);
      });
  }

  request(method: string, params: Json): Promise<{ readonly result?: unknown; readonly error?: unknown }> {
    const id = this.next++;
    const answer = new Promise<{ readonly result?: unknown }>((done) => this.waiting.set(id, done));
    this.send({ jsonrpc: "2.0", id, method, params });
    return answer;
  }

  send(message: Json): void {
    this.process.stdin?.write(`${JSON.stringify(message)}\n`);
  }
}

const agents = new Server(async () => {
  const server = new Lines([
    "--disable-warning=ExperimentalWarning",
    "src/mcp/main.ts",
    "--no-search",
    "sample/vmcore",
  ]);
  const clientInfo = { name: "fuzz", version: "0" };
  await server.request("initialize", { protocolVersion: "2025-06-18", capabilities: {}, clientInfo });
  server.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  return server;
});
const toolArguments: Record<string, Json> = {
  task: "1",
  frame: "0",
  address: "init_task",
  expression: "init_task.pid",
  line: "ps",
  command: "ps",
  pattern: "panic",
  offset: 0,
  limit: 5,
  waits: { task: "1" },
  register: { frame: "0", name: "rip", equals: "0" },
};
const toolRequests = declaredTools().map(({ name }): Request => [name.replace(/^vmcore_/, ""), toolArguments]);

survives("calls of the tools for agents", {
  cases: 120,
  make: (below) => pick(toolRequests, below),
  read: async ([name, args]) => {
    const { result, error } = await agents.answer(name, (server) =>
      server.request("tools/call", { name, arguments: args }),
    );
    assert.doesNotMatch(JSON.stringify(result ?? error).slice(0, 100_000), OUR_BUG);
    return error === undefined;
  },
  accepted: 0.1,
  limits: { milliseconds: PATIENCE },
});

const log = readFileSync("test/log/cases/case-04-kasan.txt", "utf8");
const textDocument = { uri: "untitled:log" };
const position = { line: 3, character: 20 };
const documentRequests: readonly Request[] = [
  ["textDocument/hover", { textDocument, position }],
  ["textDocument/definition", { textDocument, position }],
  ["textDocument/documentLink", { textDocument }],
  ["textDocument/foldingRange", { textDocument }],
  ["textDocument/documentSymbol", { textDocument }],
  ["textDocument/codeLens", { textDocument }],
  ["textDocument/inlayHint", { textDocument, range: { start: position, end: { line: 40, character: 0 } } }],
  ["workspace/symbol", { query: "init" }],
];
const language = new Server(async () => {
  const client = await LspClient.start();
  await client.open(textDocument.uri, log);
  return client;
});

survives("requests to the language server", {
  cases: 150,
  make: (below) => pick(documentRequests, below),
  read: async ([name, args]) => {
    const message = await language.answer(name, (client) =>
      client.request<unknown>(name, args as object).then(
        () => "",
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      ),
    );
    assert.doesNotMatch(message, OUR_BUG);
    return message === "";
  },
  accepted: 0.1,
  limits: { milliseconds: PATIENCE },
});
