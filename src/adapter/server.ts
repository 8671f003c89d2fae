import { basename } from "node:path";
import { setTimeout } from "node:timers/promises";
import { DebugSession, Event, InitializedEvent, OutputEvent, Response, StoppedEvent } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { Fault } from "../base/fault.ts";
import { internalError } from "../base/sourceStack.ts";
import { isSystemError } from "../base/systemError.ts";
import { UsageError } from "../base/usageError.ts";
import type { CustomEvents, RefusedVmlinux } from "../protocol/custom.ts";
import { Cancelled, drive, type Job } from "../base/job.ts";
import { OpenError, VmlinuxError } from "../session/open/open.ts";
import { requestArguments } from "./arguments.ts";
import { capabilities } from "./capabilities.ts";
import { type Client, Numbering } from "./client.ts";
import { openingCommands } from "./console.ts";
import type { Handlers } from "./handlers.ts";
import { fetchDebuginfo, serversOf } from "./lateDebuginfo.ts";
import { launchArguments } from "./launch.ts";
import { Progress } from "./progress.ts";
import { breakpoints } from "./requests/breakpoints.ts";
import { completions } from "./requests/completions.ts";
import { custom } from "./requests/custom.ts";
import { debuginfo } from "./requests/debuginfo.ts";
import { describes } from "./requests/describe.ts";
import { disassemble } from "./requests/disassemble.ts";
import { evaluate } from "./requests/evaluate.ts";
import { exceptionInfo } from "./requests/exceptionInfo.ts";
import { execution } from "./requests/execution.ts";
import { identifiers } from "./requests/identifier.ts";
import { identifies } from "./requests/identify.ts";
import { kernelLog } from "./requests/kernelLog.ts";
import { memory } from "./requests/memory.ts";
import { modules } from "./requests/modules.ts";
import { opcodes } from "./requests/opcodes.ts";
import { runs } from "./requests/run.ts";
import { source } from "./requests/source.ts";
import { stacks } from "./requests/stacks.ts";
import { stackTrace } from "./requests/stackTrace.ts";
import { threads } from "./requests/threads.ts";
import { variables } from "./requests/variables.ts";
import { type Stop, Target } from "./target.ts";

const handlers: Handlers = {
  ...breakpoints,
  ...completions,
  ...custom,
  ...debuginfo,
  ...describes,
  ...disassemble,
  ...evaluate,
  ...exceptionInfo,
  ...execution,
  ...identifiers,
  ...identifies,
  ...kernelLog,
  ...memory,
  ...modules,
  ...opcodes,
  ...runs,
  ...source,
  ...stacks,
  ...stackTrace,
  ...threads,
  ...variables,
};

/** A client that asked nothing for so long is content; one that never stops asking is not waited for. */
const QUIET_MS = 120;
const PATIENCE_MS = 3000;

/** Requests about the session itself, for the methods below. */
const SESSION_REQUESTS = new Set(["initialize", "launch", "attach", "configurationDone", "cancel", "disconnect"]);

/** Requests after which a client takes the thread for a running one, until a `stopped` event names it. */
const RESUMING_REQUESTS = new Set([
  "continue",
  "reverseContinue",
  "next",
  "stepIn",
  "stepOut",
  "stepBack",
  "goto",
  "restartFrame",
  "pause",
]);

type AnyHandler = (target: Target, args: unknown) => Job<object | undefined>;

interface Running {
  /** What it is about, once that is open. */
  readonly target?: Target;
  readonly abort: AbortController;
  readonly progress: Progress;
}

/** The only place where DAP messages meet handlers, and where errors meet the user. */
export class VmcoreDebugSession extends DebugSession {
  private readonly questions = new Map<number, (yes: boolean) => void>();
  private question = 0;
  private readonly running = new Map<number, Running>();
  private target: Target | undefined;
  /** Replaced ones that requests are still at work on. */
  private readonly replaced = new Set<Target>();
  /** Work that nobody asked for stands among the requests by a negative number. */
  private unasked = 0;
  /** From the first launch or attach on, unless it failed. */
  private isOpened = false;
  /** Our extension says itself why a dump was not opened. */
  private showsRefusals = false;
  /** The client is done with its configuration, maybe before the dump was open. */
  private isConfigured = false;
  private hasArrived = false;
  private trace = false;
  private lastActivity = 0;
  private clientTraits: DebugProtocol.InitializeRequestArguments | undefined;

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    const { command } = request;
    this.lastActivity = performance.now();
    const handler = Object.hasOwn(handlers, command) ? (handlers[command as keyof Handlers] as AnyHandler) : undefined;
    // "The default is `path`": the base class takes a client that does not say for one that cannot.
    if (command === "initialize") request.arguments = { pathFormat: "path", ...(request.arguments as object) };
    // The base class would answer whatever it knows with an empty success.
    if (SESSION_REQUESTS.has(command)) super.dispatchRequest(request);
    else if (command === "vmcore/answer") this.answered(request);
    else if (!handler) this.refuse(new Response(request), new UsageError(`${command}: a crash dump cannot do that`));
    else if (this.target) void this.answer(request, handler, this.target);
    else this.refuse(new Response(request), new UsageError("no crash dump is open"));
    if (!handler) this.stayStopped(request);
  }

  /** The user's answer to a question of `Client.ask`: it may come before the dump is open. */
  private answered(request: DebugProtocol.Request): void {
    const { id, yes } = (request.arguments ?? {}) as { readonly id?: number; readonly yes?: boolean };
    this.questions.get(id ?? 0)?.(yes === true);
    this.questions.delete(id ?? 0);
    this.sendResponse(new Response(request));
  }

  private async answer(request: DebugProtocol.Request, handler: AnyHandler, target: Target): Promise<void> {
    const response: DebugProtocol.Response = new Response(request);
    const abort = new AbortController();
    const progress = new Progress(request, this.client);
    this.running.set(request.seq, { target, abort, progress });
    try {
      response.body = await drive(handler(target, requestArguments(request.command, request.arguments)), abort.signal, {
        onStep: (step) => progress.see(step),
        onSlowStep: (ms) => this.trace && this.log("info", `${request.command}: one step took ${Math.round(ms)} ms`),
      });
      this.sendResponse(response);
    } catch (error) {
      this.refuse(response, error);
    } finally {
      progress.end();
      this.running.delete(request.seq);
      this.closeReplaced();
      this.lastActivity = performance.now();
    }
    this.stayStopped(request);
  }

  /** Names a thread as stopped again after a request that would have resumed it: nvim-dap has no thread until then. */
  private stayStopped({ command, arguments: args }: DebugProtocol.Request): void {
    if (!this.target || !this.hasArrived || !RESUMING_REQUESTS.has(command)) return;
    // VS Code goes on showing what it did, and would throw its stacks away for this.
    if (this.clientTraits?.clientID === "vscode") return;
    const { threadId } = (args ?? {}) as { threadId?: unknown };
    const thread = typeof threadId === "number" ? this.target.threads.find(threadId) : undefined;
    try {
      // The user goes on looking at what is in front.
      this.sendStopped(this.target.stop(thread), { preserveFocusHint: true });
    } catch (error) {
      this.complain(error);
    }
  }

  private sendStopped(
    { reason, threadId, text, description }: Stop,
    more: Partial<DebugProtocol.StoppedEvent["body"]>,
  ): void {
    const event: DebugProtocol.StoppedEvent = new StoppedEvent(reason, threadId, text);
    Object.assign(event.body, { description, allThreadsStopped: true, ...more });
    this.sendEvent(event);
  }

  protected refuse(response: DebugProtocol.Response, error: unknown): void {
    // Who sends a request of our own shows its failure: VS Code would show it a second time.
    const isShown = response.command.startsWith("vmcore/") || (this.showsRefusals && !this.target);
    const say = (id: number, format: string, showUser: boolean, variables?: Record<string, string>): void =>
      this.sendErrorResponse(response, {
        id,
        format: format.replace(/[{}]/g, "$&$&"),
        showUser: showUser && !isShown,
        ...(variables ? { variables } : {}),
      });
    if (error instanceof Cancelled) say(1, "cancelled", false);
    else if (error instanceof Fault) say(2, error.message, false);
    else if (error instanceof UsageError) say(3, error.message, response.command !== "evaluate");
    else if (error instanceof VmlinuxError)
      say(7, error.message, true, { said: error.said, canForce: `${error.canForce}` } satisfies RefusedVmlinux);
    else if (error instanceof OpenError) say(4, error.message, true);
    else if (isSystemError(error)) say(5, `the dump or a file beside it cannot be read: ${error.message}`, true);
    else {
      const { summary, stack } = internalError(error);
      this.log("error", stack);
      say(6, `${response.command}: internal error: ${summary}`, true);
    }
  }

  private log(level: CustomEvents["vmcore/log"]["level"], text: string): void {
    this.sendEvent(new Event("vmcore/log", { level, text } satisfies CustomEvents["vmcore/log"]));
  }

  protected client: Client = {
    send: (event, body) => this.sendEvent(new Event(event, body)),
    output: (text, more = {}) => {
      const event: DebugProtocol.OutputEvent = new OutputEvent(text, "console");
      Object.assign(event.body, more);
      this.sendEvent(event);
    },
    supports: (trait) => this.clientTraits?.[trait] === true,
    ask: (question) =>
      new Promise((settle) => {
        this.questions.set(++this.question, settle);
        this.sendEvent(new Event("vmcore/ask", { id: this.question, question } satisfies CustomEvents["vmcore/ask"]));
      }),
    onlyReads: false,
    lines: new Numbering(true),
    columns: new Numbering(true),
  };

  protected override initializeRequest(
    response: DebugProtocol.InitializeResponse,
    args: DebugProtocol.InitializeRequestArguments,
  ): void {
    this.clientTraits = args;
    const { linesStartAt1, columnsStartAt1 } = args;
    this.client = {
      ...this.client,
      lines: new Numbering(linesStartAt1 ?? true),
      columns: new Numbering(columnsStartAt1 ?? true),
    };
    response.body = capabilities;
    this.sendResponse(response);
  }

  protected override launchRequest(response: DebugProtocol.LaunchResponse, args: unknown): void {
    void this.open("launch", response, args);
  }

  protected override attachRequest(response: DebugProtocol.AttachResponse, args: unknown): void {
    void this.open("attach", response, args);
  }

  private async open(request: "launch" | "attach", response: DebugProtocol.Response, raw: unknown): Promise<void> {
    if (this.isOpened) {
      this.refuse(response, new UsageError("a crash dump is open already: another one needs a session of its own"));
      return;
    }
    this.isOpened = true;
    this.showsRefusals = (raw as { showsRefusals?: unknown } | undefined)?.showsRefusals === true;
    try {
      const args = launchArguments(request, raw);
      this.trace = args.trace;
      this.target = await this.work(
        "Opening the dump",
        ({ signal }, progress) =>
          Target.open(args, this.client, {
            signal,
            onStep: (step) => progress.see(step),
            onProgress: (path, done, total) => progress.see({ kind: "progress", what: basename(path), done, total }),
          }),
        response.request_seq,
      );
      this.target.succeed = (fresh) => this.succeed(fresh);
      this.sendResponse(response);
      this.sendEvent(new InitializedEvent());
      this.arriveOnce();
    } catch (error) {
      this.isOpened = false;
      this.isConfigured = false;
      this.refuse(response, error);
    }
  }

  /**
   * Does what takes long; a client sees how far it is, and can give it up.
   * @param key the request that asked for it, else a number that no request has
   */
  private async work<T>(
    title: string,
    doIt: (abort: AbortController, progress: Progress) => Promise<T>,
    key = --this.unasked,
  ): Promise<T> {
    const abort = new AbortController();
    const progress = new Progress(title, this.client);
    this.running.set(key, { abort, progress });
    try {
      return await doIt(abort, progress);
    } finally {
      progress.end();
      this.running.delete(key);
    }
  }

  protected override configurationDoneRequest(response: DebugProtocol.ConfigurationDoneResponse): void {
    this.sendResponse(response);
    this.isConfigured = true;
    this.arriveOnce();
  }

  /** Some clients send `configurationDone` before `launch` is answered. */
  private arriveOnce(): void {
    if (!this.target || !this.isConfigured || this.hasArrived) return;
    this.hasArrived = true;
    void this.arrive(this.target);
  }

  /** The first `stopped` event of a session, and what follows it. */
  private async arrive(target: Target): Promise<void> {
    this.sendStopped(this.stopOf(target), { preserveFocusHint: false });
    try {
      this.remark(target.remarks());
      await this.quiet();
      await this.settle(target);
      await drive(openingCommands(target), new AbortController().signal);
    } catch (error) {
      this.complain(error);
    }
    await this.fetchMissing(target);
  }

  /** A client waits for the event for good: what fails on the way to it is told, and it is sent all the same. */
  private stopOf(target: Target): Stop {
    try {
      return target.stop();
    } catch (error) {
      this.complain(error);
      return target.stopAfter(error);
    }
  }

  /** Says sentences in the console, the first also where it is seen: VS Code makes a toast of it. */
  private remark([first, ...others]: readonly string[]): void {
    if (first !== undefined) this.client.output(`${first}\n`, { category: "important" });
    for (const sentence of others) this.client.output(`${sentence}\n`);
  }

  private complain(error: unknown): void {
    this.client.output(`${error instanceof Error ? error.message : String(error)}\n`, { category: "stderr" });
    this.log("error", internalError(error).stack);
  }

  /** Makes ready what the user will want next. */
  private async settle(target: Target): Promise<void> {
    void this.readArchive(target);
    await drive(target.warmUp(), new AbortController().signal);
  }

  /** Fetches the debuginfo that is missing from the debuginfod servers that the user configured, if any. */
  private async fetchMissing(target: Target): Promise<void> {
    const servers = serversOf(target.arguments);
    if (servers.urls.length === 0 || this.target !== target) return;
    try {
      const { names, remarks } = await this.work("Fetching debuginfo", ({ signal }, progress) =>
        drive(fetchDebuginfo(target, [], servers), signal, {
          onStep: (step) => progress.see(step),
        }),
      );
      const said = names.length > 0 ? [`debuginfod gave the debuginfo of ${names.join(", ")}`, ...remarks] : remarks;
      this.remark(said);
    } catch (error) {
      if (!(error instanceof Cancelled)) this.complain(error);
    }
  }

  /** Puts a target that knows more of the dump in the place of the one there is. */
  private succeed(fresh: Target): void {
    const { target } = this;
    if (!target) return fresh.close();
    this.replaced.add(target);
    this.closeReplaced();
    this.target = fresh;
    fresh.succeed = target.succeed;
    this.settle(fresh).catch((error: unknown) => this.complain(error));
  }

  private closeReplaced(): void {
    const busy = new Set([...this.running.values()].map(({ target }) => target));
    for (const target of this.replaced) {
      if (busy.has(target)) continue;
      this.replaced.delete(target);
      target.close();
    }
  }

  /** Sources that lie in an archive are shown once they are read. */
  private async readArchive(target: Target): Promise<void> {
    const path = target.wantedArchive;
    if (path === undefined) return;
    try {
      await this.work(`Reading ${basename(path)}`, ({ signal }, progress) =>
        target.readArchive(path, {
          signal,
          onProgress: (done, total) => progress.see({ kind: "progress", what: "the archive", done, total }),
        }),
      );
      const { sourceRemark } = target;
      if (sourceRemark !== undefined) this.client.output(`${sourceRemark}\n`, { category: "important" });
    } catch (error) {
      if (this.target !== target) return;
      const why = error instanceof Error ? error.message : String(error);
      this.client.output(`${path}: its sources are not shown: ${why}\n`, { category: "important" });
    }
  }

  /** Waits until the client has what it asks for at a stop: what we do of our own comes after. */
  private async quiet(): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end && (this.running.size > 0 || performance.now() - this.lastActivity < QUIET_MS)) {
      await setTimeout(QUIET_MS / 4);
    }
  }

  protected override cancelRequest(response: DebugProtocol.CancelResponse, args: DebugProtocol.CancelArguments): void {
    for (const [seq, { abort, progress }] of this.running) {
      if (seq === args.requestId || (args.progressId !== undefined && progress.id === args.progressId)) abort.abort();
    }
    this.sendResponse(response);
  }

  protected override disconnectRequest(response: DebugProtocol.DisconnectResponse): void {
    this.close();
    this.sendResponse(response);
    this.shutdown();
  }

  /** Ends all jobs and closes the dump; for a client that went away without a word as well. */
  close(): void {
    for (const { abort } of this.running.values()) abort.abort();
    for (const target of this.replaced) target.close();
    this.replaced.clear();
    this.target?.close();
    this.target = undefined;
  }
}
