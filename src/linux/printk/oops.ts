import type { Kernel } from "../../model/kernel.ts";
import { logLines } from "./printk.ts";

/** What kind of crash a report in the log is about. */
export type CrashKind =
  | "NULL pointer dereference"
  | "page fault"
  | "general protection fault"
  | "BUG"
  | "hung task"
  | "soft lockup"
  | "hard lockup"
  | "RCU stall"
  | "out of memory"
  | "sysrq"
  | "stack overflow"
  | "list corruption"
  | "double fault"
  | "machine check"
  | "NMI"
  | "divide error"
  | "invalid opcode"
  | "memory corruption"
  | "warning"
  | "init killed"
  | "use after free"
  | "panic";

/** One report of the kernel: from its headline to its end mark, or to the next one's headline. */
export interface Oops {
  readonly kind: CrashKind;
  readonly title: string;
  readonly lines: readonly string[];
  /** Index of its first line in the log. */
  readonly at: number;
  /** Hardware error code as the kernel printed it. */
  readonly errorCode: bigint | undefined;
  /** Faulting address as the kernel printed it. */
  readonly address: bigint | undefined;
}

/** What x86's __die() says of an exception: `stack segment: 0000 [#1] SMP`, since v6.11 behind `Oops: `. */
const DIE = /^(?:Oops: )*[A-Za-z][^:[\]]{0,100}: [0-9a-f]{4} \[#\d+\]/;

/** First lines of reports, by the functions that print them; the first that matches tells the kind. */
const HEADLINES: readonly (readonly [RegExp, CrashKind])[] = [
  [
    /^(BUG: (unable to handle )?kernel NULL pointer dereference|Unable to handle kernel NULL pointer)/,
    "NULL pointer dereference",
  ],
  [/^(BUG: (unable to handle|stack guard page)|Unable to handle kernel)/, "page fault"],
  [
    /^(BUG: TASK stack guard page|BUG: IRQ stack guard page|Insufficient stack space|kernel stack overflow)/i,
    "stack overflow",
  ],
  [/^(Oops: )?general protection fault/, "general protection fault"],
  // lib/list_debug.c says what is wrong, and then is a BUG.
  [/^(list_(add|del) corruption|kernel BUG at lib\/list_debug\.c)/, "list corruption"],
  [/^(kernel BUG at |------------\[ cut here )/, "BUG"],
  [/^INFO: task .* blocked for more than/, "hung task"],
  [/^(watchdog: )?BUG: soft lockup/, "soft lockup"],
  [
    /^((NMI )?watchdog: Watchdog detected hard LOCKUP|Watchdog detected hard LOCKUP|watchdog: CPU\d+: Watchdog)/i,
    "hard lockup",
  ],
  [/^(rcu: )?INFO: rcu\w* .*(stall|self-detected)/, "RCU stall"],
  [/^(Out of memory|.* invoked oom-killer)/, "out of memory"],
  [/^sysrq: (SysRq : )?Trigger a crash/i, "sysrq"],
  [/^(traps: )?PANIC: double fault|^(Oops: )?double fault/, "double fault"],
  [/^(mce: \[Hardware Error\]|Machine check)/, "machine check"],
  [/^(NMI: |Uhhuh\. NMI received)/, "NMI"],
  [/^(Oops: )?divide error/, "divide error"],
  [/^(Oops: )?invalid opcode/, "invalid opcode"],
  [/^BUG: (KASAN|KFENCE|UBSAN)|^UBSAN: /, "memory corruption"],
  [/^WARNING: (CPU|possible|\S+:\d+ at )/, "warning"],
  [DIE, "panic"],
  [/^(Internal error|Oops: |specification exception|addressing exception)/, "panic"],
  [/^Kernel panic - not syncing/, "panic"],
];

/** A report that was cut off by the end of the log, or has no end mark, ends after so many lines. */
const MAX_LINES = 400;

const VIRTUAL_ADDRESS = /\baddress:? (?:0x)?([0-9a-f]{8,16})\b/;
/** `BUG: unable to handle kernel paging request at ffffffffc0000000`, until v4.20. */
const AT = /^BUG: unable to handle .* at (?:0x)?([0-9a-f]{8,16})\b/;
const CR2 = /^CR2: ([0-9a-f]{8,16})\b/;

/**
 * Where a report tells the address that the fault was about. Every report prints CR2, but only a page fault writes it:
 * in the others it is of some earlier one. What hit a guard page was a page fault first (handle_stack_overflow()).
 */
const ADDRESSES: ReadonlyMap<CrashKind, readonly RegExp[]> = new Map([
  ["NULL pointer dereference", [VIRTUAL_ADDRESS, AT, CR2]],
  ["page fault", [VIRTUAL_ADDRESS, AT, CR2]],
  ["general protection fault", [/\bfor (?:non-canonical )?address 0x([0-9a-f]{1,16})/]],
  ["stack overflow", [CR2, /^FAR: 0x([0-9a-f]{1,16})/]],
  ["memory corruption", [/\bat addr ([0-9a-f]{8,16})\b/]],
]);

const END = /^---\[ end (trace|Kernel panic)/;

/** The words after "Kernel panic - not syncing: ", where they tell more than that it panicked. */
const PANICS: readonly (readonly [RegExp, CrashKind])[] = [
  [/panic_on_warn set/, "warning"],
  [/Attempted to kill init!/, "init killed"],
  [/sysrq triggered crash/, "sysrq"],
  [/out of memory|System is deadlocked on memory/i, "out of memory"],
  [/hung_task/, "hung task"],
  [/softlockup/, "soft lockup"],
  [/hard LOCKUP/i, "hard lockup"],
  [/RCU Stall/i, "RCU stall"],
  [/stack overflow|stack-protector|corrupted stack/i, "stack overflow"],
  [/double fault/, "double fault"],
  [/machine check/i, "machine check"],
  [/NMI/, "NMI"],
];

/**
 * The reports in the kernel log, oldest first: oopses, lockups, warnings, the panic itself. The one that led to the
 * panic comes last but for the panic.
 */
export const oopses = (kernel: Kernel): readonly Oops[] =>
  kernel.memo("oopses", () => oopsesIn(logLines(kernel).map(({ text }) => text)));

/** The reports in lines of a log. */
export function oopsesIn(lines: readonly string[]): Oops[] {
  const found: Oops[] = [];
  for (let start = 0; start < lines.length; start++) {
    const kind = headline(lines, start);
    if (!kind) continue;
    const end = endOf(lines, start);
    found.push(report(kind, lines.slice(start, end), start));
    // The panic may come within an oops: only the lines of its own are its own.
    start = end - 1;
  }
  return found;
}

function headline(lines: readonly string[], index: number): CrashKind | undefined {
  const line = lines[index] ?? "";
  const kind = HEADLINES.find(([pattern]) => pattern.test(line))?.[1];
  // "cut here" stands before BUG and WARNING alike: the line that follows tells which.
  if (kind === "BUG" && line.startsWith("---")) return undefined;
  if (kind !== "panic") return kind;
  return PANICS.find(([pattern]) => pattern.test(line))?.[1] ?? kind;
}

function endOf(lines: readonly string[], start: number): number {
  const last = Math.min(lines.length, start + MAX_LINES);
  const isPanic = isPanicTitle(lines[start] ?? "");
  for (let i = start + 1; i < last; i++) {
    const line = lines[i] ?? "";
    if (END.test(line)) return i + 1;
    if (!isPanic && isPanicTitle(line)) return i;
    if (/^------------\[ cut here/.test(line) || (isFirst(line) && !isSameReport(lines[start] ?? "", line))) return i;
  }
  return last;
}

const isFirst = (line: string): boolean => HEADLINES.some(([pattern]) => pattern.test(line));

/** `Oops: 0002 [#1]` follows `BUG: kernel NULL pointer`; `invalid opcode` follows `kernel BUG at`. */
const isSameReport = (first: string, line: string): boolean =>
  (/^(Oops: |Internal error|RIP|traps: )/.test(line) || DIE.test(line)) &&
  !/^(Oops: |Internal error)/.test(first) &&
  !DIE.test(first);

/** Whether a line is the panic's own. */
export const isPanicTitle = (line: string): boolean => line.startsWith("Kernel panic - not syncing");

/** An address that lies behind a pointer out of a freed slab object (POISON_FREE, include/linux/poison.h). */
const isFreed = (address: bigint): boolean => ((address >> 16n) & 0xff_ffff_ffffn) === 0x6b_6b6b_6b6bn;

function report(kind: CrashKind, lines: readonly string[], at: number): Oops {
  const hexIn = (patterns: readonly RegExp[]): bigint | undefined => {
    for (const pattern of patterns) {
      for (const line of lines) {
        const digits = pattern.exec(line)?.[1];
        if (digits !== undefined) return BigInt(`0x${digits}`);
      }
    }
    return undefined;
  };
  const address = hexIn(ADDRESSES.get(kind) ?? []);
  const freed =
    address !== undefined && isFreed(address) && (kind === "general protection fault" || kind === "page fault");
  return {
    kind: freed ? "use after free" : kind,
    title: `${lines[0] ?? ""}${freed ? " (use after free: 0x6b fills freed slab objects)" : ""}`,
    lines,
    at,
    errorCode: hexIn([
      /^#PF: error_code\(0x([0-9a-f]{1,16})\)/,
      /^\s*ESR ?[=:] 0x([0-9a-f]{1,16})/,
      /^(?:Oops: )?Oops: ([0-9a-f]{4})\b/,
      /^(?:Oops: )?general protection fault[^:]*: ([0-9a-f]{4})\b/,
    ]),
    address,
  };
}
