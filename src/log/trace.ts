/** One entry of a call trace, in every form. */
import { NAME, type PrintedPlace, placeAt } from "./place.ts";

/** An entry of a call trace, in any form that some architecture or tool ever printed. */
export interface TraceEntry extends PrintedPlace {
  /** `? f`, `(unreliable)`: an address that was found on the stack, which may be left over from an earlier call. */
  readonly isDoubtful: boolean;
  /** decode_stacktrace.sh and syzbot: a function that was inlined into the next entry's. */
  readonly isInline: boolean;
  /**
   * Letters of arm64's unwinder since 6.12 for where an address came from: C the caller, T the task's saved context, P
   * a saved program counter; F replaced by a graph tracer, K by a kretprobe.
   */
  readonly marks: string;
  /** On arm the called function is printed before "from". */
  readonly callee: string | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

const SOURCE = String.raw`([\w./+-]{1,255}\.(?:[chS]|cc|cpp|rs|inc)):(\d{1,7})(?::\d{1,5})?`;
const BRACKETED = String.raw`\[<?(?:0x)?(?:([0-9a-f]{6,16})|0|\(_{0,4}ptrval_{0,4}\)| {1,16}inline {1,16})>?\]`;

/** klogd up to 2008 wrote the place in decimal before the kernel's own: ` [f+71/115] f+0x47/0x73`. */
const KLOGD = String.raw`(?:\[[\w.$]{1,128}\+(?:0x)?[0-9a-f]{1,8}\/(?:0x)?[0-9a-f]{1,8}\] )?`;
/**
 * Text before the name: the mark of a stack on the same line (up to 4.9), up to two addresses, marks of doubt, Xen's
 * letters.
 */
const LEAD = new RegExp(
  String.raw`\s*(?:<[A-Z_#]{3,16}\d?>\s{1,8})?(?:=> ?)?${KLOGD}(\()?(?:${BRACKETED}:? {0,2})?(?:${BRACKETED} {0,2})?(?:([RFS]) )?(\(?\? )?(\()?`,
  "y",
);
/** `from [<c005ccb8>] (g+0x1/0x2)`; `from g+0x1/0x2`. */
const FROM = new RegExp(String.raw`\)? from (?:${BRACKETED} ?\(?)?`, "y");
const MARKS = / \(([A-Z]{1,6})\)/y;
const UNRELIABLE = / \(unreliable\)/y;
const PLACE_IN_SOURCE = new RegExp(
  String.raw` {1,2}\(?${SOURCE}(?: [\w./+-]{1,255}:\d{1,7}){0,16}(?: \(discriminator \d{1,5}\))?\)?`,
  "y",
);
const BARE = new RegExp(
  String.raw`${NAME}(?= {1,2}\(?${SOURCE})|${NAME}(?= \[inline\]|(?: \[[\w-]{1,64}\])?\)? from )`,
  "y",
);
/**
 * Text that may follow: a module's name after the source (decode_stacktrace.sh), s390's blank, ARM's stack of the
 * frame.
 */
const TAIL = /(?: \[[\w-]{1,64}(?: [^\]]{0,80})?\]| \w{1,64}| \(discriminator \d{1,5}\)| \[inline\]|\)|[ \t\r])*$/y;
/** x86_64 up to 2.6.16: `<ffffffff80123456>{schedule+123}`; 2.4: `[<c0123456>] schedule [kernel] 0x12 (0xc0)`. */
const OLD =
  /(?:Call Trace:)?\s*(?:<([0-9a-f]{16})>|\[<([0-9a-f]{8,16})>\])\s?\{(?::[\w-]{1,64}:)?([A-Za-z_][\w.]{0,127})\+(\d{1,8})\}/y;
const OLDER =
  /\s*\[<([0-9a-f]{8,16})>\] ([A-Za-z_][\w.]{0,127}) \[(\w{1,64})\] 0x([0-9a-f]{1,8})(?: \(0x[0-9a-f]{1,16}\))?\s*$/y;

/** An entry whose line holds a place and nothing else: no mark, no callee, no line of source. */
export const UNMARKED = {
  isDoubtful: false,
  isInline: false,
  marks: "",
  callee: undefined,
  file: undefined,
  line: undefined,
} as const;

/**
 * Parses a message as an entry; undefined when it is not one. @param text a message, leading blanks included; syslog
 * daemons strip them @param start where to begin: after `Call Trace:` on the same line
 */
export function entryOf(text: string, start = 0): TraceEntry | undefined {
  return modernEntry(text, start) ?? oldEntry(text, start);
}

function modernEntry(text: string, start: number): TraceEntry | undefined {
  LEAD.lastIndex = start;
  const [lead = "", open, first, second, letter, doubt] = LEAD.exec(text) ?? [];
  const isAddressed = first !== undefined || second !== undefined || lead.includes("[");
  let at = start + lead.length;
  const place = placeAt(text, at) ?? bareName(text, at) ?? addressAlone(lead, start, second ?? first, text);
  if (!place) return undefined;
  // Words of a stack or of code have no brackets and no "0x", and several are in one line.
  const isWord = place.name === undefined && !isAddressed;
  if (isWord && (!text.startsWith("0x", place.start) || /^ [0-9a-f]/.test(text.slice(place.end)))) return undefined;
  const hasParenthesis = lead.endsWith("(");
  at = place.end;
  const from = calledFrom(text, at);
  if (from) at = from.place.end;
  if (hasParenthesis && text[at] === ")") at++;
  UNRELIABLE.lastIndex = at;
  const unreliable = UNRELIABLE.exec(text)?.[0].length ?? 0;
  MARKS.lastIndex = at + unreliable;
  const marks = MARKS.exec(text);
  at += unreliable + (marks?.[0].length ?? 0);
  PLACE_IN_SOURCE.lastIndex = at;
  const source = PLACE_IN_SOURCE.exec(text);
  at += source?.[0].length ?? 0;
  TAIL.lastIndex = at;
  const tail = TAIL.exec(text);
  if (!tail) return undefined;
  const isInline = tail[0].includes("[inline]") || lead.includes("inline");
  const isNamed = place.offset !== undefined || isAddressed || from !== undefined || isInline;
  // `f (file.c:12)` is an entry for its source only; a name alone is a word.
  if (!isNamed && source === null && place.name !== undefined) return undefined;
  return {
    ...(from?.place ?? place),
    address: from?.address ?? from?.place.address ?? addressOf(second ?? first) ?? place.address,
    isDoubtful: doubt !== undefined || unreliable > 0 || letter === "S" || (open === "(" && isAddressed),
    isInline,
    marks: marks?.[1] ?? "",
    callee: from ? place.name : undefined,
    file: source?.[1],
    line: source ? Number(source[2]) : undefined,
  };
}

const addressOf = (digits: string | undefined): bigint | undefined =>
  digits === undefined ? undefined : BigInt(`0x${digits}`);

function bareName(text: string, at: number): PrintedPlace | undefined {
  BARE.lastIndex = at;
  const name = BARE.exec(text)?.[0];
  if (name === undefined) return undefined;
  const module = /^ \[([\w-]{1,64})\](?=\)? from )/.exec(text.slice(at + name.length, at + name.length + 70));
  const end = at + name.length + (module?.[0].length ?? 0);
  return { name, offset: undefined, size: undefined, module: module?.[1], address: undefined, start: at, end };
}

/** Returns the place of `[<ffffffff81000000>]` without a name after it; undefined for other text. */
function addressAlone(lead: string, start: number, digits: string | undefined, text: string): PrintedPlace | undefined {
  if (digits === undefined || text.slice(start + lead.length).trim() !== "") return undefined;
  const from = start + lead.indexOf(digits);
  return {
    name: undefined,
    offset: undefined,
    size: undefined,
    module: undefined,
    address: BigInt(`0x${digits}`),
    start: from,
    // The closing bracket belongs to the part that was read.
    end: start + lead.length,
  };
}

const nullAt = (start: number): PrintedPlace => ({
  name: undefined,
  offset: undefined,
  size: undefined,
  module: undefined,
  address: 0n,
  start,
  end: start,
});

function calledFrom(text: string, at: number): { place: PrintedPlace; address: bigint | undefined } | undefined {
  FROM.lastIndex = at;
  const from = FROM.exec(text);
  if (!from) return undefined;
  const start = at + from[0].length;
  const place =
    placeAt(text, start) ??
    bareName(text, start) ??
    (/^ {0,4}\(null\)/.test(text.slice(start, start + 12)) ? nullAt(start) : undefined);
  return place && { place, address: addressOf(from[1]) };
}

function oldEntry(text: string, start: number): TraceEntry | undefined {
  OLD.lastIndex = start;
  const old = OLD.exec(text);
  OLDER.lastIndex = start;
  const match = old ?? OLDER.exec(text);
  if (!match) return undefined;
  const [digits, name = "", offset] = old
    ? [old[1] ?? old[2], old[3], Number(old[4])]
    : [match[1], match[2], Number.parseInt(match[4] ?? "0", 16)];
  const from = text.indexOf(name, match.index);
  return {
    name,
    offset,
    size: undefined,
    module: old || match[3] === "kernel" ? undefined : match[3],
    address: addressOf(digits),
    start: from,
    end: from + name.length,
    ...UNMARKED,
  };
}

/**
 * Whether the form of an entry alone identifies it, outside of any trace: it has offset and size, or an address in
 * brackets before its name.
 */
export const isPlainlyEntry = (entry: TraceEntry): boolean =>
  (entry.offset !== undefined && entry.size !== undefined) || (entry.name !== undefined && entry.address !== undefined);
