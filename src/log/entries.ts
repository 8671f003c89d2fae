/** Places in code that single lines of a log name, for links, hints and resolving. */
import type { KernelLog } from "./kernelLog.ts";
import { columnOf, type LogLine } from "./lines.ts";
import { siteOf } from "./machines.ts";
import type { PrintedPlace } from "./place.ts";
import { entryOf, isPlainlyEntry, type TraceEntry } from "./trace.ts";
import type { AddressWord, SymbolWord } from "./words.ts";

/** A line that names one place in code: an entry of a call trace, or of a register that holds the program counter. */
export interface LineEntry {
  readonly word: SymbolWord | AddressWord;
  /** Whether the place is a return address; otherwise it is the instruction that faulted or was interrupted. */
  readonly returns: boolean;
}

/** Frames of crash's `bt`: ` #1 [ffffd11f40523b78] page_fault_oops at ffffffff9b07b4d9`. */
const CRASH_FRAME = /^\s{0,32}#\d+ \[[0-9a-f]{8,16}\] [\w.$]+(?:\+\w+)? at ([0-9a-f]{8,16})/;
const CRASH_EXCEPTION = /^\s{0,32}\[exception RIP: ([\w.$]+)\+(\d+)\]/;
/**
 * Functions of ARM that handle exceptions. The entry after them is the interrupted instruction, not a return address.
 * On x86 the interrupted frame is skipped, because its RIP is printed separately.
 */
const EXCEPTION_ENTRY = /^(?:el1[ht]?_|el1h_64_|__irq_svc$|__dabt_svc$|__pabt_svc$|__und_svc$)/;
/** Maximum number of lines between an entry of an exception and the frame that it interrupted: a dump of its registers. */
const MAX_BETWEEN = 8;
const BETWEEN = /^\s{0,32}(?:Exception stack|[0-9a-f]{1,8}: )/;

/** Returns the place that a line of a log names; undefined for most lines. */
export function entryAt(log: KernelLog, at: number): LineEntry | undefined {
  const line = log.lines[at];
  if (!line || line.isForeign) return undefined;
  const crash = crashEntry(line);
  if (crash) return crash;
  const site = siteOf(line.text);
  if (site) {
    const isPlace = site.place?.name !== undefined && !site.isUser;
    return site.place && isPlace ? { word: wordOf(line, site.place), returns: site.role === "link" } : undefined;
  }
  const entry = entryIn(line.text);
  // An inlined function has no address of its own.
  if (!entry || entry.isInline) return undefined;
  const before = entry.callee ?? nameBefore(log, at);
  const returns = !EXCEPTION_ENTRY.test(before ?? "") && !entry.marks.includes("P");
  return { word: wordOf(line, entry), returns };
}

/** Returns the lines from `start` up to `end` that name a place, with the place. */
export function entriesIn(log: KernelLog, start: number, end: number): (readonly [line: number, entry: LineEntry])[] {
  const found: (readonly [number, LineEntry])[] = [];
  for (let at = Math.max(0, start); at < Math.min(end, log.lines.length); at++) {
    const entry = entryAt(log, at);
    if (entry) found.push([at, entry]);
  }
  return found;
}

/** Texts of which each entry contains one; most lines contain none. */
const MAY_BE = /\+0x|\[<| from |^\s{1,32}(?:\? )?0x|\] \[/;

function entryIn(text: string): TraceEntry | undefined {
  const entry = MAY_BE.test(text) ? entryOf(text) : undefined;
  if (!entry) return undefined;
  return isPlainlyEntry(entry) || entry.callee !== undefined || /^\s/.test(text) ? entry : undefined;
}

function nameBefore(log: KernelLog, at: number): string | undefined {
  const caller = log.lines[at]?.caller;
  for (let line = at - 1; line >= Math.max(0, at - MAX_BETWEEN); line--) {
    const before = log.lines[line];
    if (!before || before.caller !== caller) continue;
    const entry = entryIn(before.text);
    if (entry) return entry.name;
    if (!BETWEEN.test(before.text)) return undefined;
  }
  return undefined;
}

function wordOf(line: LogLine, { name, offset, size, module, address, start, end }: PrintedPlace): LineEntry["word"] {
  const columns = { start: columnOf(line, start), end: columnOf(line, end) };
  return name === undefined
    ? { kind: "address", value: address ?? 0n, ...columns }
    : { kind: "symbol", name, offset: offset ?? 0, size, module, ...columns };
}

function crashEntry(line: LogLine): LineEntry | undefined {
  const frame = CRASH_FRAME.exec(line.text);
  if (frame) {
    const [whole, digits = "0"] = frame;
    const end = columnOf(line, whole.length);
    return { word: { kind: "address", value: BigInt(`0x${digits}`), start: end - digits.length, end }, returns: true };
  }
  const exception = CRASH_EXCEPTION.exec(line.text);
  if (!exception) return undefined;
  const [whole, name = "", offset] = exception;
  const start = columnOf(line, line.text.indexOf(name, whole.indexOf("RIP: ")));
  const word = { kind: "symbol", name, offset: Number(offset), size: undefined, module: undefined } as const;
  return { word: { ...word, start, end: columnOf(line, whole.length - 1) }, returns: false };
}
