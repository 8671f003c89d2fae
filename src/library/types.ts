/** The types of the library's answers. */
import type { Fault } from "../base/fault.ts";

/** Options of a job that takes long. */
export interface JobOptions {
  /** Aborting it ends the job: its promise rejects with `Cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Receives how far the job is. `total` is 0 if it is not known. */
  readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined;
}

/** Options of `openDump`. */
export interface OpenOptions extends JobOptions {
  /** The kernel's debuginfo. Default: searched for in the usual places of this machine; nothing is downloaded. */
  readonly vmlinux?: string | undefined;
  /** Directories with modules' debuginfo. */
  readonly modules?: readonly string[] | undefined;
  /** Directories with both, laid out like /usr/lib/debug. */
  readonly debuginfo?: readonly string[] | undefined;
  /** Whether to search for debuginfo that is not named. Default: true. */
  readonly search?: boolean | undefined;
}

/** An object of the kernel: a C type at an address, or a value. Reading it throws a `Fault` where the dump has no data. */
export interface KernelObject {
  /** Name of the C type: "struct task_struct". */
  readonly type: string;
  /** Address of the object. @throws Fault for a value that is not in memory */
  readonly address: bigint;
  /** Returns a member: "mm.pgd". Pointers on the way are followed. */
  at(path: string): KernelObject;
  /** Whether the type has a member; kernels differ. */
  has(path: string): boolean;
  /** Returns an element of an array, or of the memory at a pointer. */
  index(i: number): KernelObject;
  /** Returns the object that a pointer points at. */
  deref(): KernelObject;
  /** Returns a number, a pointer or an enumerator; signed types have negative values. */
  value(): bigint;
  /** Returns a number that a double holds exactly. */
  number(): number;
  /** Returns the text of a character array or of a pointer to characters, up to the first NUL. */
  text(): string;
  /** Returns the bytes of the object. @param length in bytes; default: the size of the type */
  bytes(length?: number): Uint8Array;
  /** Returns the object as JSON has it in `--json`: faults are `{ "fault": ... }`. */
  toJSON(): unknown;
}

/** A task. What cannot be read is a fault in place of the value. */
export interface Task {
  readonly pid: number | Fault;
  readonly comm: string | Fault;
  /** Two letters, as crash prints it: RU, IN, UN, ZO, … */
  readonly state: string | Fault;
  /** The CPU that the task runs or ran on. */
  readonly cpu: number | Fault;
  /** Whether a CPU executed the task when the kernel stopped. */
  readonly isRunning: boolean;
  /** The `struct task_struct`. */
  readonly object: KernelObject;
}

/** A function of a stack. */
export interface Frame {
  /** Undefined for code without a symbol. */
  readonly function: string | undefined;
  /** Whether the function is inlined into the next frame that is not. */
  readonly isInlined: boolean;
  readonly pc: bigint;
  readonly sp: bigint;
  readonly module: string | undefined;
  /** Only with debuginfo. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** The registers that are known in the frame, by their names. */
  readonly registers: ReadonlyMap<string, bigint>;
  /** The exception that interrupted the function: "page fault". */
  readonly exception: string | undefined;
  /** How the frame was found, if no exact rule applied. */
  readonly doubt: string | undefined;
}

/** A kernel stack. */
export interface Stack {
  /** The innermost first. */
  readonly frames: readonly Frame[];
  /** Why the stack cannot be followed further. */
  readonly fault: Fault | undefined;
}

/** A line of the kernel log. */
export interface LogLine {
  readonly text: string;
  /** Time since boot in seconds. */
  readonly seconds: number | undefined;
  /** From emergency (0) to debug (7). */
  readonly level: number | undefined;
}

/** A symbol, and the distance of an address from its begin in bytes. */
export interface SymbolPlace {
  readonly name: string;
  readonly address: bigint;
  readonly offset: number;
  readonly module: string | undefined;
}

/** How sure a statement is. */
export type Certainty = "certain" | "likely" | "possible";

/** A statement of the verdict. */
export interface Finding {
  /** Stable name of the statement: "where.guilty". */
  readonly id: string;
  readonly severity: "cause" | "suspect" | "note";
  readonly certainty: Certainty;
  /** The sentence. */
  readonly text: string;
  /** The values of the sentence by name. */
  readonly slots: Readonly<
    Record<string, string | number | bigint | boolean | readonly (string | number | bigint)[] | undefined>
  >;
}

/** What happened. */
export interface Verdict {
  /** In syzkaller's scheme: "KASAN: slab-use-after-free Read in f". */
  readonly title: string;
  /** Kind of the report of the crash: "null-pointer"; "none" for the dump of a kernel that had not crashed. */
  readonly kind: string;
  /** Equal for the same bug on other machines and builds. */
  readonly key: string;
  readonly findings: readonly Finding[];
}

/** A task that holds what others wait for. */
export interface Holder {
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  readonly certainty: Certainty;
  /** From what it is known. */
  readonly how: string;
}

/** A task that waits, and for what. */
export interface Wait {
  readonly pid: number;
  readonly comm: string;
  /** Address of the `struct task_struct`. */
  readonly task: bigint;
  /** Kind of the resource: "mutex"; undefined if it is not known. */
  readonly type: string | undefined;
  /** Address of the resource. */
  readonly resource: bigint | undefined;
  /** What it waits for, in words: "mutex inode_lock". */
  readonly waitsFor: string;
  readonly holders: readonly Holder[];
}

/** Who waits for whom. */
export interface Waits {
  /** The longest wait first. */
  readonly waiting: readonly Wait[];
  /** Deadlocks: each task waits for the next one, and the last for the first. */
  readonly cycles: readonly { readonly tasks: readonly Wait[]; readonly certainty: Certainty }[];
}

/** What a command printed. */
export interface Output {
  readonly text: string;
  /** The records as `--json` prints them; their schemas are in docs/schema. */
  readonly records: readonly unknown[];
  /** Why something is missing. */
  readonly faults: readonly string[];
}

/** An open dump. Reading is synchronous; long jobs return promises. */
export interface Dump {
  /** Format of the file: "ELF core". */
  readonly format: string;
  /** "x86_64", "arm64", … */
  readonly machine: string;
  /** Release of the kernel. */
  readonly release: string | undefined;
  /** Path of the debuginfo that is used. */
  readonly vmlinux: string | undefined;
  readonly warnings: readonly string[];
  /** The task that panicked; of a dump without a panic, the one that crash would choose. */
  readonly task: Task;
  /** Returns all tasks, the idle tasks of the CPUs too. @throws Fault */
  tasks(): readonly Task[];
  /** Returns the kernel stack of a task, as `bt` prints it. */
  stack(task: Task): Stack;
  /** Returns the lines of the kernel log. @throws Fault */
  log(): readonly LogLine[];
  /** Returns an object of a type at an address. @throws Fault if there is no such type */
  object(type: string, address: bigint): KernelObject;
  /** Returns the value of a C expression. @throws UsageError if it is wrong; Fault */
  evaluate(expression: string): KernelObject;
  /** Returns the address of a function or a variable; undefined if there is none of that name. */
  symbol(name: string): bigint | undefined;
  /** Returns the symbol that contains an address; undefined if none does. */
  symbolAt(address: bigint): SymbolPlace | undefined;
  /** Reads memory at a virtual address. @param size in bytes @throws Fault */
  read(address: bigint, size: number): Uint8Array;
  /** Finds out what happened. */
  verdict(options?: JobOptions): Promise<Verdict>;
  /** Finds out who waits for whom. */
  waits(options?: JobOptions): Promise<Waits>;
  /** Runs a command line of crash that only reads the dump. @throws UsageError */
  run(line: string, options?: JobOptions): Promise<Output>;
  /** Closes the files. The dump cannot be read afterwards. */
  close(): void;
}
