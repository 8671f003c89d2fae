/** Groups instructions by the source lines that they come from, for `disassemble /s` and `/m`. */
import type { Instruction } from "../../../arch/disassembler/disassembler.ts";
import type { SourceLine, Statement } from "../../../debuginfo/source.ts";
import type { Kernel } from "../../../model/kernel.ts";

/** Instructions of one source line, with the lines to print before them. */
export interface SourceBlock {
  /** Undefined for instructions without a line. */
  readonly file: string | undefined;
  readonly lines: { readonly first: number; readonly last: number } | undefined;
  readonly instructions: readonly Instruction[];
  /** Whether the file's name is printed. */
  readonly isNewFile: boolean;
  /** Whether a blank line comes first. */
  readonly isSeparated: boolean;
  /** Whether a blank line follows. */
  readonly isClosed: boolean;
}

interface Group {
  readonly source: SourceLine | undefined;
  readonly instructions: Instruction[];
}

function groupsOf(kernel: Kernel, instructions: readonly Instruction[]): Group[] {
  const groups: Group[] = [];
  let statement: Statement | undefined;
  for (const one of instructions) {
    // Padding after a function has no unit, but is in the range of the last statement.
    const isInLast = statement !== undefined && one.address >= statement.start && one.address < statement.end;
    statement = kernel.code.statement(one.address) ?? (isInLast ? statement : undefined);
    const source = statement?.source;
    const last = groups.at(-1);
    if (last && last.source?.file === source?.file && last.source?.line === source?.line) last.instructions.push(one);
    else groups.push({ source, instructions: [one] });
  }
  return groups;
}

/** Maximum number of lines without code that come with a later line, because line numbers can be damaged. */
const MAX_BEFORE = 10_000;

/** Orders by address: a block for each change of the line; lines without code before a later line come with it. */
export function* addressOrder(kernel: Kernel, instructions: readonly Instruction[]): Generator<SourceBlock> {
  const groups = groupsOf(kernel, instructions);
  const withCode = new Set(groups.map(({ source }) => `${source?.file}:${source?.line}`));
  let before: SourceLine | undefined;
  for (const [i, { source, instructions: own }] of groups.entries()) {
    const isNewFile = i === 0 || before?.file !== source?.file;
    let first = source?.line ?? 0;
    if (source && before && !isNewFile && source.line > before.line) {
      const lowest = Math.max(before.line + 1, source.line - MAX_BEFORE);
      while (first > lowest && !withCode.has(`${source.file}:${first - 1}`)) first--;
    }
    yield {
      file: source?.file,
      lines: source && { first, last: source.line },
      instructions: own,
      isNewFile,
      isSeparated: i > 0,
      isClosed: false,
    };
    before = source;
  }
}

/** Orders by line, with the lines between; only lines of the file of the function at `start`. */
export function* lineOrder(
  kernel: Kernel,
  instructions: readonly Instruction[],
  start: bigint,
): Generator<SourceBlock> {
  const file = kernel.code.scopes(start).at(-1)?.source?.file;
  const own = groupsOf(kernel, instructions).filter(({ source }) => source !== undefined && source.file === file);
  const byLine = new Map<number, Instruction[]>();
  for (const { source, instructions: more } of own) {
    const line = source?.line ?? 0;
    let same = byLine.get(line);
    if (!same) byLine.set(line, (same = []));
    for (const one of more) same.push(one);
  }
  let next: number | undefined;
  for (const [line, found] of [...byLine].sort(([a], [b]) => a - b)) {
    yield {
      file,
      lines: { first: Math.min(next ?? line, line), last: line },
      instructions: found,
      isNewFile: false,
      isSeparated: false,
      isClosed: true,
    };
    next = line + 1;
  }
}
