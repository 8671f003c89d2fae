/** The opened dump that the handlers of requests work on. */
import type { Budget } from "../base/budget.ts";
import { attempt, Fault } from "../base/fault.ts";
import { internalError } from "../base/sourceStack.ts";
import type { Change, Context } from "../crash/language/command.ts";
import { withChanges } from "../crash/language/context.ts";
import type { SourceLine } from "../debuginfo/source.ts";
import { oopsTitle, panicMessage } from "../linux/printk/panic.ts";
import { panicCpu } from "../linux/printk/panicCpu.ts";
import { stackTrace } from "../linux/sched/stackTrace.ts";
import { evaluate, type Scope } from "../model/expression/evaluate.ts";
import type { Kernel } from "../model/kernel.ts";
import { bare } from "../debuginfo/ctype.ts";
import { storeOf } from "../session/find/debuginfoPlaces.ts";
import { openingSession, type OpenOptions, type Session } from "../session/open/open.ts";
import { drive, type Job } from "../base/job.ts";
import { Transcript } from "../document/transcript.ts";
import { Analysis } from "../insight/analyze.ts";
import { hasPackages, type PackageWatch, withoutPackages } from "../session/fetch/packages.ts";
import { copiedSourceArchive, openSourceArchive, sourceCache } from "../session/sources/sourceArchive.ts";
import { sourceTexts } from "../session/sources/sourceText.ts";
import type { UnpackOptions } from "../archive/unpack.ts";
import type { Client } from "./client.ts";
import { Frames } from "./frames.ts";
import { fetchedSource } from "./lateDebuginfo.ts";
import type { LaunchArguments } from "./launch.ts";
import { budgetFor, openOptions } from "./launch.ts";
import { namesOf } from "./names.ts";
import { References } from "./values/references.ts";
import { Sources } from "./code/sources.ts";
import { type Thread, Threads } from "./threads.ts";
import type { Unfolding } from "./values/unfolding.ts";

/** Number of names per step of the job. A step may read some units of the debuginfo, and each unit has dozens of new names. */
const NAMES_A_STEP = 64;

/**
 * Opens a dump as a job, because a dump without the kernel's location must be searched. @throws OpenError, Cancelled
 */
const opened = (options: OpenOptions, { signal, onStep }: OpenWatch): Promise<Session> =>
  drive(openingSession(options), signal, { onStep });

/** Cancellation and progress of opening a dump. */
export interface OpenWatch extends PackageWatch {
  readonly signal: AbortSignal;
  readonly onStep: (step: unknown) => void;
}

/** The body of a `stopped` event. */
export interface Stop {
  readonly reason: "exception" | "pause";
  readonly threadId: number;
  readonly description: string;
  readonly text: string;
}

/** The opened dump: the kernel, and the objects that a client knows by id. */
export class Target {
  readonly session: Session;
  readonly kernel: Kernel;
  readonly client: Client;
  readonly threads: Threads;
  readonly frames: Frames;
  readonly sources: Sources;
  readonly unfoldings = new References<Unfolding>();
  /** Code addresses and source lines that a client may resolve with a `locations` request. */
  readonly places = new References<bigint | SourceLine>();
  readonly arguments: LaunchArguments;
  private contextNow: Context;
  private analysisNow: Analysis | undefined;
  private readonly budget: Budget;
  private readonly changedModules = new Set<string>();
  /** Paths of the debuginfo that the user loaded for modules; undefined for a module whose debuginfo was unloaded. */
  private readonly chosenModules = new Map<string, string | undefined>();
  /** Remarks about the packages from which debuginfo was extracted. */
  private readonly packageRemarks: string[] = [];
  /** Replaces this target with another one over the same dump. */
  replaceWith: (fresh: Target) => void = () => {};
  /** Whether a fetch of debuginfo is running. */
  isFetching = false;
  /** The thread that the Debug Console used last, and the lines that ran in it. */
  readonly console = { thread: undefined as Thread | undefined, transcript: new Transcript() };

  private constructor(session: Session, args: LaunchArguments, client: Client, budget: Budget) {
    this.budget = budget;
    this.session = session;
    this.kernel = session.kernel;
    this.client = client;
    this.arguments = args;
    this.contextNow = session.context.with({
      onlyReads: client.onlyReads,
      sourceText: sourceTexts(session.sources, undefined),
      modules: this.watched(session.context.modules),
    });
    this.threads = new Threads(session.kernel, args.threads);
    this.frames = new Frames(session.kernel, ({ task, fault }) =>
      task ? stackTrace(session.kernel, task) : { frames: [], userTrap: undefined, fault },
    );
    const files = session.sources();
    const archive = session.vmlinux && files.wantedArchive;
    const copy = archive === undefined ? undefined : copiedSourceArchive(archive, sourceCache(process.env));
    if (copy) files.addArchive(copy);
    this.sources = new Sources(
      files,
      args.sourceScheme,
      (sentence) => client.output(`${sentence}\n`, { category: "important" }),
      (file, module) => fetchedSource(this, file, module),
    );
  }

  /** The user's context after the commands that have run. */
  get context(): Context {
    return this.contextNow;
  }

  /** The verdict, which all requests share. It begins anew when debuginfo or sources have arrived. */
  get analysis(): Analysis {
    return (this.analysisNow ??= new Analysis(this.kernel));
  }

  /** Applies the changes of a command to the context and tells the client which of its views they affect. */
  change(changes: readonly Change[]): void {
    const before = this.contextNow;
    this.contextNow = withChanges(before, changes);
    this.announce(before);
    if (this.contextNow.ended && !before.ended) this.client.send("terminated", {});
  }

  /** Wraps the module loader to record which modules get or lose debuginfo by `mod -s`, `-S` and `-d`. */
  private watched(modules: Context["modules"]): Context["modules"] {
    if (!modules) return undefined;
    const noted = <T>(name: string, result: T): T => {
      this.changedModules.add(name);
      return result;
    };
    return {
      path: (name) => modules.path(name),
      sections: (name) => modules.sections(name),
      load: (name, place, marksSections) => {
        const path = noted(name, modules.load(name, place, marksSections));
        this.chosenModules.set(name, path);
        return path;
      },
      unload: (name) => {
        noted(name, modules.unload(name));
        this.chosenModules.set(name, undefined);
      },
    };
  }

  /** Tells the client which modules have other debuginfo, and whether the radix is another than in `before`. */
  announce(before: Context = this.context): void {
    const hasRadixChanged = before.radix !== this.context.radix;
    if (this.changedModules.size === 0 && !hasRadixChanged) return;
    for (const name of this.changedModules)
      this.client.send("module", { reason: "changed", module: { id: name, name } });
    if (this.changedModules.size > 0) this.forgetFrames();
    const areas = this.changedModules.size > 0 ? ["stacks", "variables"] : ["variables"];
    this.changedModules.clear();
    if (this.client.supports("supportsInvalidatedEvent")) this.client.send("invalidated", { areas });
  }

  /** Opens the dump that the arguments name. @throws OpenError, Cancelled */
  static async open(args: LaunchArguments, client: Client, watch: OpenWatch): Promise<Target> {
    const budget = budgetFor(args, client);
    const wanted = openOptions(args, budget);
    if (!hasPackages(wanted)) return new Target(await opened(wanted, watch), args, client, budget);
    const { options, remarks } = await withoutPackages(wanted, storeOf(process.env), watch);
    const target = new Target(await opened(options, watch), options, client, budget);
    target.packageRemarks.push(...remarks);
    return target;
  }

  /** Opens the same dump again with files that have arrived since. Keeps settings and thread ids. @throws OpenError */
  *renewed(): Job<Target> {
    const { context, arguments: args, client, budget } = this;
    const fresh = new Target(yield* openingSession(openOptions(args, budget)), args, client, budget);
    try {
      // List the threads now, because a client may use a thread id before it requests the list again.
      yield* fresh.threads.list();
    } catch (error) {
      fresh.close();
      throw error;
    }
    const { radix, variables, aliases } = context;
    const task = attempt(() => fresh.kernel.object(context.task.type, context.task.address));
    fresh.contextNow = fresh.context.with({ radix, variables, aliases, ...(!(task instanceof Fault) && { task }) });
    const { thread, transcript } = this.console;
    Object.assign(fresh.console, { thread: thread && fresh.threads.find(thread.id), transcript });
    for (const [name, path] of this.chosenModules)
      attempt(() =>
        path === undefined ? fresh.context.modules?.unload(name) : fresh.context.modules?.load(name, path),
      );
    fresh.changedModules.clear();
    return fresh;
  }

  /** The oops or panic in one line. Undefined if the machine was running, or if it is not known. */
  get title(): string | undefined {
    const title = this.outcome();
    return title instanceof Fault ? undefined : title;
  }

  /** Whether the kernel panicked. Undefined if that is not known. */
  get panicked(): boolean | undefined {
    const title = this.outcome();
    if (title instanceof Fault) return typeof attempt(() => panicCpu(this.kernel)) === "number" ? true : undefined;
    return title !== undefined;
  }

  /** A sentence that says why there is no title. Undefined if there is one. */
  get untitled(): string | undefined {
    const title = this.outcome();
    if (title === undefined) return "No panic: the machine was running when this dump was taken.";
    return title instanceof Fault ? `${title.message[0]?.toUpperCase()}${title.message.slice(1)}.` : undefined;
  }

  private outcome(): string | Fault | undefined {
    return oopsTitle(this.kernel) ?? attempt(() => panicMessage(this.kernel));
  }

  /** Returns the body of the `stopped` event for a thread. Default: the thread that the dump is about. */
  stop(thread: Thread = this.threads.first()): Stop {
    const { title, untitled = "" } = this;
    const threadId = thread.id;
    if (threadId !== this.threads.first().id) return { reason: "pause", threadId, text: "", description: "Paused" };
    if (title !== undefined || this.panicked)
      return { reason: "exception", threadId, text: title ?? untitled, description: this.threads.badge };
    return { reason: "pause", threadId, text: "", description: untitled.replace(/\.$/, "") };
  }

  /** Returns the body of the `stopped` event after an internal error in `stop`. */
  stopAfter(error: unknown): Stop {
    const why = `internal error: ${internalError(error).summary}`;
    const { id } = this.threads.firstOrPlaceholder();
    return { reason: "pause", threadId: id, text: "", description: `The reason of the stop cannot be read: ${why}` };
  }

  /** Returns sentences about this session for the user, the most important first. */
  remarks(): string[] {
    const { warnings, context } = this.session;
    const { limitations } = context.session;
    const sentences = [...warnings, ...this.packageRemarks, this.untitled, ...limitations, this.sourceRemark];
    return sentences.filter((sentence) => sentence !== undefined);
  }

  /** A sentence about missing sources. Undefined while an archive of sources still has to be read. */
  get sourceRemark(): string | undefined {
    return this.session.vmlinux && this.wantedArchive === undefined ? this.sources.files.remark : undefined;
  }

  /** Path of the archive with the kernel's sources, if it has to be read first. */
  get wantedArchive(): string | undefined {
    return this.session.vmlinux && this.sources.files.wantedArchive;
  }

  /** Reads the archive and shows its sources. @throws Fault, Cancelled, NodeJS.ErrnoException */
  async readArchive(path: string, options: UnpackOptions): Promise<void> {
    this.sources.files.addArchive(
      await openSourceArchive(path, sourceCache(process.env), { ...options, budget: this.budget }),
    );
    this.sources.forget();
    this.refresh();
  }

  /** Tells the client to request the stacks again, because lines or types have become available. */
  refresh(): void {
    this.forgetFrames();
    if (this.client.supports("supportsInvalidatedEvent")) this.client.send("invalidated", { areas: ["stacks"] });
  }

  /** Returns the value of a pointer or number, else the address of the object. @throws UsageError, Fault */
  addressOfExpression(text: string, scope?: Scope): bigint {
    const object = evaluate(this.kernel, text, scope);
    const { kind } = bare(object.type);
    return kind === "pointer" || kind === "int" || kind === "enum"
      ? BigInt.asUintN(64, object.value())
      : object.address;
  }

  private forgetFrames(): void {
    this.frames.forget();
    this.analysisNow = undefined;
  }

  /** Builds the indexes that the first completion, or the first value with an unusual type, would wait for. */
  *warmUp(): Job<void> {
    yield* namesOf(this.kernel);
    // Reaching the last name makes the debuginfo index all of its units.
    let count = 0;
    for (const _ of this.session.vmlinux?.dwarf()?.types.names() ?? []) if (++count % NAMES_A_STEP === 0) yield;
    this.session.vmlinux?.saveIndex();
  }

  close(): void {
    this.session.close();
  }
}
