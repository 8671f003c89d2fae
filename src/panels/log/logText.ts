/** A part of a log line; one with a target is a link. */
export interface LogSpan {
  readonly text: string;
  /** "panic+0x10/0x20 [mod]", an address, "fs/inode.c:12", a pid, a module. */
  readonly target?: string;
  readonly kind?: "code" | "address" | "source" | "pid" | "module";
}

/**
 * The alternatives in their order of precedence. The length of a match is limited by the line, and that by the kernel's
 * record size.
 */
const LINKS =
  /(?<code>(?<![\w.])[A-Za-z_.][\w.]*\+0x[0-9a-f]+(?:\/0x[0-9a-f]+)?(?: \[\w+\])?)|(?<address>\b(?:0x)?[0-9a-f]{16}\b)|(?<source>(?<=(?<![\w./-])[./-]{0,8})\w[\w./-]*\.[chS]:\d+\b)|\bPID: (?<pid>\d+)/g;

/** `Modules linked in: a(OE+) b [last unloaded: c]`. */
const MODULES = /^Modules linked in: /;

/**
 * Minimum register value that can be an address; smaller ones are counts and flags. The largest are negative numbers
 * and errors (MAX_ERRNO).
 */
const MIN_ADDRESS = 1n << 32n;
const MAX_ADDRESS = 0xffff_ffff_ffff_f000n;

/** Whether a number in a log can be an address: the upper byte is all zeros or all ones on every architecture. */
export function isAddress(digits: string): boolean {
  const value = BigInt(`0x${digits.replace(/^0x/, "")}`);
  const upper = value >> 56n;
  return value >= MIN_ADDRESS && value < MAX_ADDRESS && (upper === 0n || upper === 0xffn);
}

/** Splits a line into parts; their texts joined are the line. */
export function spansOf(text: string): LogSpan[] {
  if (MODULES.test(text)) return moduleSpans(text);
  const spans: LogSpan[] = [];
  let done = 0;
  for (const match of text.matchAll(LINKS)) {
    const [kind, target] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    if (kind === undefined || target === undefined) continue;
    if (kind === "address" && !isAddress(target)) continue;
    const start = match.index + match[0].length - target.length;
    if (start > done) spans.push({ text: text.slice(done, start) });
    spans.push({ text: target, target, kind: kind as NonNullable<LogSpan["kind"]> });
    done = start + target.length;
  }
  if (done < text.length) spans.push({ text: text.slice(done) });
  return spans;
}

/** Splits a list of modules. Flags in parentheses and the `last unloaded` remark are not module names. */
function moduleSpans(text: string): LogSpan[] {
  const start = MODULES.exec(text)?.[0].length ?? 0;
  const unloaded = text.indexOf("[", start);
  const end = unloaded < 0 ? text.length : unloaded;
  const words = text.slice(start, end).split(/(\w+(?![\w)+]*\)))/);
  const names = words.map((word, i) =>
    i % 2 === 1 ? ({ text: word, target: word, kind: "module" } as const) : { text: word },
  );
  return [{ text: text.slice(0, start) }, ...names, { text: text.slice(end) }].filter((span) => span.text !== "");
}

/** Splits a text at the matches of a search: elements with odd indexes are matches, the others the text between. */
export function splitAtMatches(text: string, pattern: RegExp | undefined): string[] {
  if (!pattern) return [text];
  const pieces: string[] = [];
  let done = 0;
  for (const match of text.matchAll(new RegExp(pattern, "gi"))) {
    if (match[0] === "") continue;
    pieces.push(text.slice(done, match.index), match[0]);
    done = match.index + match[0].length;
  }
  return [...pieces, text.slice(done)];
}
