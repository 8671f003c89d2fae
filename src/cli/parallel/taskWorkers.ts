/** Shares the work on many tasks with a thread that opens the same dump. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { Fault } from "../../base/fault.ts";
import type { TaskShare, TaskWorkers } from "../../crash/language/taskShare.ts";
import { plain, type Style } from "../../render/style.ts";
import { type Piece, type Pieces, progress } from "../../say/piece.ts";
import type { OpenOptions } from "../../session/open/openOptions.ts";
import { script } from "../node.ts";
import { boundThreads } from "./youngGeneration.ts";

/** When a thread helps, and how. */
interface Sharing {
  /** The program that the thread runs. */
  readonly program: string;
  /** Tasks that a thread does between two messages. */
  readonly block: number;
  /** Milliseconds of work before the rest is estimated. */
  readonly measured: number;
  /** Milliseconds of remaining work from which on a thread helps: it takes half a second to open the dump. */
  readonly long: number;
}

const usual = (): Sharing => ({ program: script(), block: 128, measured: 300, long: 2000 });

/** What a thread is started with. */
export interface WorkerJob {
  readonly open: OpenOptions;
  /** Addresses of the tasks. */
  readonly tasks: BigUint64Array;
  readonly lines: readonly string[];
  readonly radix: 10 | 16;
  readonly variables: ReadonlyMap<string, string>;
  readonly isPlain: boolean;
}

/** Indexes of tasks; `to` is exclusive. */
export interface Block {
  readonly from: number;
  readonly to: number;
}

/** A part of the output of a block: text, or an error message. */
export type Output =
  | { readonly kind: "text"; text: string; readonly isIncomplete: boolean }
  | { readonly kind: "usage"; readonly message: string; readonly text: string }
  | { readonly kind: "fault"; readonly text: string };

/** A message of the thread: it is ready, or it did a block. */
export interface BlockAnswer {
  readonly from: number;
  readonly outputs: readonly Output[];
}

/** Returns threads for a dump in files; none for memory that changes or that another machine serves. */
export const taskWorkers =
  (open: OpenOptions, style: Style, sharing?: Sharing): TaskWorkers =>
  (context, tasks, lines) => {
    const { session } = context;
    const isFixed = session.live === undefined && open.vmcore.every((path) => !/^[a-z]+:\/\//.test(path));
    const isAlone = availableParallelism() < 2 || !isFixed;
    const job = (): WorkerJob => ({
      open: { ...open, budget: undefined },
      tasks: BigUint64Array.from(tasks, ({ address }) => address),
      lines,
      radix: context.radix,
      variables: context.variables,
      isPlain: style === plain,
    });
    return new SharedTasks(tasks.length, isAlone ? undefined : job, sharing ?? usual());
  };

class SharedTasks implements TaskShare {
  private readonly count: number;
  private readonly job: (() => WorkerJob) | undefined;
  private readonly sharing: Sharing;
  private readonly started = performance.now();
  private worker: Worker | undefined;
  private hasFailed = false;
  /** The tasks before `low` are this thread's, those from `high` on the other's. */
  private low = 0;
  private high: number;
  private readonly answers = new Map<number, readonly Output[]>();
  private readonly given: Block[] = [];
  private wake: () => void = () => {};

  constructor(count: number, job: (() => WorkerJob) | undefined, sharing: Sharing) {
    this.sharing = sharing;
    this.count = count;
    this.high = count;
    this.job = job;
  }

  claim(from: number): number {
    const { block, measured, long } = this.sharing;
    const elapsed = performance.now() - this.started;
    if (this.job && !this.worker && elapsed > measured && (elapsed * (this.count - from)) / from > long)
      this.start(this.job());
    this.low = Math.min(from + block, this.high);
    return this.low;
  }

  private start(job: WorkerJob): void {
    boundThreads();
    const worker = new Worker(this.sharing.program, { workerData: job });
    this.worker = worker;
    worker.on("message", (answer: BlockAnswer | "ready") => {
      if (answer !== "ready") this.answers.set(answer.from, answer.outputs);
      // One more block than it works on, so that it does not wait for this thread.
      this.give();
      if (answer === "ready") this.give();
      this.wake();
    });
    const fail = (): void => {
      this.hasFailed = true;
      this.wake();
    };
    worker.on("error", fail);
    worker.on("exit", fail);
  }

  private give(): void {
    const block = { from: Math.max(this.low, this.high - this.sharing.block), to: this.high };
    if (block.from === block.to) return;
    this.high = block.from;
    this.given.push(block);
    this.worker?.postMessage(block);
  }

  /** Returns a promise that settles at the next message of the thread. */
  private nextMessage(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  *rest(own: (from: number, to: number) => Pieces): Pieces {
    for (let block = this.given.pop(); block; block = this.given.pop()) {
      const { from, to } = block;
      while (!this.answers.has(from) && !this.hasFailed)
        yield { kind: "progress", what: "tasks", done: from, total: this.count, until: this.nextMessage() };
      const outputs = this.answers.get(from);
      this.answers.delete(from);
      if (outputs) for (const output of outputs) yield pieceOf(output);
      else yield* own(from, to);
      yield progress("tasks", to, this.count);
    }
  }

  end(): void {
    this.worker?.removeAllListeners();
    void this.worker?.terminate();
  }
}

function pieceOf(output: Output): Piece {
  const { kind, text } = output;
  const lines = text === "" ? [] : text.trimEnd().split("\n").map((line) => [line]); // prettier-ignore
  if (kind === "usage") return { kind, message: output.message, lines };
  if (kind === "fault") return { kind, fault: Fault.of("unknown", text), lines };
  if (!output.isIncomplete) return { kind, lines: [], formatted: text };
  return { kind: "record", data: null, lines, unread: Fault.of("unknown", "the output of a task is incomplete") };
}
