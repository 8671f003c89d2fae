/** The unwind code of 32-bit arm. Source: EHABI32, section 10.3 "Frame unwinding instructions". */

/** The registers, which the code changes, and the stack, which it reads. */
export interface IndexFrame {
  readonly sp: bigint;
  readonly registers: Map<string, bigint>;
  /** Reads a word of the stack. @throws Fault */
  readonly word: (address: bigint) => bigint;
}

const NAMES = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "fp", "ip", "sp", "lr", "pc"];
const SP = 13;
const LR = 14;

/** State of one run. */
interface Run extends IndexFrame {
  readonly code: readonly number[];
  at: number;
  sp: bigint;
}

/** Runs the code of a function. @returns the caller's stack pointer; undefined if the code refuses to unwind */
export function runUnwindCode(code: readonly number[], frame: IndexFrame): bigint | undefined {
  const run: Run = { ...frame, code, at: 0 };
  // Each instruction takes at least one byte.
  while (run.at < code.length) {
    const byte = code[run.at++] ?? 0;
    if (byte === 0xb0) break;
    if (!step(run, byte)) return undefined;
    run.sp = BigInt.asUintN(32, run.sp);
  }
  return run.sp;
}

/** @returns whether the instruction is known and possible */
function step(run: Run, byte: number): boolean {
  const distance = BigInt(((byte & 0x3f) << 2) + 4);
  if (byte < 0x40) run.sp += distance;
  else if (byte < 0x80) run.sp -= distance;
  else if (byte < 0x90) return popMask(run, ((byte & 0xf) << 8) | next(run));
  else if (byte < 0xa0) return setSp(run, byte & 0xf);
  else if (byte < 0xb0) {
    const count = (byte & 7) + 1;
    pop(run, [...Array.from({ length: count }, (_, i) => 4 + i), ...(byte & 8 ? [LR] : [])]);
  } else return special(run, byte);
  return true;
}

function special(run: Run, byte: number): boolean {
  if (byte === 0xb1) {
    const mask = next(run);
    if (mask === 0 || mask > 0xf) return false;
    pop(run, registersOf(mask, 0));
  } else if (byte === 0xb2) run.sp += 0x204n + (uleb128(run) << 2n);
  // Floating-point registers, which frames do not show: only the space is counted.
  else if (byte === 0xb3) run.sp += BigInt(((next(run) & 0xf) + 1) * 8 + 4);
  else if (byte >= 0xb8 && byte <= 0xbf) run.sp += BigInt(((byte & 7) + 1) * 8 + 4);
  else if (byte === 0xc8 || byte === 0xc9) run.sp += BigInt(((next(run) & 0xf) + 1) * 8);
  else if (byte >= 0xd0 && byte <= 0xd7) run.sp += BigInt(((byte & 7) + 1) * 8);
  else return false;
  return true;
}

const next = (run: Run): number => run.code[run.at++] ?? 0;

/** Pops registers of r4 to pc. A mask without a bit is the instruction that refuses to unwind. */
function popMask(run: Run, mask: number): boolean {
  if (mask === 0) return false;
  pop(run, registersOf(mask, 4));
  return true;
}

function setSp(run: Run, register: number): boolean {
  const value = register === SP || register === 15 ? undefined : run.registers.get(NAMES[register] ?? "");
  if (value === undefined) return false;
  run.sp = value;
  return true;
}

const registersOf = (mask: number, from: number): number[] =>
  Array.from({ length: 12 }, (_, bit) => bit).flatMap((bit) => (mask & (1 << bit) ? [from + bit] : []));

function pop(run: Run, registers: readonly number[]): void {
  let sp: bigint | undefined;
  for (const register of registers) {
    const value = run.word(run.sp);
    run.sp += 4n;
    if (register === SP) sp = value;
    else run.registers.set(NAMES[register] ?? "", value);
  }
  if (sp !== undefined) run.sp = sp;
}

/** Maximum number of bytes of a number: the stack has 32-bit addresses. */
const MAX_ULEB_BYTES = 5;

function uleb128(run: Run): bigint {
  let value = 0n;
  for (let i = 0n; i < MAX_ULEB_BYTES; i++) {
    const byte = next(run);
    value |= BigInt(byte & 0x7f) << (7n * i);
    if (byte < 0x80) break;
  }
  return value;
}
