import type { Instruction } from "./disassembler.ts";

/** Instructions whose size suffix GNU's disassembler leaves out where a register operand tells the size. */
const SUFFIXED =
  /^(lock |rep |repz |repnz |notrack )?(mov|add|sub|adc|sbb|and|or|xor|cmp|test|lea|inc|dec|neg|not|imul|mul|div|idiv|shl|shr|sar|rol|ror|rcl|rcr|shld|shrd|xchg|xadd|cmpxchg|bt|bts|btr|btc|bsf|bsr|popcnt|bswap|in|out|movabs|tzcnt|lzcnt|crc32|stos|scas|lods|cmov[a-z]{1,3})([bwlq])$/;
/** Those whose size is clear in 64-bit mode whatever the operand. */
const ALWAYS_CLEAR = /^((?:notrack )?(?:call|ret|push|pop|jmp|leave|lret|pushf|popf|movabs))q$/;
const SIZES: Readonly<Record<string, number>> = { b: 8, w: 16, l: 32, q: 64 };

/**
 * An x86 instruction as GNU's assembler and disassembler spell it in AT&T syntax, from Capstone's spelling of the same
 * syntax: no size suffix beside a register, every number in hexadecimal, immediates unsigned, displacements and scales
 * as they are encoded (binutils documentation, "i386-Mnemonics").
 */
export function gnuSyntax({ mnemonic, operands, bytes }: Instruction): {
  readonly mnemonic: string;
  readonly operands: string;
} {
  // 66 90: the two-byte no-operation is an exchange of a register with itself to GNU.
  if (mnemonic === "nop" && bytes.length === 2 && bytes[0] === 0x66) return { mnemonic: "xchg", operands: "%ax,%ax" };
  const [, prefix = "", stem, suffix] = SUFFIXED.exec(mnemonic) ?? [];
  const hasRegister = operands.replace(/-?\w*\([^)]*\)|%[c-g]s:/g, "").includes("%");
  const short = stem !== undefined && hasRegister ? prefix + stem : mnemonic.replace(ALWAYS_CLEAR, "$1");
  const size = SIZES[suffix ?? /[bwlq]$/.exec(mnemonic)?.[0] ?? ""] ?? registerSize(operands);
  const spelt = memoryOperands(stringOperands(mnemonic, numbers(operands, size)), bytes).replaceAll(", ", ",");
  return { mnemonic: short, operands: isShiftByOne(bytes, operands) ? spelt.replace("$0x1,", "$1,") : spelt };
}

/** d0 and d1 shift by one without an immediate, which GNU writes in another way. */
const isShiftByOne = (bytes: Uint8Array, operands: string): boolean =>
  operands.startsWith("$1, ") && bytes.subarray(0, 4).some((byte) => byte === 0xd0 || byte === 0xd1);

const registerSize = (operands: string): number => (/%(r\w\w|r\d+)$/.test(operands) ? 64 : 32);

/** String instructions name the segments that they always use. */
function stringOperands(mnemonic: string, operands: string): string {
  if (/\bstos/.test(mnemonic) || /\bscas/.test(mnemonic))
    return operands.replace(/^(%\w+), \(%rdi\)/, "$1, %es:(%rdi)").replace(/^\(%rdi\)/, "%es:(%rdi)");
  if (/\blods/.test(mnemonic)) return operands.replace(/^\(%rsi\)/, "%ds:(%rsi)");
  if (/\b(movs|cmps)[bwlq]$/.test(mnemonic))
    return operands.replace("(%rsi)", "%ds:(%rsi)").replace("(%rdi)", "%es:(%rdi)");
  return operands;
}

function numbers(operands: string, size: number): string {
  return operands
    .replace(/\$(-?)(0x[0-9a-f]+|\d+)/g, (_, sign: string, digits: string) => {
      const value = BigInt(digits);
      return `$0x${BigInt.asUintN(size, sign ? -value : value).toString(16)}`;
    })
    .replace(
      /(^|[ ,:*-])(\d+)(?=\()/g,
      (_, before: string, digits: string) => `${before}0x${BigInt(digits).toString(16)}`,
    );
}

function memoryOperands(operands: string, bytes: Uint8Array): string {
  return (
    operands
      .replace(/\((%\w+), (%\w+)\)/g, "($1, $2, 1)")
      // mod 00 with rbp or r13 as base means another thing: their zero displacement is always encoded.
      .replace(/(^|[ :*])\((%rbp|%r13)/g, "$10x0($2")
      .replace(/^\(/, hasZeroDisplacement(bytes) ? "0x0(" : "(")
  );
}

/** The long no-operations of two bytes and more carry displacements of zero (Intel SDM, NOP: 0f 1f /0). */
function hasZeroDisplacement(bytes: Uint8Array): boolean {
  const at = bytes.findIndex((byte, i) => byte === 0x0f && bytes[i + 1] === 0x1f);
  const modrm = bytes[at + 2];
  return at >= 0 && modrm !== undefined && modrm >> 6 !== 0 && modrm >> 6 !== 3;
}
