/** Line tables: from address to file and line. */
import { Fault } from "../../../base/fault.ts";
import { lastAtOrBelow } from "../../../base/search.ts";
import type { SourceLine } from "../../source.ts";
import { Cursor } from "../cursor.ts";
import { LineBlocks } from "./lineBlocks.ts";
import { type FileNames, readFileNames } from "./lineFiles.ts";
import type { Unit } from "../unit.ts";

// Line number program opcodes of DWARF 5, section 7.22. Other opcodes do not change what is kept here.
const DW_LNS_copy = 0x01;
const DW_LNS_advance_pc = 0x02;
const DW_LNS_advance_line = 0x03;
const DW_LNS_set_file = 0x04;
const DW_LNS_set_column = 0x05;
const DW_LNS_negate_stmt = 0x06;
const DW_LNS_const_add_pc = 0x08;
const DW_LNS_fixed_advance_pc = 0x09;
const DW_LNE_end_sequence = 0x01;
const DW_LNE_set_address = 0x02;
const DW_LNE_set_discriminator = 0x04;

/** Maximum size of a unit's line program in bytes; that of a large kernel file has about 100 KiB. */
const MAX_PROGRAM = 1 << 26;

/**
 * Maximum number of rows before and after a row that are examined for its statement, and of rows at one address; a
 * compiler emits a few.
 */
const MAX_NEIGHBOURS = 1000;
const MAX_SAME_ADDRESS = 64;

/** The matrix of DWARF 5, section 6.2, in columns: the line of each address of a unit. */
export class LineTable {
  private readonly files: FileNames;
  private readonly rows: Rows;
  /** Sequences by address. The last row of a sequence is its end. */
  private readonly sequences: readonly Sequence[];
  private readonly starts: Float64Array;

  constructor(files: FileNames, rows: Rows, sequences: readonly Sequence[]) {
    this.files = files;
    this.rows = rows;
    this.sequences = [...sequences].sort((a, b) => a.start - b.start);
    this.starts = Float64Array.from(this.sequences, ({ start }) => start);
  }

  /** Returns the source line of `pc`, a distance; undefined outside the table and for line 0, which means "no line". */
  at(pc: number): SourceLine | undefined {
    const row = this.rowAt(pc)?.row;
    return row === undefined ? undefined : this.sourceOf(row);
  }

  /** Returns the address range of the row of `pc`, as distances, with an exclusive end; undefined if there is none. */
  range(pc: number): { readonly start: number; readonly end: number } | undefined {
    const found = this.rowAt(pc);
    if (!found) return undefined;
    const { sequence, row } = found;
    const addressOf = (at: number): number => sequence.start + (this.rows.offset[at] ?? 0);
    return { start: addressOf(row), end: addressOf(row + 1) };
  }

  /**
   * Returns the statement of `pc` as debuggers step: the row that begins a statement is preferred at its address, and a
   * row that only continues a line is part of the row before it; undefined if `pc` has no line. The range is in
   * distances.
   */
  statement(pc: number): { readonly source: SourceLine; readonly start: number; readonly end: number } | undefined {
    const found = this.rowAt(pc);
    if (!found) return undefined;
    const { sequence } = found;
    const { offset, line: lines, file: files, isStatement, isContinuation } = this.rows;
    const lowest = Math.max(sequence.first, found.row - MAX_NEIGHBOURS);
    // The last row is the end of the sequence.
    const highest = Math.min(sequence.end - 1, found.row + MAX_NEIGHBOURS);
    let begin = found.row;
    while (begin > lowest && isContinuation[begin] === 1) begin--;
    const row = this.statementRow(sequence, begin);
    const source = this.sourceOf(row);
    if (!source) return undefined;
    let end = found.row + 1;
    // Rows of the line that begin no statement belong to it.
    const isPart = (at: number): boolean =>
      isContinuation[at] === 1 || (isStatement[at] === 0 && lines[at] === lines[row] && files[at] === files[row]);
    while (end < highest && isPart(end)) end++;
    return { source, start: sequence.start + (offset[row] ?? 0), end: sequence.start + (offset[end] ?? 0) };
  }

  /** Returns the last row at the address of a row that begins a statement; the row itself if none does. */
  private statementRow({ first }: Sequence, row: number): number {
    const { offset, isStatement } = this.rows;
    const lowest = Math.max(first, row - MAX_SAME_ADDRESS);
    for (let at = row; at >= lowest && offset[at] === offset[row]; at--) if (isStatement[at] === 1) return at;
    return row;
  }

  /** Returns the last row at or below `pc`, so that the next row has a higher address; undefined outside the table. */
  private rowAt(pc: number): { readonly sequence: Sequence; readonly row: number } | undefined {
    const sequence = this.sequences[lastAtOrBelow(this.starts, pc)];
    if (!sequence) return undefined;
    const offsets = this.rows.offset.subarray(sequence.first, sequence.end);
    const inSequence = lastAtOrBelow(offsets, pc - sequence.start);
    // The first row of a damaged sequence can be above its start.
    if (inSequence < 0 || inSequence === offsets.length - 1) return undefined;
    return { sequence, row: sequence.first + inSequence };
  }

  /** Returns the source line of a row; undefined for line 0. */
  private sourceOf(row: number): SourceLine | undefined {
    const { file, line, column } = this.rows;
    return line[row] ? this.sourceLine(file[row] ?? 0, line[row], column[row] ?? 0) : undefined;
  }

  /** Returns a source line with the path of its file; undefined for an invalid file number. */
  sourceLine(index: number, line: number, column: number): SourceLine | undefined {
    const file = this.file(index);
    const md5 = this.files.md5(index);
    return file === undefined ? undefined : { file, line, column, ...(md5 !== undefined && { md5 }) };
  }

  /** Returns a file of the table by its number in DW_AT_decl_file and DW_AT_call_file; undefined if there is none. */
  file(index: number): string | undefined {
    return this.files.path(index);
  }
}

/** The columns of the matrix. */
class Rows {
  /** Bytes from the start of the sequence. */
  readonly offset: Uint32Array;
  readonly line: Uint32Array;
  readonly file: Uint16Array;
  readonly column: Uint16Array;
  /** 1 where a debugger should stop to stop at the line (is_stmt). */
  readonly isStatement: Uint8Array;
  /** 1 for a row of the same line as the row before it, where discriminators tell them apart: another block of a line. */
  readonly isContinuation: Uint8Array;

  constructor(columns: Pick<Rows, "offset" | "line" | "file" | "column" | "isStatement" | "isContinuation">) {
    this.offset = columns.offset;
    this.line = columns.line;
    this.file = columns.file;
    this.column = columns.column;
    this.isStatement = columns.isStatement;
    this.isContinuation = columns.isContinuation;
  }

  static of(capacity: number): Rows {
    return new Rows({
      offset: new Uint32Array(capacity),
      line: new Uint32Array(capacity),
      file: new Uint16Array(capacity),
      column: new Uint16Array(capacity),
      isStatement: new Uint8Array(capacity),
      isContinuation: new Uint8Array(capacity),
    });
  }

  /** Copies the first rows. */
  first(count: number): Rows {
    return new Rows({
      offset: this.offset.slice(0, count),
      line: this.line.slice(0, count),
      file: this.file.slice(0, count),
      column: this.column.slice(0, count),
      isStatement: this.isStatement.slice(0, count),
      isContinuation: this.isContinuation.slice(0, count),
    });
  }
}

/** Rows `first` to `end` in ascending order, beginning at address `start`. */
interface Sequence {
  readonly start: number;
  readonly first: number;
  readonly end: number;
}

interface Program {
  readonly minimumLength: number;
  /** Whether rows begin statements at the start of a sequence. */
  readonly defaultIsStatement: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Number of LEB128 operands of each standard opcode. */
  readonly operands: readonly number[];
}

/** Reads the line table at an offset of .debug_line, versions 2 to 5. @throws Fault */
export function readLines(unit: Unit, offset: number): LineTable {
  const { line } = unit.image;
  const start = line.cursor(offset);
  const { offsetSize, length } = start.initialLength();
  if (length > MAX_PROGRAM)
    throw Fault.of("corrupt", `${line.name} has a program of ${length} bytes; the limit is ${MAX_PROGRAM}`);
  const cursor = new Cursor(line.name, line.encoding, line.bytes(start.offset, length));
  const version = cursor.u16();
  if (version < 2 || version > 5) throw Fault.of("corrupt", `${line.name} has the unknown version ${version}`);
  const addressSize = version >= 5 ? cursor.u8() : unit.addressSize;
  if (version >= 5) cursor.skip(1); // segment selector size
  const headerLength = cursor.unsigned(offsetSize);
  const programAt = cursor.at + headerLength;
  const minimumLength = cursor.u8();
  if (version >= 4) cursor.skip(1); // maximum_operations_per_instruction
  const defaultIsStatement = cursor.u8() === 0 ? 0 : 1;
  const lineBase = (cursor.u8() << 24) >> 24;
  const lineRange = Math.max(1, cursor.u8());
  const opcodeBase = cursor.u8();
  const operands = [0];
  for (let opcode = 1; opcode < opcodeBase; opcode++) operands.push(cursor.u8());
  const files = readFileNames(unit, cursor, { version, addressSize, offsetSize });
  if (programAt > cursor.end) throw Fault.of("truncated", `${line.name} ends in the middle of a header`);
  cursor.at = programAt;
  return run(
    cursor,
    { minimumLength, defaultIsStatement, lineBase, lineRange, opcodeBase, operands },
    addressSize,
    files,
  );
}

/** Scratch rows: one program at a time writes its rows here; the used ones are then copied. */
let scratch = Rows.of(1 << 14);

/** Maximum number of rows for which the scratch is kept. */
const MAX_SCRATCH = 1 << 20;

/** Returns the scratch with room for a program of that many bytes: each opcode makes at most one row. */
function scratchFor(bytes: number): Rows {
  if (scratch.offset.length >= bytes) return scratch;
  const rows = Rows.of(bytes);
  if (bytes <= MAX_SCRATCH) scratch = rows;
  return rows;
}

/** Executes a program. `op_index` is ignored: it exists for VLIW machines, of which none is supported here. */
function run(cursor: Cursor, program: Program, addressSize: number, files: FileNames): LineTable {
  const { minimumLength, lineBase, lineRange, opcodeBase } = program;
  const sequences: Sequence[] = [];
  const rows = scratchFor(cursor.end - cursor.at);
  const { offset: offsets, line: lines, file: fileNumbers, column: columns, isStatement, isContinuation } = rows;
  const constAdvance = minimumLength * Math.floor((255 - opcodeBase) / lineRange);
  let [count, first, start, offset] = [0, 0, 0, 0];
  let [file, line] = [1, 1];
  let column = 0;
  let statement = program.defaultIsStatement;
  const blocks = new LineBlocks();
  while (cursor.at < cursor.end) {
    const opcode = cursor.u8();
    let append = false;
    if (opcode >= opcodeBase) {
      const adjusted = opcode - opcodeBase;
      const advance = (adjusted / lineRange) | 0;
      offset += minimumLength * advance;
      line += lineBase + adjusted - advance * lineRange;
      append = true;
    } else if (opcode === DW_LNS_copy) append = true;
    else if (opcode === DW_LNS_advance_pc) offset += minimumLength * cursor.uleb();
    else if (opcode === DW_LNS_advance_line) line += cursor.sleb();
    else if (opcode === DW_LNS_set_file) file = cursor.uleb();
    else if (opcode === DW_LNS_set_column) column = cursor.uleb();
    else if (opcode === DW_LNS_negate_stmt) statement = 1 - statement;
    else if (opcode === DW_LNS_const_add_pc) offset += constAdvance;
    else if (opcode === DW_LNS_fixed_advance_pc) offset += cursor.u16();
    else if (opcode !== 0) for (let left = program.operands[opcode] ?? 0; left > 0; left--) cursor.skipLeb();
    if (append) {
      isContinuation[count] = blocks.next(line, file);
      offsets[count] = offset;
      lines[count] = line;
      fileNumbers[count] = file;
      isStatement[count] = statement;
      columns[count++] = column;
    }
    if (opcode !== 0 || opcodeBase === 0) continue;
    const length = cursor.uleb();
    const next = cursor.at + length;
    const extended = length > 0 ? cursor.u8() : 0;
    if (extended === DW_LNE_set_address) {
      const address = cursor.address(length === 5 ? 4 : addressSize);
      if (count === first) start = address;
      offset = address - start;
    } else if (extended === DW_LNE_set_discriminator) blocks.discriminate(cursor.uleb());
    else if (extended === DW_LNE_end_sequence) {
      isContinuation[count] = blocks.end();
      offsets[count++] = offset;
      if (offset > 0) sequences.push({ start, first, end: count });
      first = count;
      start = offset = column = 0;
      file = line = 1;
      statement = program.defaultIsStatement;
    }
    cursor.at = next;
  }
  return new LineTable(files, rows.first(count), sequences);
}
