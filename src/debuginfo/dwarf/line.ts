import { Fault } from "../../base/fault.ts";
import { ascending, lastAtOrBelow, permuted } from "../order.ts";
import type { SourceLine } from "../source.ts";
import { Cursor } from "./cursor.ts";
import { type FileNames, readFileNames } from "./lineFiles.ts";
import type { Unit } from "./unit.ts";

// Line number program opcodes of DWARF 5, sections 7.22.
const DW_LNS_copy = 0x01;
const DW_LNS_advance_pc = 0x02;
const DW_LNS_advance_line = 0x03;
const DW_LNS_set_file = 0x04;
const DW_LNS_set_column = 0x05;
const DW_LNS_negate_stmt = 0x06;
const DW_LNS_set_basic_block = 0x07;
const DW_LNS_const_add_pc = 0x08;
const DW_LNS_fixed_advance_pc = 0x09;
const DW_LNS_set_prologue_end = 0x0a;
const DW_LNS_set_epilogue_begin = 0x0b;
const DW_LNS_set_isa = 0x0c;
const DW_LNE_end_sequence = 0x01;
const DW_LNE_set_address = 0x02;

/** A unit's line program; that of a large file of the kernel has some 100 KiB. */
const MAX_PROGRAM = 1 << 26;

/** Which line each address of a unit comes from: the matrix of DWARF 5, section 6.2, as columns. */
export class LineTable {
  private readonly files: FileNames;
  /** Rows in order of address within each sequence; sequences in ascending order. */
  private readonly rows: Rows;
  /** First and one past the last row of each sequence (the last row ends it), and their first addresses. */
  private readonly firsts: Uint32Array;
  private readonly ends: Uint32Array;
  private readonly starts: Float64Array;

  constructor(files: FileNames, rows: Rows) {
    this.files = files;
    this.rows = rows;
    const keys = Float64Array.from(rows.sequences, ([first]) => rows.address[first] ?? 0);
    const order = ascending(keys);
    this.starts = permuted(keys, order);
    this.firsts = Uint32Array.from(order, (at) => rows.sequences[at]?.[0] ?? 0);
    this.ends = Uint32Array.from(order, (at) => rows.sequences[at]?.[1] ?? 0);
  }

  /** The place that `pc`, a distance, comes from; undefined outside the table and for line 0, "no line". */
  at(pc: number): SourceLine | undefined {
    const row = this.row(pc);
    const line = this.rows.line[row] ?? 0;
    if (line === 0) return undefined;
    const file = this.file(this.rows.file[row] ?? 0);
    return file === undefined ? undefined : { file, line, column: this.rows.column[row] ?? 0 };
  }

  private row(pc: number): number {
    const sequence = lastAtOrBelow(this.starts, pc);
    const first = this.firsts[sequence] ?? 0;
    const end = this.ends[sequence] ?? 0;
    const addresses = this.rows.address.subarray(first, end);
    const row = lastAtOrBelow(addresses, pc);
    // The last row of a sequence is the first address behind it.
    return row < 0 || row === addresses.length - 1 ? -1 : first + row;
  }

  /** A file of the table, as DW_AT_decl_file and DW_AT_call_file number them. */
  file(index: number): string | undefined {
    return this.files.path(index);
  }
}

/** The matrix: columns, and the first and one past the last row of each sequence. */
class Rows {
  readonly sequences: [first: number, end: number][] = [];
  address: Float64Array;
  line: Uint32Array;
  file: Uint16Array;
  column: Uint16Array;
  count = 0;

  constructor(capacity: number) {
    this.address = new Float64Array(capacity);
    this.line = new Uint32Array(capacity);
    this.file = new Uint16Array(capacity);
    this.column = new Uint16Array(capacity);
  }

  /** Gives back what the estimate had too much. */
  trim(): this {
    this.address = this.address.slice(0, this.count);
    this.line = this.line.slice(0, this.count);
    this.file = this.file.slice(0, this.count);
    this.column = this.column.slice(0, this.count);
    return this;
  }
}

interface Program {
  readonly minimumLength: number;
  readonly operationsPerInstruction: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Operands of each standard opcode, all LEB128. */
  readonly operands: readonly number[];
}

/**
 * Reads the line table at an offset of .debug_line, versions 2 to 5.
 * @throws Fault
 */
export function readLines(unit: Unit, offset: number): LineTable {
  const { line } = unit.image;
  const start = line.cursor(offset);
  const { offsetSize, length } = start.initialLength();
  if (length > MAX_PROGRAM) throw Fault.of("corrupt", `${line.name} has a program of ${length} bytes`);
  const cursor = new Cursor(line.name, line.encoding, line.bytes(start.offset, length));
  const version = cursor.u16();
  if (version < 2 || version > 5) throw Fault.of("corrupt", `${line.name} has version ${version}`);
  const addressSize = version >= 5 ? cursor.u8() : unit.addressSize;
  if (version >= 5) cursor.skip(1); // segment selector size
  const headerLength = cursor.unsigned(offsetSize);
  const programAt = cursor.at + headerLength;
  const minimumLength = cursor.u8();
  const operationsPerInstruction = version >= 4 ? Math.max(1, cursor.u8()) : 1;
  cursor.skip(1); // default_is_stmt
  const lineBase = (cursor.u8() << 24) >> 24;
  const lineRange = Math.max(1, cursor.u8());
  const opcodeBase = cursor.u8();
  const operands = [0];
  for (let opcode = 1; opcode < opcodeBase; opcode++) operands.push(cursor.u8());
  const files = readFileNames(unit, cursor, { version, addressSize, offsetSize });
  if (programAt > cursor.end) throw Fault.of("truncated", `${line.name} ends in a header`);
  cursor.at = programAt;
  const program = { minimumLength, operationsPerInstruction, lineBase, lineRange, opcodeBase, operands };
  return new LineTable(files, run(cursor, program, addressSize));
}

/** Runs a program: every opcode makes at most one row, so its length bounds their number. */
function run(cursor: Cursor, program: Program, addressSize: number): Rows {
  const { minimumLength, operationsPerInstruction: perInstruction, lineBase, lineRange, opcodeBase } = program;
  const rows = new Rows(cursor.end - cursor.at);
  const { address: addresses, line: lines, file: files, column: columns } = rows;
  let first = 0;
  let count = 0;
  let address = 0;
  let operation = 0;
  let file = 1;
  let line = 1;
  let column = 0;
  const advance = (operations: number): void => {
    if (perInstruction === 1) {
      address += minimumLength * operations;
      return;
    }
    address += minimumLength * Math.floor((operation + operations) / perInstruction);
    operation = (operation + operations) % perInstruction;
  };
  const append = (): void => {
    addresses[count] = address;
    lines[count] = line;
    files[count] = file;
    columns[count] = column;
    count++;
  };
  while (cursor.at < cursor.end) {
    const opcode = cursor.u8();
    if (opcode >= opcodeBase) {
      const adjusted = opcode - opcodeBase;
      advance(Math.floor(adjusted / lineRange));
      line += lineBase + (adjusted % lineRange);
      append();
      continue;
    }
    switch (opcode) {
      case 0: {
        const length = cursor.uleb();
        const next = cursor.at + length;
        if (length === 0) break;
        const extended = cursor.u8();
        if (extended === DW_LNE_set_address) {
          address = cursor.address(length - 1 === 4 ? 4 : addressSize);
          operation = 0;
        } else if (extended === DW_LNE_end_sequence) {
          append();
          if (address > (addresses[first] ?? 0)) rows.sequences.push([first, count]);
          first = count;
          address = operation = column = 0;
          file = line = 1;
        }
        cursor.at = next;
        break;
      }
      case DW_LNS_copy:
        append();
        break;
      case DW_LNS_advance_pc:
        advance(cursor.uleb());
        break;
      case DW_LNS_advance_line:
        line += cursor.sleb();
        break;
      case DW_LNS_set_file:
        file = cursor.uleb();
        break;
      case DW_LNS_set_column:
        column = cursor.uleb();
        break;
      case DW_LNS_const_add_pc:
        advance(Math.floor((255 - opcodeBase) / lineRange));
        break;
      case DW_LNS_fixed_advance_pc:
        address += cursor.u16();
        operation = 0;
        break;
      case DW_LNS_negate_stmt:
      case DW_LNS_set_basic_block:
      case DW_LNS_set_prologue_end:
      case DW_LNS_set_epilogue_begin:
        break;
      case DW_LNS_set_isa:
        cursor.skipLeb();
        break;
      default:
        for (let operands = program.operands[opcode] ?? 0; operands > 0; operands--) cursor.skipLeb();
    }
  }
  rows.count = count;
  return rows.trim();
}
