/** Opens a dump for a program. */
import { Budget } from "../base/budget.ts";
import { drive, type Job } from "../base/job.ts";
import { UsageError } from "../base/usageError.ts";
import { evaluateIn } from "../crash/language/address.ts";
import { readLine, run } from "../crash/language/language.ts";
import { analyze } from "../insight/analyze.ts";
import { waitGraph } from "../insight/waits/waitGraph.ts";
import { logLines } from "../linux/printk/printk.ts";
import { tasks } from "../linux/sched/task.ts";
import { lineText, type Piece } from "../say/piece.ts";
import { placesOf } from "../session/find/debuginfoPlaces.ts";
import { indexDirectory } from "../session/open/indexCache.ts";
import { openingSession, type Session } from "../session/open/open.ts";
import { libraryVerdict, libraryWaits } from "./insight.ts";
import { kernelObject } from "./object.ts";
import { libraryStack, libraryTask } from "./tasks.ts";
import type { Dump, JobOptions, OpenOptions, Output, SymbolPlace, Verdict } from "./types.ts";

/**
 * Opens a dump, read-only.
 * @param files the dump, or all files of a split dump
 * @throws OpenError if the dump or a named file cannot be used; Cancelled
 */
export async function openDump(files: string | readonly string[], options: OpenOptions = {}): Promise<Dump> {
  const { vmlinux, modules = [], debuginfo = [], search = true } = options;
  const vmcore = typeof files === "string" ? [files] : files;
  const session = await driven(
    openingSession({
      vmcore,
      vmlinux,
      modules,
      search: search ? placesOf(vmcore, debuginfo, process.env) : undefined,
      indexes: indexDirectory(process.env),
      budget: new Budget(),
    }),
    options,
  );
  return new OpenedDump(session);
}

/** Runs a job to its end, and reports its progress. @throws Cancelled */
function driven<T>(job: Job<T, Piece>, { signal, onProgress }: JobOptions): Promise<T> {
  return drive(job, signal ?? new AbortController().signal, {
    onStep: (step) => {
      if (step.kind === "progress") onProgress?.(step.what, step.done, step.total);
    },
  });
}

class OpenedDump implements Dump {
  private readonly session: Session;
  private isClosed = false;

  constructor(session: Session) {
    this.session = session;
  }

  get format() {
    return this.session.dump.format;
  }

  get machine() {
    return this.kernel.arch.name;
  }

  get release() {
    return this.session.memory.vmcoreinfo?.text("OSRELEASE");
  }

  get vmlinux() {
    return this.session.vmlinux?.path;
  }

  get warnings() {
    return this.session.warnings;
  }

  get task() {
    return libraryTask(this.open.context.task);
  }

  tasks() {
    return [...tasks(this.kernel)].map(libraryTask);
  }

  stack(task: Parameters<Dump["stack"]>[0]) {
    return libraryStack(this.kernel, task);
  }

  log() {
    return logLines(this.kernel);
  }

  object(type: string, address: bigint) {
    return kernelObject(this.kernel.object(type, address));
  }

  evaluate(expression: string) {
    return kernelObject(evaluateIn(this.open.context, expression));
  }

  symbol(name: string) {
    return this.kernel.symbols.find(name)?.address;
  }

  symbolAt(address: bigint): SymbolPlace | undefined {
    const symbol = this.kernel.symbols.at(address);
    if (!symbol) return undefined;
    const { name, address: start, module } = symbol;
    return { name, address: start, offset: Number(address - start), module };
  }

  read(address: bigint, size: number) {
    return this.kernel.memory.read(address, size).slice();
  }

  async verdict(options: JobOptions = {}): Promise<Verdict> {
    return libraryVerdict(await driven(analyze(this.kernel), options));
  }

  async waits(options: JobOptions = {}) {
    return libraryWaits(await driven(waitGraph(this.kernel), options));
  }

  run(line: string, options: JobOptions = {}): Promise<Output> {
    return driven(outputOf(this.open, line), options);
  }

  close(): void {
    if (!this.isClosed) this.session.close();
    this.isClosed = true;
  }

  private get kernel() {
    return this.open.kernel;
  }

  /** @throws Error if the dump is closed */
  private get open(): Session {
    if (this.isClosed) throw new Error("the dump is closed");
    return this.session;
  }
}

/** Runs a command that only reads the dump. @throws UsageError */
function* outputOf({ context }: Session, line: string): Job<Output, Piece> {
  const only = context.with({ onlyReads: true });
  const parsed = readLine(only, line);
  if (parsed.shell !== undefined || parsed.input !== undefined || parsed.output !== undefined)
    throw new UsageError("only a command of crash is run here: leave out the shell and the files");
  const [lines, records, faults]: [string[], unknown[], string[]] = [[], [], []];
  for (const piece of run(only, parsed)) {
    if (piece.kind === "usage") throw new UsageError(piece.message);
    if (piece.kind === "fault") faults.push(piece.lines.map(lineText).join(" "));
    else if (piece.kind === "record" || piece.kind === "text" || piece.kind === "omission")
      lines.push(...piece.lines.map(lineText));
    if (piece.kind === "record") records.push(piece.data);
    yield piece;
  }
  return { text: lines.join("\n"), records, faults };
}
