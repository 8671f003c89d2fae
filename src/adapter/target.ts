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
import { cacheOf } from "../session/find/debuginfoPlaces.ts";
import { openingSession, type OpenOptions, type Session } from "../session/open/open.ts";
import { drive, type Job } from "../base/job.ts";
import { hasPackages, type PackageWatch, withoutPackages } from "../session/fetch/packages.ts";
import { copiedSourceArchive, openSourceArchive, sourceCache } from "../session/sources/sourceArchive.ts";
import { sourceTexts } from "../session/sources/sourceText.ts";
import type { UnpackOptions } from "../archive/unpack.ts";
import type { Client } from "./client.ts";
import { Frames } from "./frames.ts";
import { fetchedSource } from "./lateDebuginfo.ts";
import { checkLiveKernel, KCORE } from "./liveKernel.ts";
import type { LaunchArguments } from "./launch.ts";
import { budgetFor, openOptions } from "./launch.ts";
import { namesOf } from "./names.ts";
import { References } from "./values/references.ts";
import { Sources } from "./code/sources.ts";
import { type Thread, Threads } from "./threads.ts";
import type { Unfolding } from "./values/unfolding.ts";

/** A step passes some units of the debuginfo: each has new names by the dozen. */
const NAMES_A_STEP = 64;

/** Opens a dump in steps: one that does not say where its kernel is has to be searched. @throws OpenError, Cancelled */
const opened = (options: OpenOptions, { signal, onStep }: OpenWatch): Promise<Session> =>
  drive(openingSession(options), signal, { onStep });

/** Sees how far the opening of a dump has come. */
export interface OpenWatch extends PackageWatch {
  readonly signal: AbortSignal;
  readonly onStep: (step: unknown) => void;
}

/** What a `stopped` event says. */
export interface Stop {
  readonly reason: "exception" | "pause";
  readonly threadId: number;
  readonly description: string;
  readonly text: string;
}

/** The opened dump as requests see it: the kernel, and what a client was told of so far, by number. */
export class Target {
  readonly session: Session;
  readonly kernel: Kernel;
  readonly client: Client;
  readonly threads: Threads;
  readonly frames: Frames;
  readonly sources: Sources;
  readonly unfoldings = new References<Unfolding>();
  /** Code addresses and places in sources that a client may ask the way to. */
  readonly places = new References<bigint | SourceLine>();
  readonly arguments: LaunchArguments;
  private contextNow: Context;
  private readonly budget: Budget;
  private readonly changedModules = new Set<string>();
  /** Debuginfo that the user loaded for modules; undefined where it was unloaded. */
  private readonly chosenModules = new Map<string, string | undefined>();
  /** What became of packages that debuginfo was taken from. */
  private readonly packageRemarks: string[] = [];
  /** Puts another target over the same dump in the place of this one. */
  succeed: (fresh: Target) => void = () => {};
  /** Whether debuginfo is on its way. */
  isFetching = false;
  /** What the debug console was last used for. */
  readonly console: { thread: Thread | undefined } = { thread: undefined };

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
    this.frames = new Frames(({ task, fault }) =>
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

  /** The user's context after the commands so far. */
  get context(): Context {
    return this.contextNow;
  }

  /** Goes on with what a command changed, and tells the client what that changes of what it shows. */
  change(changes: readonly Change[]): void {
    const before = this.contextNow;
    this.contextNow = withChanges(before, changes);
    this.announce(before);
    if (this.contextNow.ended && !before.ended) this.client.send("terminated", {});
  }

  /** Notes which modules get or lose debuginfo by `mod -s` and its kin. */
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

  /** Tells the client what has other debuginfo now, or another radix. */
  announce(before: Context = this.context): void {
    const radixChanged = before.radix !== this.context.radix;
    if (this.changedModules.size === 0 && !radixChanged) return;
    for (const name of this.changedModules)
      this.client.send("module", { reason: "changed", module: { id: name, name } });
    if (this.changedModules.size > 0) this.frames.forget();
    const areas = this.changedModules.size > 0 ? ["stacks", "variables"] : ["variables"];
    this.changedModules.clear();
    if (this.client.supports("supportsInvalidatedEvent")) this.client.send("invalidated", { areas });
  }

  /** @throws OpenError, Cancelled */
  static async open(args: LaunchArguments, client: Client, watch: OpenWatch): Promise<Target> {
    if (args.vmcore[0] === KCORE) checkLiveKernel();
    const budget = budgetFor(args, client);
    const wanted = openOptions(args, budget);
    if (!hasPackages(wanted)) return new Target(await opened(wanted, watch), args, client, budget);
    const { options, remarks } = await withoutPackages(wanted, cacheOf(process.env), watch);
    const target = new Target(await opened(options, watch), options, client, budget);
    target.packageRemarks.push(...remarks);
    return target;
  }

  /**
   * The same dump opened again, with files that were not there yet. What the user set goes on; of what a client was told
   * only the threads' numbers do. @throws OpenError
   */
  *renewed(): Job<Target> {
    const { context, arguments: args, client, budget } = this;
    const fresh = new Target(yield* openingSession(openOptions(args, budget)), args, client, budget);
    try {
      // A client may ask for a thread by its number before it lists them.
      yield* fresh.threads.list();
    } catch (error) {
      fresh.close();
      throw error;
    }
    const { radix, variables, aliases } = context;
    const task = attempt(() => fresh.kernel.object(context.task.type, context.task.address));
    fresh.contextNow = fresh.context.with({ radix, variables, aliases, ...(!(task instanceof Fault) && { task }) });
    const { thread } = this.console;
    fresh.console.thread = thread && fresh.threads.find(thread.id);
    for (const [name, path] of this.chosenModules)
      attempt(() =>
        path === undefined ? fresh.context.modules?.unload(name) : fresh.context.modules?.load(name, path),
      );
    fresh.changedModules.clear();
    return fresh;
  }

  /** The oops or panic in one line; undefined for a machine that ran, or of which that cannot be told. */
  get title(): string | undefined {
    const title = this.outcome();
    return title instanceof Fault ? undefined : title;
  }

  /** Undefined where it cannot be told. */
  get panicked(): boolean | undefined {
    const title = this.outcome();
    if (title instanceof Fault) return typeof attempt(() => panicCpu(this.kernel)) === "number" ? true : undefined;
    return title !== undefined;
  }

  /** Why there is no title, in a sentence; undefined when there is one. */
  get untitled(): string | undefined {
    const title = this.outcome();
    if (title === undefined) return "No panic: the machine was running when this dump was taken.";
    return title instanceof Fault ? `${title.message[0]?.toUpperCase()}${title.message.slice(1)}.` : undefined;
  }

  private outcome(): string | Fault | undefined {
    return oopsTitle(this.kernel) ?? attempt(() => panicMessage(this.kernel));
  }

  /** What there is to say of a thread that stands still: by default the one that the dump is about. */
  stop(thread: Thread = this.threads.first()): Stop {
    const { title, untitled = "" } = this;
    const threadId = thread.id;
    if (threadId !== this.threads.first().id) return { reason: "pause", threadId, text: "", description: "Paused" };
    if (title !== undefined || this.panicked)
      return { reason: "exception", threadId, text: title ?? untitled, description: "Kernel panic" };
    return { reason: "pause", threadId, text: "", description: untitled.replace(/\.$/, "") };
  }

  /** What the event says after a failure of our own while it was made up. */
  stopAfter(error: unknown): Stop {
    const why = `internal error: ${internalError(error).summary}`;
    const { id } = this.threads.firstOrStandIn();
    return { reason: "pause", threadId: id, text: "", description: `Why the kernel stopped cannot be told: ${why}` };
  }

  /** What the user should know of this session, in sentences, what matters most first. */
  remarks(): string[] {
    const { warnings, context } = this.session;
    const { lacking } = context.session;
    const said = [...warnings, ...this.packageRemarks, this.untitled, ...lacking, this.sourceRemark];
    return said.filter((sentence) => sentence !== undefined);
  }

  /** Nothing is said of sources that are still to be read. */
  get sourceRemark(): string | undefined {
    return this.session.vmlinux && this.wantedArchive === undefined ? this.sources.files.remark : undefined;
  }

  /** The archive of the kernel's sources, where they have to be read out of one first. */
  get wantedArchive(): string | undefined {
    return this.session.vmlinux && this.sources.files.wantedArchive;
  }

  /** Reads the wanted archive and shows its sources. @throws Fault, Cancelled, NodeJS.ErrnoException */
  async readArchive(path: string, options: UnpackOptions): Promise<void> {
    this.sources.files.addArchive(
      await openSourceArchive(path, sourceCache(process.env), { ...options, budget: this.budget }),
    );
    this.sources.forget();
    this.refresh();
  }

  /** Has the client ask again for what has lines or types now. */
  refresh(): void {
    this.frames.forget();
    if (this.client.supports("supportsInvalidatedEvent")) this.client.send("invalidated", { areas: ["stacks"] });
  }

  /** The address that an expression stands for: a pointer's value, else where the object lies. @throws UsageError, Fault */
  addressOfExpression(text: string, scope?: Scope): bigint {
    const object = evaluate(this.kernel, text, scope);
    const { kind } = bare(object.type);
    return kind === "pointer" || kind === "int" || kind === "enum"
      ? BigInt.asUintN(64, object.value())
      : object.address;
  }

  /** Indexes that the first completion or the first value with an unusual type would have to wait for. */
  *warmUp(): Job<void> {
    yield* namesOf(this.kernel);
    // Asking for the last of its names makes the debuginfo pass all of its units.
    let count = 0;
    for (const _ of this.session.vmlinux?.dwarf()?.types.names() ?? []) if (++count % NAMES_A_STEP === 0) yield;
    this.session.vmlinux?.saveIndex();
  }

  close(): void {
    this.session.close();
  }
}
