import { basename } from "node:path";
import { DebugSession, Event, InitializedEvent, OutputEvent, Response, StoppedEvent } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { internalError } from "../base/sourceStack.ts";
import { noticeText } from "../base/notice.ts";
import { UsageError } from "../base/usageError.ts";
import type { CustomEvents } from "../protocol/custom.ts";
import { drive, type Job } from "../base/job.ts";
import { requestArguments } from "./arguments.ts";
import { afterStop, type BackgroundHost, makeReady } from "./background.ts";
import { capabilities } from "./capabilities.ts";
import { type Client, Numbering } from "./client.ts";
import type { Handlers } from "./handlers.ts";
import { Jobs } from "./jobs.ts";
import { launchArguments } from "./launch.ts";
import type { Progress } from "./progress.ts";
import { refusalOf } from "./refusal.ts";
import { handlers } from "./requests.ts";
import { type Stop, Target } from "./target.ts";

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

/** The only place where DAP messages meet handlers, and where errors meet the user. */
export class VmcoreDebugSession extends DebugSession {
  private readonly questions = new Map<number, (yes: boolean) => void>();
  private question = 0;
  private readonly jobs = new Jobs(() => this.client);
  private target: Target | undefined;
  /** Replaced ones that requests are still at work on. */
  private readonly replaced = new Set<Target>();
  /** From the first launch or attach on, unless it failed. */
  private isOpened = false;
  /** Our extension says itself why a dump was not opened. */
  private showsRefusals = false;
  /** The client is done with its configuration, maybe before the dump was open. */
  private isConfigured = false;
  private hasArrived = false;
  private trace = false;
  private clientTraits: DebugProtocol.InitializeRequestArguments | undefined;
  private readonly background: BackgroundHost = {
    jobs: this.jobs,
    client: () => this.client,
    isCurrent: (target) => this.target === target,
    complain: (error) => this.complain(error),
  };

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    const { command } = request;
    this.jobs.noteActivity();
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
    const work = async (signal: AbortSignal, progress: Progress): Promise<void> => {
      try {
        response.body = await drive(handler(target, requestArguments(request.command, request.arguments)), signal, {
          onStep: (step) => progress.see(step),
          onSlowStep: (ms) => this.trace && this.log("info", `${request.command}: one step took ${Math.round(ms)} ms`),
        });
        this.sendResponse(response);
      } catch (error) {
        this.refuse(response, error);
      }
    };
    await this.jobs.run(request, work, { target });
    this.closeReplaced();
    this.jobs.noteActivity();
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
    const { id, message, showUser, variables, trace } = refusalOf(error, response.command);
    if (trace !== undefined) this.log("error", trace);
    this.sendErrorResponse(response, {
      id,
      format: noticeText(message).replace(/[{}]/g, "$&$&"),
      showUser: showUser && !isShown,
      ...(variables ? { variables } : {}),
    });
  }

  private log(level: CustomEvents["vmcore/log"]["level"], text: string): void {
    this.sendEvent(new Event("vmcore/log", { level, text } satisfies CustomEvents["vmcore/log"]));
  }

  protected client: Client = {
    send: (event, body) => this.sendEvent(new Event(event, body)),
    output: (text, more = {}) => {
      // VS Code shows what is important in a notification too.
      const shown = more.category === "important" ? noticeText(text) : text;
      const event: DebugProtocol.OutputEvent = new OutputEvent(shown, "console");
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
      this.target = await this.jobs.run(
        "Opening the dump",
        (signal, progress) =>
          Target.open(args, this.client, {
            signal,
            onStep: (step) => progress.see(step),
            onProgress: (path, done, total) => progress.see({ kind: "progress", what: basename(path), done, total }),
          }),
        { key: response.request_seq },
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
    await afterStop(target, this.background);
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

  private complain(error: unknown): void {
    this.client.output(`${error instanceof Error ? error.message : String(error)}\n`, { category: "stderr" });
    this.log("error", internalError(error).stack);
  }

  /** Puts a target that knows more of the dump in the place of the one there is. */
  private succeed(fresh: Target): void {
    const { target } = this;
    if (!target) return fresh.close();
    this.replaced.add(target);
    this.closeReplaced();
    this.target = fresh;
    fresh.succeed = target.succeed;
    makeReady(fresh, this.background).catch((error: unknown) => this.complain(error));
  }

  private closeReplaced(): void {
    for (const target of this.replaced) {
      if (this.jobs.isBusy(target)) continue;
      this.replaced.delete(target);
      target.close();
    }
  }

  protected override cancelRequest(response: DebugProtocol.CancelResponse, args: DebugProtocol.CancelArguments): void {
    this.jobs.cancel(args);
    this.sendResponse(response);
  }

  protected override disconnectRequest(response: DebugProtocol.DisconnectResponse): void {
    this.close();
    this.sendResponse(response);
    this.shutdown();
  }

  /** Ends all jobs and closes the dump; for a client that went away without a word as well. */
  close(): void {
    this.jobs.cancelAll();
    for (const target of this.replaced) target.close();
    this.replaced.clear();
    this.target?.close();
    this.target = undefined;
  }
}
