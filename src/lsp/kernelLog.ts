import { type ModuleWord, moreModules, type Word, wordsOf } from "./word.ts";

/** What a kernel log says of itself, without the kernel. Lines count from 0; ends are exclusive. */
export interface KernelLog {
  readonly reports: readonly Report[];
  /** Entries of call traces, and where code faulted, by line; those outside of reports too. */
  readonly entries: ReadonlyMap<number, TraceEntry>;
  /** "6.1.0-56-cloud-amd64". */
  readonly release: string | undefined;
  readonly kaslr: Kaslr | undefined;
  /** A place of the kernel itself of which the log tells address and name. */
  readonly anchor: Anchor | undefined;
  /** Of "Modules linked in", the last one: name to taint flags. */
  readonly modules: ReadonlyMap<string, string>;
  /** The words of lines that go on with such a list, by line. */
  readonly moreModules: ReadonlyMap<number, readonly ModuleWord[]>;
  /** Names of tasks by PID, as reports tell them. */
  readonly tasks: ReadonlyMap<number, string>;
}

/** `Kernel Offset: 0x1a000000 from 0xffffffff81000000`: where the kernel was moved to; or `Kernel Offset: disabled`. */
export interface Kaslr {
  readonly offset: bigint;
  /** Where the kernel's text was linked; undefined when it was not moved. */
  readonly base: bigint | undefined;
}

/** `[<000003ffff4016de>] dump_stack_lvl+0x76/0xa0`. */
export interface Anchor {
  readonly address: bigint;
  readonly word: SymbolWord;
}

/** An oops, a BUG, a warning, a lockup, a panic. */
export interface Report {
  readonly kind: "error" | "warning";
  readonly title: string;
  readonly start: number;
  readonly end: number;
  /** Where it happened: the word after RIP, pc, or in the warning's headline. */
  readonly site: SymbolWord | undefined;
  readonly traces: readonly Span[];
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export type SymbolWord = Extract<Word, { kind: "symbol" }>;

/** One line of a call trace, or of a register that holds the program counter. */
export interface TraceEntry {
  readonly word: Extract<Word, { kind: "symbol" | "address" }>;
  /** It is a return address; else the instruction that faulted or was interrupted. */
  readonly returns: boolean;
}

/** A report without an end mark ends after so many lines. */
const MAX_REPORT = 400;

const ISO = String.raw`\d{4}-\d\d-\d\dT[\d:]{8}(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)`;
const DAY = String.raw`\w{3} [ \d]\d [\d:]{8}`;
const SECONDS = String.raw`[ \d]*\.\d{1,9}`;
/** Time since the message before. */
const DELTA = `<${SECONDS}>`;

/** What may stand before a message, one after the other. */
const PREFIX = new RegExp(
  [
    "^",
    // dmesg -r; dmesg -x; /dev/kmsg itself, and netconsole's extended form.
    String.raw`(?:<\d{1,3}>|\w+ *:\w+ *: |\d{1,5},\d{1,20},\d{1,20},[^;]{0,64};)?`,
    // syslog and journalctl: time, host, and who speaks.
    String.raw`(?:(?:${DAY}(?:\.\d{1,6})?|${ISO}|\[${SECONDS}\]) \S{1,255} kernel: )?`,
    // dmesg --time-format=iso.
    `(?:${ISO} )?`,
    // Seconds since boot, those of dmesg -d and -H, a minute of dmesg -H, dmesg -T; crash's log -T tells the zone.
    String.raw`(?:\[${SECONDS}(?: ${DELTA})?\] ?|\[(?: *\+${SECONDS}|${DELTA}|\w{3}[ \d]\d \d\d:\d\d)\] ?|\[\w{3} ${DAY} (?:[A-Z]{2,5} )?\d{4}(?: ${DELTA})?\] )?`,
    // CONFIG_PRINTK_CALLER; crash's log -m.
    String.raw`(?:\[ *[TC]\d+\] ?)?(?:<\d{1,3}>)?`,
  ].join(""),
);

/** First lines of reports, as the functions of the kernel that write them spell them; `BUG kmalloc-64 (Tainted: G): ` is of the slab allocator. */
const ERROR =
  /^(?:BUG: |BUG [\w:.-]{1,64} \(|(?:watchdog: )?BUG: soft lockup|kernel BUG at |Unable to handle kernel |Kernel panic - not syncing|INFO: task .{1,80} blocked for more than|(?:rcu: )?INFO: rcu\w* .{0,80}(?:stall|self-detected)|(?:NMI )?watchdog: .{0,20}hard LOCKUP|.{1,80} invoked oom-killer:|.{1,80}: page allocation failure: order:|list_(?:add|del) corruption|(?:traps: )?PANIC: double fault|UBSAN: |Internal error: |Oops: |SError Interrupt on CPU|usercopy: Kernel memory |Insufficient stack space)/;
/** What die() prints: `stack segment: 0000 [#1] SMP`, on s390x `specification exception: 0006 ilc:2 [#1]`. */
const DIED =
  /^[\w ,-]{1,80}(?: 0x[0-9a-f]{1,16})?: [0-9a-f]{4,8} (?:ilc:\d )?\[#\d{1,5}\]|^(?:general protection fault|divide error|invalid opcode)/;
const WARNING = /^WARNING: /;
/** Reports that go on with what die() prints, and how that begins. */
const DIES =
  /^(?:kernel BUG at |BUG: (?:kernel NULL|unable to handle|stack guard)|Unable to handle |(?:traps: )?PANIC: |Insufficient stack|SError |list_)/;
const CONTINUES = /^(?:Oops: |Internal error: )/;
/** Around reports of the sanitizers, before those of lockdep and the slab allocator. */
const RULE = /^={20,}$/;
const CUT = /^-{6,}\[ cut here \]/;
const END = /^---\[ end (?:trace|Kernel panic)/;
/** Lines between the cut mark and the headline: what WARN() has to say. */
const MAX_SAID = 8;
/** Of the kernel that captures the dump, or of the next boot. */
const BOOT = /^Linux version /;
const PANIC = /^Kernel panic - not syncing/;

const TRACE = /^\s*(?:Call [Tt]race|Backtrace):/;
/** `f+0x1/0x2`, `? f+0x1/0x2`, `[<addr>] f+..`, `caller from f+..`, `? 0xffffffffc0256000`. */
const ENTRY = /^(?:\s+(?:\? |\[<|[\w.$]+ from )?|\s*\(\[<)/;
/** Within a trace, but no entry: `<TASK>`, `Exception stack(...)`, the registers of an interrupted frame. */
const WITHIN_TRACE =
  /^\s*(?:<\/?[A-Z_#]+>|Exception stack|[0-9a-f]{4}:|RIP: |Code: |RSP: |R[A-D]X: |RBP: |R1[03]: |ORIG_|\((?!\[<)[^)]*\)$|INFO: |Last Breaking)/;
/** Entries of exceptions on ARM; x86 skips the interrupted frame, whose RIP it printed. The entry that follows is where the interrupted code stood, not a return. */
const EXCEPTION_ENTRY = /^(?:el1[ht]?_|el1h_64_|__irq_svc$|__dabt_svc$|__pabt_svc$|__und_svc$)/;
const ARM_ENTRY = /^\s+([\w.$]+) from /;

const SITE = /^(?:RIP: |EIP: |pc : |PC is at |Krnl PSW|NIP )/;

/** Where the function that faulted was to return to, unless it had called another one since. */
const LINK = /^(?:lr : |LR is at )/;

/** Frames of crash's `bt`: ` #1 [ffffd11f40523b78] page_fault_oops at ffffffff9b07b4d9`. */
const CRASH_FRAME = /^\s*#\d+ \[[0-9a-f]{8,16}\] [\w.$]+(?:\+\w+)? at ([0-9a-f]{8,16})/;
const CRASH_EXCEPTION = /^\s*\[exception RIP: /;

/** A line without what printk and syslog put before it; and how many characters these were. */
export function message(line: string): { text: string; column: number } {
  const column = PREFIX.exec(line)?.[0].length ?? 0;
  return { text: line.slice(column).replace(/\r$/, ""), column };
}

/** Reads a log; any text is one, most have no reports. */
export function readKernelLog(lines: readonly string[]): KernelLog {
  const reader = new Reader();
  lines.forEach((line, number) => reader.read(line, number));
  return reader.end(lines.length);
}

interface OpenReport {
  readonly kind: Report["kind"];
  readonly title: string;
  readonly start: number;
  readonly headline: number;
  site: SymbolWord | undefined;
  readonly traces: Span[];
}

class Reader {
  private readonly reports: Report[] = [];
  private readonly entries = new Map<number, TraceEntry>();
  private modules = new Map<string, string>();
  private readonly moreModules = new Map<number, readonly ModuleWord[]>();
  private isModuleList = false;
  private readonly tasks = new Map<number, string>();
  private release: string | undefined;
  private kaslr: Kaslr | undefined;
  private anchor: Anchor | undefined;
  private open: OpenReport | undefined;
  /** First line of the call trace that is being read. */
  private trace: number | undefined;
  private cut: number | undefined;
  private previous = "";

  read(line: string, number: number): void {
    const { text, column } = message(line);
    this.readTrace(line, text, number);
    this.readFacts(text);
    this.readModules(line, text, number, column);
    if (CUT.test(text)) {
      this.close(number);
      this.cut = number;
    } else this.readReport(line, text, number, column);
  }

  end(count: number): KernelLog {
    this.closeTrace(count);
    this.close(count);
    const { reports, entries, release, kaslr, anchor, modules, moreModules, tasks } = this;
    return { reports, entries, release, kaslr, anchor, modules, moreModules, tasks };
  }

  private readReport(line: string, text: string, number: number, column: number): void {
    if (RULE.test(text)) this.close(number);
    const kind = WARNING.test(text) ? "warning" : ERROR.test(text) || DIED.test(text) ? "error" : undefined;
    if (kind && !this.goesOn(text)) {
      this.close(number);
      const { cut } = this;
      const start = cut !== undefined && number - cut <= MAX_SAID ? cut : number;
      this.open = { kind, title: text.trim(), start, headline: number, site: undefined, traces: [] };
      this.cut = undefined;
    }
    const { open } = this;
    if (!open) return;
    if (!open.site && (SITE.test(text) || (kind === "warning" && open.headline === number))) {
      open.site = wordsOf(line).find((word): word is SymbolWord => isSymbol(word) && word.start >= column);
    }
    if (END.test(text)) this.close(number + 1);
    else if (BOOT.test(text)) this.close(number);
    else if (number - open.start >= MAX_REPORT) this.close(number);
  }

  /** Whether a line that could begin a report goes on with the one that stands open. */
  private goesOn(text: string): boolean {
    const { title = "" } = this.open ?? {};
    // CHECK_DATA_CORRUPTION() says what is wrong, then warns.
    if (WARNING.test(text)) return title.startsWith("list_");
    return PANIC.test(text) ? title === text : DIES.test(title) && (CONTINUES.test(text) || DIED.test(text));
  }

  private close(end: number): void {
    if (!this.open) return;
    const { start } = this.open;
    // A trace that the report's end cuts off, as a panic's does, is the report's all the same.
    if (this.trace !== undefined) this.closeTrace(end);
    this.reports.push({ ...this.open, end: Math.max(end, start + 1) });
    this.open = undefined;
  }

  private readTrace(line: string, text: string, number: number): void {
    const frame = CRASH_FRAME.exec(text);
    if (frame) return this.readFrame(line, number);
    const site = SITE.test(text) || CRASH_EXCEPTION.test(text) ? wordsOf(line).find(isSymbol) : undefined;
    if (site) this.entries.set(number, { word: site, returns: false });
    const link = LINK.test(text) ? wordsOf(line).find(isSymbol) : undefined;
    if (link) this.entries.set(number, { word: link, returns: true });
    const armEntry = ARM_ENTRY.exec(text);
    if (TRACE.test(text) || (this.trace === undefined && armEntry)) {
      this.closeTrace(number);
      this.trace = number;
      this.previous = "";
    }
    if (this.trace === undefined) return;
    const word = ENTRY.test(text) ? wordsOf(line).find(isPlace) : undefined;
    if (word && !WITHIN_TRACE.test(text)) {
      const before = armEntry?.[1] ?? this.previous;
      const returns = !EXCEPTION_ENTRY.test(before) && !/\(P[^)]*\)\s*$/.test(text);
      this.entries.set(number, { word: lastPlace(line) ?? word, returns });
      this.previous = word.kind === "symbol" ? word.name : "";
    } else if (number > this.trace && !WITHIN_TRACE.test(text)) this.closeTrace(number);
  }

  private readFrame(line: string, number: number): void {
    const at = line.search(/ at [0-9a-f]{8,16}/) + " at ".length;
    const digits = /^[0-9a-f]+/.exec(line.slice(at))?.[0] ?? "0";
    const word = { kind: "address", value: BigInt(`0x${digits}`), start: at, end: at + digits.length } as const;
    this.entries.set(number, { word, returns: true });
  }

  private closeTrace(end: number): void {
    if (this.trace !== undefined && end > this.trace + 1) this.open?.traces.push({ start: this.trace, end });
    this.trace = undefined;
  }

  private readFacts(text: string): void {
    const task = /\bPID: (\d{1,10})\b.*?\b(?:Comm: (\S+)|COMMAND: "([^"]*)")/.exec(text);
    if (task) this.tasks.set(Number(task[1]), task[2] ?? task[3] ?? "");
    this.release ??=
      /^Linux version (\S+)/.exec(text)?.[1] ??
      /\bComm: .* (?:Not tainted|Tainted: [A-Z ]+?) +(?:[a-z_]+ +)?(\d+\.\S+)/.exec(text)?.[1] ??
      /^\s*RELEASE: (\S+)/.exec(text)?.[1];
    const offset = /^Kernel Offset: 0x([0-9a-f]{1,16}) from 0x([0-9a-f]{1,16})/.exec(text);
    if (offset) this.kaslr = { offset: BigInt(`0x${offset[1]}`), base: BigInt(`0x${offset[2]}`) };
    else if (/^Kernel Offset: disabled/.test(text)) this.kaslr = { offset: 0n, base: undefined };
    if (!this.anchor && text.includes("[<")) this.anchor = anchorOf(text);
  }

  private readModules(line: string, text: string, number: number, column: number): void {
    const isFirst = text.includes("Modules linked in:");
    if (!isFirst && !this.isModuleList) return;
    const words = isFirst ? wordsOf(text).filter((word) => word.kind === "module") : moreModules(line, column);
    if (isFirst) this.modules = new Map();
    else if (words.length > 0) this.moreModules.set(number, words);
    for (const { name, flags } of words) this.modules.set(name, flags);
    this.isModuleList = words.length > 0 && !text.includes("[last unloaded: ");
  }
}

function anchorOf(text: string): Anchor | undefined {
  const [address, word] = wordsOf(text);
  const isOne = address?.kind === "address" && word?.kind === "symbol" && word.module === undefined;
  return isOne && address.end + ">] ".length === word.start ? { address: address.value, word } : undefined;
}

const isSymbol = (word: Word): word is SymbolWord => word.kind === "symbol";
const isPlace = (word: Word): word is TraceEntry["word"] => word.kind === "symbol" || word.kind === "address";

/** `[<000003ffff4016de>] dump_stack_lvl+0x76/0xa0`: the name holds for every boot, the address for one. */
const lastPlace = (line: string): TraceEntry["word"] | undefined => wordsOf(line).filter(isPlace).at(-1);
