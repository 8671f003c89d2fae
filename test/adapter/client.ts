import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { after } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";

/** Why a request was refused. */
export class Refused extends Error {
  readonly response: DebugProtocol.ErrorResponse;

  constructor(response: DebugProtocol.ErrorResponse) {
    super(response.message ?? response.body.error?.format ?? "refused");
    this.response = response;
  }
}

type Body = Record<string, unknown>;

export interface ClientOptions {
  /** The adapter's program; the TypeScript itself unless told otherwise. */
  readonly program?: string;
  readonly traits?: Partial<DebugProtocol.InitializeRequestArguments>;
}

const alive = new Set<ChildProcess>();
// A test that fails leaves its adapter behind, and that would keep the whole run from ending.
after(() => alive.forEach((child) => child.kill("SIGKILL")));

/** A DAP client over a pipe to the real adapter in a process of its own. */
export class DapClient {
  readonly events: DebugProtocol.Event[] = [];
  readonly process: ChildProcess;
  stderr = "";
  private sequence = 1;
  private rest = Buffer.alloc(0);
  private readonly waiting = new Map<number, (response: DebugProtocol.Response) => void>();
  private readonly listeners = new Set<(event: DebugProtocol.Event) => void>();

  constructor({ program = "src/adapter/main.ts" }: ClientOptions = {}) {
    this.process = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", resolve(program)], {
      stdio: "pipe",
    });
    this.process.stdout?.on("data", (data: Buffer) => this.read(data));
    this.process.stderr?.on("data", (data: Buffer) => (this.stderr += data.toString()));
    this.process.stdin?.on("error", () => undefined);
    alive.add(this.process);
    this.process.on("exit", () => {
      alive.delete(this.process);
      for (const seq of [...this.waiting.keys()])
        this.settle(seq, { success: false, message: `adapter ended\n${this.stderr}` });
    });
  }

  /** Starts the adapter and opens a dump: up to the first `stopped` event. */
  static async launch(args: object, options: ClientOptions = {}): Promise<DapClient> {
    const client = new DapClient(options);
    await client.initialize(options.traits);
    await client.request("launch", args);
    await client.request("configurationDone");
    await client.event("stopped");
    return client;
  }

  initialize(traits: Partial<DebugProtocol.InitializeRequestArguments> = {}): Promise<DebugProtocol.Capabilities> {
    return this.request("initialize", {
      adapterID: "vmcore",
      pathFormat: "path",
      supportsVariableType: true,
      supportsMemoryReferences: true,
      ...traits,
    });
  }

  /** The response's body. @throws Refused */
  async request<T = Body>(command: string, args?: object): Promise<T> {
    const response = await this.send(command, args).response;
    if (!response.success) throw new Refused(response as DebugProtocol.ErrorResponse);
    return response.body as T;
  }

  /** A request under way, by its number for `cancel`. */
  send(command: string, args?: object): { seq: number; response: Promise<DebugProtocol.Response> } {
    const seq = this.sequence++;
    const json = JSON.stringify({ seq, type: "request", command, arguments: args });
    const response = new Promise<DebugProtocol.Response>((done) => this.waiting.set(seq, done));
    this.process.stdin?.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    return { seq, response };
  }

  /** The first event of a name that fits, past or to come. */
  event<T = Body>(name: string, fits: (body: T) => boolean = () => true, patience = 20_000): Promise<T> {
    const isIt = (event: DebugProtocol.Event): boolean => event.event === name && fits(event.body as T);
    const past = this.events.find(isIt);
    if (past) return Promise.resolve(past.body as T);
    return new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`no event ${name}; ${this.stderr}`)), patience);
      const listener = (event: DebugProtocol.Event): void => {
        if (!isIt(event)) return;
        clearTimeout(timer);
        this.listeners.delete(listener);
        done(event.body as T);
      };
      this.listeners.add(listener);
    });
  }

  /** What a command of the debug console says. */
  async command(expression: string, more: object = {}): Promise<string> {
    const before = this.events.length;
    const { result } = await this.request<{ result: string }>("evaluate", { expression, context: "repl", ...more });
    const streamed = this.events
      .slice(before)
      .filter(({ event }) => event === "output")
      .map(({ body }) => (body as { output: string }).output)
      .join("");
    return streamed + result;
  }

  async close(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, "exit");
    void this.send("disconnect");
    await gone;
  }

  private read(data: Buffer): void {
    this.rest = Buffer.concat([this.rest, data]);
    for (;;) {
      const headEnd = this.rest.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(this.rest.toString("utf8", 0, headEnd))?.[1]);
      const start = headEnd + 4;
      if (this.rest.length < start + length) return;
      const message = JSON.parse(this.rest.toString("utf8", start, start + length)) as DebugProtocol.ProtocolMessage;
      this.rest = this.rest.subarray(start + length);
      if (message.type === "response") this.settle((message as DebugProtocol.Response).request_seq, message);
      if (message.type !== "event") continue;
      this.events.push(message as DebugProtocol.Event);
      for (const listener of [...this.listeners]) listener(message as DebugProtocol.Event);
    }
  }

  private settle(seq: number, response: object): void {
    this.waiting.get(seq)?.(response as DebugProtocol.Response);
    this.waiting.delete(seq);
  }
}
