/** Finds the definitions of a function in a C file. */

/** First and last line of a definition, counted from 1. */
export interface LineRange {
  readonly first: number;
  readonly last: number;
}

/** Maximum number of lines between the name of a function and its body. */
const MAX_HEAD = 40;
/** Maximum number of definitions: a function may be defined once for each configuration. */
const MAX_DEFINITIONS = 8;

/** The names that SYSCALL_DEFINE of include/linux/syscalls.h and its architectures' wrappers give a system call. */
const SYSTEM_CALL = /^(?:__do_|__se_|__(?:x64|ia32|arm64|riscv|s390x?)_)?(compat_)?sys_(\w+)$/;

/** Whether a text is a C identifier, and can be searched for. */
export const isIdentifier = (name: string): boolean => /^[A-Za-z_]\w{0,511}$/.test(name);

/**
 * Returns the line ranges of the definitions of a function, in the kernel's coding style: the line with the name
 * begins in the first column, and the body ends with a brace in the first column.
 */
export function definitionsOf(text: string, name: string): LineRange[] {
  if (!isIdentifier(name)) return [];
  const [, compat, call] = SYSTEM_CALL.exec(name) ?? [];
  const named = new RegExp(`(?:^|[\\s*])${name}\\s*\\(`);
  const macro = new RegExp(`^${compat === undefined ? "" : "COMPAT_"}SYSCALL_DEFINE\\d\\(${call ?? name}[,)]`);
  const isHead = (line: string): boolean => {
    if (!line.includes(call ?? name)) return false;
    if (call !== undefined && macro.test(line)) return true;
    const at = named.exec(line)?.index;
    return at !== undefined && (at === 0 || /^[A-Za-z_]/.test(line)) && !/[;={}"]/.test(line.slice(0, at));
  };
  const lines = text.split("\n");
  const kinds: LineEnd[] = [];
  const lastEnd = lines.findLastIndex((line) => line.startsWith("}"));
  const found: LineRange[] = [];
  for (let at = 0; at < lines.length && found.length < MAX_DEFINITIONS; at++) {
    if (!isHead(lines[at] ?? "")) continue;
    const last = endOf({ lines, kinds, lastEnd }, at);
    if (last === undefined) continue;
    found.push({ first: at + 1, last: last + 1 });
    at = last;
  }
  return found;
}

interface FileLines {
  readonly lines: readonly string[];
  /** What the lines that were examined do. */
  readonly kinds: LineEnd[];
  /** Index of the last line that begins with a brace that closes. */
  readonly lastEnd: number;
}

/** What a line between the name of a function and its body may do. */
type LineEnd = "body begins" | "body is whole" | "declaration ends" | "goes on";

function endKind(line: string): LineEnd {
  if (line.startsWith("{") || /\{\s*(?:\/\*.*)?$/.test(line)) return "body begins";
  if (/;\s*(?:\/[*/].*)?$/.test(line)) return "declaration ends";
  return /\{.*\}\s*$/.test(line) ? "body is whole" : "goes on";
}

/** Returns the index of a definition's last line; undefined if the line begins a declaration. */
function endOf({ lines, kinds, lastEnd }: FileLines, from: number): number | undefined {
  for (let at = from; at < lines.length && at <= from + MAX_HEAD; at++) {
    const kind = (kinds[at] ??= endKind(lines[at] ?? ""));
    if (kind === "declaration ends") return undefined;
    if (kind === "body is whole") return at;
    if (kind === "body begins")
      return at < lastEnd ? lines.findIndex((line, i) => i > at && line.startsWith("}")) : undefined;
  }
  return undefined;
}
