/** The DAP session: dispatches requests, opens the dump, replaces its target when debuginfo arrives, reports errors. */
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

/** Requests about the session itself. The methods below handle them. */
const SESSION_REQUESTS = new Set(["initialize", "launch", "attach", "configurationDone", "cancel", "disconnect"]);

/** Requests after which a client shows the thread as running until a `stopped` event names it. */
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

/** The debug session. Only this class dispatches DAP messages to handlers and reports errors to the user. */
export class VmcoreDebugSession extends DebugSession {
  private readonly questions = new Map<number, (yes: boolean) => void>();
  private question = 0;
  private readonly jobs = new Jobs(() => this.client);
  private target: Target | undefined;
  /** Replaced targets that jobs still use. */
  private readonly replaced = new Set<Target>();
  /** Whether launch or attach was accepted. False again if it failed. */
  private isOpened = false;
  /** Whether the client itself shows why a dump was not opened, as our extension does. */
  private showsRefusals = false;
  /** Whether the client sent `configurationDone`, which may come before the dump is open. */
  private isConfigured = false;
  private hasShownStop = false;
  private trace = false;
  private clientTraits: DebugProtocol.InitializeRequestArguments | undefined;
  private readonly background: BackgroundHost = {
    jobs: this.jobs,
    client: () => this.client,
    isCurrent: (target) => this.target === target,
    reportError: (error) => this.reportError(error),
  };

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    const { command } = request;
    this.jobs.noteActivity();
    const handler = Object.hasOwn(handlers, command) ? (handlers[command as keyof Handlers] as AnyHandler) : undefined;
    // The default in DAP is `path`; the base class wrongly assumes that a client without pathFormat does not support
    // paths.
    if (command === "initialize") request.arguments = { pathFormat: "path", ...(request.arguments as object) };
    // The base class passes on whatever a client sent, of any type.
    if (SESSION_REQUESTS.has(command)) request.arguments = Object(request.arguments) as object;
    // Without this override the base class sends an empty success response to every request that it knows.
    if (SESSION_REQUESTS.has(command)) super.dispatchRequest(request);
    else if (command === "vmcore/answer") this.takeAnswer(request);
    else if (!handler)
      this.refuse(new Response(request), new UsageError(`${command}: a dump does not support this request`));
    else if (this.target) void this.answer(request, handler, this.target);
    else this.refuse(new Response(request), new UsageError("no crash dump is open: send launch or attach first"));
    if (!handler) this.stayStopped(request);
  }

  /** Handles the user's answer to a question of `Client.ask`. It may come before the dump is open. */
  private takeAnswer(request: DebugProtocol.Request): void {
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
          onStep: (step) => progress.update(step),
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

  /** Sends `stopped` again after a request that would have resumed the thread; nvim-dap has no stopped thread until it receives the event. */
  private stayStopped({ command, arguments: args }: DebugProtocol.Request): void {
    if (!this.target || !this.hasShownStop || !RESUMING_REQUESTS.has(command)) return;
    // VS Code keeps its state without the event, and would discard its stacks because of the event.
    if (this.clientTraits?.clientID === "vscode") return;
    const { threadId } = (args ?? {}) as { threadId?: unknown };
    const thread = typeof threadId === "number" ? this.target.threads.find(threadId) : undefined;
    try {
      // preserveFocusHint keeps the editor on the frame that the user selected.
      this.sendStopped(this.target.stop(thread), { preserveFocusHint: true });
    } catch (error) {
      this.reportError(error);
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
    // The sender of a custom request shows its failure; VS Code would show it a second time.
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
      // VS Code shows "important" output as a notification too.
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
      this.refuse(response, new UsageError("a dump is open already: start another session for another dump"));
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
            onStep: (step) => progress.update(step),
            onProgress: (path, done, total) => progress.update({ kind: "progress", what: basename(path), done, total }),
          }),
        { key: response.request_seq },
      );
      this.target.replaceWith = (fresh) => this.replaceTarget(fresh);
      this.sendResponse(response);
      this.sendEvent(new InitializedEvent());
      this.showStopOnce();
    } catch (error) {
      this.isOpened = false;
      this.isConfigured = false;
      this.refuse(response, error);
    }
  }

  protected override configurationDoneRequest(response: DebugProtocol.ConfigurationDoneResponse): void {
    this.sendResponse(response);
    this.isConfigured = true;
    this.showStopOnce();
  }

  /** Shows the stop once the dump is open and `configurationDone` has come, in either order. */
  private showStopOnce(): void {
    if (!this.target || !this.isConfigured || this.hasShownStop) return;
    this.hasShownStop = true;
    void this.showStop(this.target);
  }

  /** Sends the first `stopped` event of a session and starts the background work. */
  private async showStop(target: Target): Promise<void> {
    this.sendStopped(this.stopOf(target), { preserveFocusHint: false });
    await afterStop(target, this.background);
  }

  /**
   * Returns the body of the `stopped` event. An error on the way is reported and the event is sent nevertheless,
   * because a client waits for it without a time limit.
   */
  private stopOf(target: Target): Stop {
    try {
      return target.stop();
    } catch (error) {
      this.reportError(error);
      return target.stopAfter(error);
    }
  }

  private reportError(error: unknown): void {
    this.client.output(`${error instanceof Error ? error.message : String(error)}\n`, { category: "stderr" });
    this.log("error", internalError(error).stack);
  }

  /** Replaces the current target with one over the same dump that has more debuginfo. */
  private replaceTarget(fresh: Target): void {
    const { target } = this;
    if (!target) return fresh.close();
    this.replaced.add(target);
    this.closeReplaced();
    this.target = fresh;
    fresh.replaceWith = target.replaceWith;
    makeReady(fresh, this.background).catch((error: unknown) => this.reportError(error));
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

  /** Ends all jobs and closes the dump, also for a client that disconnected without a request. */
  close(): void {
    this.jobs.cancelAll();
    for (const target of this.replaced) target.close();
    this.replaced.clear();
    this.target?.close();
    this.target = undefined;
  }
}
