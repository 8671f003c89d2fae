/** Reads the call traces of a report, and the lines that say where processors were. */
import { ALL_TASKS, PANIC, type Role, TRACE_HEADS } from "./forms.ts";
import type { KernelLog } from "./kernelLog.ts";
import { isRegisterLine, machineOf, machines, type Register, registersOf, type Site, siteOf } from "./machines.ts";
import { FROM_USER } from "./machinery.ts";
import { lastBranch, S390_LAST_BREAK } from "./machines/s390.ts";
import type { Report } from "./reports.ts";
import { entryOf, isPlainlyEntry, type TraceEntry, UNMARKED } from "./trace.ts";

export interface Trace {
  readonly role: Role;
  /** The processor that printed the trace on request, where the line before says which. */
  readonly cpu: number | undefined;
  /** The line that begins the trace, or that of its first entry. */
  readonly start: number;
  /** The end, exclusive. */
  readonly end: number;
  /** The text of the line that begins the trace: the task that allocated, or the lock. */
  readonly head: string;
  readonly entries: readonly StackEntry[];
}

/** An entry of a call trace, or the program counter or return address that a line of registers names. */
export interface StackEntry extends TraceEntry {
  readonly at: number;
  /** Whether the entry is the interrupted instruction, in a trace of x86. */
  readonly isSite: boolean;
}

/** A line with the program counter of a processor, and its registers and code. */
export interface SiteLine extends Site {
  readonly at: number;
  readonly registers: readonly (Register & { readonly at: number })[];
  /** The line of `Code:`; on arm and arm64 it follows the trace. */
  readonly code: { readonly at: number; readonly text: string } | undefined;
  /** Whether the line is within a call trace: it then belongs to an interrupted frame. */
  readonly isWithinTrace: boolean;
}

export interface Stacks {
  readonly traces: readonly Trace[];
  /** The entries after lines that end in "at:". */
  readonly points: readonly StackEntry[];
  readonly sites: readonly SiteLine[];
}

/** `Preemption disabled at:`, `is trying to release lock (...) at:`: one place follows. */
const POINT = /\bat:\s*$/;
/** A held lock of lockdep's list, wrapped before the function's name. */
const WRAPPED = /, at: \[<[0-9a-f]{8,16}>\]\s*$/;
/** The rest of a line of code bytes. */
const REST_OF_CODE = /^\s{0,32}(?:[<(]?[0-9a-f]{2}[>)]? ){0,64}[<(]?[0-9a-f]{2}[>)]?\s*$/;
const CPU_HEAD =
  /^NMI backtrace for cpu (\d{1,5})|^CPU#(\d{1,5}) backtrace|^CPU ?(\d{1,5}): stopping|^(?:rcu: )?RCU grace-period kthread stack dump/;
/** Lines after which a trace does not continue, because the report goes on to something else. */
const BETWEEN =
  /^\s{0,32}(?:CPU: \d|task:|INFO: |Modules linked in|Showing |The buggy|Memory state|Object |kasan|page:|irq event|other info|\d+ locks? held|Exec |---\[)/;
/** A mark for entries that were removed from the log; lockdep prints the same dots above a stack. */
const OMITTED = /^\s{0,32}(?:\.{3}|\[\.{3}\]|<snip>)\s*$/;
const MARK = /^\s{0,32}<\/?(?:TASK|IRQ|NMI|SOFTIRQ|EOI|EOE|#\w+|ENTRY\w*|\w+_STACK)\d?>/;

const cache = new WeakMap<Report, Stacks>();

/** Reads the call traces of a report, and the lines that say where processors were. */
export function stacksOf(log: KernelLog, report: Report): Stacks {
  let stacks = cache.get(report);
  if (!stacks) {
    const reader = new Reader();
    for (const at of log.linesOf(report)) {
      const line = log.lines[at];
      if (line?.isAfterGap === true) reader.readGap();
      reader.read(line?.text ?? "", at);
    }
    stacks = reader.end();
    cache.set(report, stacks);
  }
  return stacks;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

class Reader {
  private readonly traces: Writable<Trace>[] = [];
  private readonly points: StackEntry[] = [];
  private readonly sites: Writable<SiteLine>[] = [];
  private open: (Omit<Writable<Trace>, "entries"> & { entries: StackEntry[] }) | undefined;
  /** The next traces belong to processors that print them on request. */
  private ofCpu = false;
  private cpu: number | undefined;
  /** The next entry stands alone and is not part of a trace. */
  private isPoint = false;
  /** The next entry is the address of the last branch. */
  private isBranch = false;
  /** Lines are lost: the next entries may be of another stack. */
  private isAfterGap = false;
  /** A mail wrapped the line before: this one is its rest. */
  private isWrapped = false;
  /** The place whose code the line before printed: a mail may wrap it. */
  private openCode: Writable<SiteLine> | undefined;
  private rows = 0;
  /** Registers that were printed before the place. */
  private early: SiteLine["registers"] = [];

  /**
   * Ends the trace, because the entries after lost lines may be of another one. A trace of which only the first line was
   * read stays open; if more lines are lost before it ends, it is dropped with the entries read since.
   */
  readGap(): void {
    const isKept = this.open?.entries.length === 0 && !this.isAfterGap;
    if (this.isAfterGap) this.open = undefined;
    if (!isKept) this.close();
    this.isAfterGap = true;
  }

  read(text: string, at: number): void {
    const code = this.openCode?.code;
    if (this.openCode && code && REST_OF_CODE.test(text)) {
      this.openCode.code = { ...code, text: `${code.text.trimEnd()} ${text.trim()}` };
      this.openCode = undefined;
      return;
    }
    this.openCode = undefined;
    this.readLine(text, at);
    this.isWrapped = WRAPPED.test(text);
  }

  private readLine(text: string, at: number): void {
    const head = CPU_HEAD.exec(text);
    if (head) {
      const cpu = head[1] ?? head[2] ?? head[3];
      this.close();
      this.ofCpu = true;
      this.cpu = cpu === undefined ? undefined : Number(cpu);
    }
    if (ALL_TASKS.test(text) && this.traces.length > 0) this.ofCpu = true;
    // The stack that panic() prints is the report's own CPU's again.
    if (PANIC.test(text)) {
      this.close();
      this.ofCpu = false;
      this.cpu = undefined;
    }
    const role = TRACE_HEADS.find(([pattern]) => pattern.test(text))?.[1];
    if (role) return this.begin(role, text, at);
    if (S390_LAST_BREAK.test(text) || POINT.test(text)) {
      this.close();
      this.isPoint = true;
      this.isBranch = S390_LAST_BREAK.test(text);
      return;
    }
    const site = siteOf(text);
    if (site) return this.readSite(site, text, at);
    this.readRegisters(text, at);
    const entry = entryOf(text);
    if (entry) return this.readEntry(entry, text, at);
    if (OMITTED.test(text) && this.open && this.open.entries.length > 0) return this.close();
    // The place is in the next line, or is torn.
    if (text.trim() !== "") this.isPoint = false;
    if (this.open && MARK.test(text)) this.open.end = at + 1;
    else if (this.open && BETWEEN.test(text)) this.close();
  }

  end(): Stacks {
    this.close();
    return { points: this.points, traces: this.traces.filter(({ entries }) => entries.length > 0), sites: this.sites };
  }

  private begin(role: Role, text: string, at: number): void {
    this.close();
    this.isPoint = false;
    this.isAfterGap = false;
    const trace = {
      role: role === "stack" && this.ofCpu ? "cpu" : role,
      cpu: role === "stack" ? this.cpu : undefined,
      start: at,
      end: at + 1,
      head: text.trim(),
      entries: [],
    };
    this.open = trace;
    const colon = text.indexOf(":") + 1;
    const entry = role === "stack" && text.slice(colon).trim() !== "" ? entryOf(text, colon) : undefined;
    if (entry) this.open.entries.push({ ...entry, at, isSite: false });
  }

  private readEntry(entry: TraceEntry, text: string, at: number): void {
    if (this.isPoint) {
      this.isPoint = false;
      if (this.isBranch)
        this.sites.push({ ...lastBranch(entry), at, registers: [], code: undefined, isWithinTrace: false });
      else this.points.push({ ...entry, at, isSite: false });
      return;
    }
    // The entry from user space has no caller: without a line above it, what follows belongs to another CPU.
    const last = this.open?.entries.at(-1);
    if (last?.isDoubtful === false && FROM_USER.test(last.name ?? "") && isPlainlyEntry(entry) && !entry.isDoubtful) {
      this.close();
      this.isAfterGap = true;
    }
    // Outside of a trace, only a line that is an entry by its form begins a trace (riscv, arm).
    if (!this.open) {
      if (this.isAfterGap || this.isWrapped || !isPlainlyEntry(entry) || /^\s{0,32}#\d/.test(text)) return;
      this.open = { role: this.ofCpu ? "cpu" : "stack", cpu: this.cpu, start: at, end: at, head: "", entries: [] };
    }
    this.open.entries.push({ ...entry, at, isSite: false });
    this.open.end = at + 1;
  }

  private readSite(site: Site, text: string, at: number): void {
    const isWithinTrace = this.open !== undefined && this.open.entries.length > 0;
    // After its code a report of x86 repeats the place (__die() and oops_end() of dumpstack.c, until v4.17); this is not
    // a frame.
    const isRepeated = this.sites.some(
      ({ role, place }) =>
        role === "pc" &&
        place?.name !== undefined &&
        place.name === site.place?.name &&
        place.offset === site.place.offset,
    );
    this.sites.push({ ...site, at, registers: site.role === "pc" ? this.early : [], code: undefined, isWithinTrace });
    if (site.role === "pc") this.early = [];
    this.readRegisters(text, at);
    if (isRepeated && isWithinTrace) return this.close();
    if (!isWithinTrace || !this.open || site.role !== "pc" || site.isUser) return;
    if (site.place?.name === undefined || machineOf(site.machine)?.placeInTrace !== true) return;
    const { place } = site;
    this.open.entries.push({ ...place, ...UNMARKED, at, isSite: true });
    this.open.end = at + 1;
  }

  /**
   * Reads registers and code. powerpc, MIPS and LoongArch print registers before the line that names the place, other
   * machines after it.
   */
  private readRegisters(text: string, at: number): void {
    const site = this.sites.findLast(({ role }) => role === "pc");
    const machine =
      machineOf(site?.machine) ?? machines.find((one) => one.registersFirst === true && isRegisterLine(text, one));
    if (!machine) return;
    if (site && machine.unless?.line.test(text) === true) {
      const { machine: other } = machine.unless;
      // The line of the return address follows that of the place.
      const { machine: wrong } = site;
      for (const one of this.sites.slice(this.sites.indexOf(site))) if (one.machine === wrong) one.machine = other;
    }
    const code = site ? (machine.code?.exec(text) ?? machine.code?.exec(text.trimStart())) : null;
    const owner = site && code && this.ownerOfCode(site, at);
    if (owner && !owner.code) {
      owner.code = { at, text: code[1] ?? "" };
      this.openCode = owner;
    }
    const goesOn = /^\s/.test(text) ? this.rows : 0;
    const found = registersOf(text, machine, goesOn);
    this.rows = found.length === 0 ? 0 : goesOn + found.length;
    const registers = site ? site.registers : this.early;
    const known = new Set(registers.map(({ name }) => name));
    const more = [...registers, ...found.filter(({ name }) => !known.has(name)).map((one) => ({ ...one, at }))];
    if (site) site.registers = more;
    else this.early = more;
  }

  /**
   * Returns the line that names the place of a line of code. x86 prints a program's code right below its place; up to
   * 4.16 the kernel's code follows the registers of the program (show_regs()).
   */
  private ownerOfCode(last: Writable<SiteLine>, at: number): Writable<SiteLine> {
    if (machineOf(last.machine)?.codeAfterTrace === true) {
      const isOutside = (one: SiteLine): boolean =>
        one.role === "pc" && !one.isWithinTrace && one.machine === last.machine;
      return this.sites.findLast(isOutside) ?? last;
    }
    if (!last.isUser || at === last.at + 1) return last;
    return (
      this.sites.findLast(({ role, isUser, machine }) => role === "pc" && !isUser && machine === last.machine) ?? last
    );
  }

  private close(): void {
    if (this.open) this.traces.push(this.open);
    this.open = undefined;
  }
}
