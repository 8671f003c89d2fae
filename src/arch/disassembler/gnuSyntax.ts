/** Rewrites iced-x86's output to the exact syntax of GNU's disassembler. */
import type { Syntax } from "./disassembler.ts";
import { opcodeAt } from "./x86Additions.ts";

interface Spelling {
  readonly mnemonic: string;
  readonly operands: string;
}

/** Returns an x86 instruction as GNU's disassembler prints it. */
export function gnuSyntax(mnemonic: string, operands: string, bytes: Uint8Array, syntax: Syntax): Spelling {
  const at = opcodeAt(bytes);
  const [opcode = 0, second = 0, third = 0] = bytes.subarray(at);
  const coded: Coded = { prefixes: bytes.subarray(0, at), opcode, second, third };
  const spelt = { mnemonic: name(mnemonic, coded), operands };
  return syntax === "att" ? attSyntax(spelt, coded) : intel(spelt, coded);
}

/** First bytes of the instruction. */
interface Coded {
  readonly prefixes: Uint8Array;
  readonly opcode: number;
  readonly second: number;
  readonly third: number;
}

/**
 * Instructions that f3 repeats. Before cmps and scas f3 is repz; elsewhere it has no effect and is also printed as
 * repz.
 */
const REPEATED = /^(?:.* )?rep (?:\S+ )*(?:ins|outs|movs|lods|stos)/;
/** Instructions that were first encoded with EVEX. GNU marks their later VEX encoding with `{vex}`. */
const VEX_TOO = /^vpdp(?:busd|wssd)s?$|^vpmadd52[lh]uq$|^vcvtneps2bf16/;

function name(mnemonic: string, { opcode }: Coded): string {
  const repeated = mnemonic.replace(/\brepne\b/, "repnz").replace(/\brepe\b/, "repz");
  const spelt = REPEATED.test(repeated) ? repeated : repeated.replace(/\brep\b/, "repz");
  if (opcode === 0xc4 && VEX_TOO.test(spelt)) return `{vex} ${spelt}`;
  return spelt
    .replace(/\bsal(?=[bwlq]?$)/, "shl")
    .replace(/\bxstore$/, "xstore-rng")
    .replace(/\bxcrypt(?=\w)/, "xcrypt-");
}

/** Instructions whose operand size is implied in 64-bit mode. */
const ALWAYS_CLEAR = /^((?:.* )?(?:call|push|pop|jmp|ljmp|lcall|lret|iret))[ql](?<!iretq|lretq)$/;
/** Instructions with implied operands. */
const IMPLIED: Readonly<Record<string, string>> = {
  rmpupdate: "(%rcx),%rax",
  monitorx: "%rax,%ecx,%edx",
  mwaitx: "%eax,%ecx,%ebx",
};

function attSyntax({ mnemonic, operands }: Spelling, coded: Coded): Spelling {
  const spelt = mnemonic.replace(ALWAYS_CLEAR, "$1");
  const plain = operands.replace(/\((%\w+),(%\w+)\)/g, "($1,$2,1)").replace(/%dr(?=\d)/, "%db");
  const { opcode } = coded;
  if (isShiftByOne(opcode)) return withSegment(spelt, plain.replace("$0x1,", "$1,"), coded);
  // The form with an immediate has three operands.
  if (isImul(opcode)) return withSegment(spelt, plain.replace(/^(\$\w+),(%\w+)$/, "$1,$2,$2"), coded);
  if (isPort(opcode) || isString(opcode)) return { mnemonic: spelt, operands: strings(opcode, plain) };
  if (isReservedNop(coded)) return reservedNop(spelt, plain, coded);
  return withSegment(spelt, IMPLIED[spelt] ?? plain, coded);
}

/**
 * Writes a no-operation without its register, which GNU does not print. Those that pad code have prefixes, which are
 * printed.
 */
function reservedNop(mnemonic: string, operands: string, coded: Coded): Spelling {
  const { prefixes, second, third } = coded;
  const single = operands.replace(/^%\w+,(?=.)/, "");
  const isMemory = third >> 6 !== 3;
  // 0f 18 /4 in memory is prefetchrst2 (MOVRS).
  if (isMemory && second === 0x18 && ((third >> 3) & 7) === 4)
    return withSegment(mnemonic.replace(/nop$/, "prefetchrst2"), single, coded);
  const sizes = prefixes.filter((byte) => byte === 0x66).length;
  const suffix = !isMemory || !/nop$/.test(mnemonic) ? "" : isWide(coded) ? "q" : sizes > 0 ? "w" : "l";
  return withPadding(mnemonic + suffix, single, coded);
}

/** Prints operand-size prefixes after the first, which are padding. */
function withPadding(mnemonic: string, operands: string, coded: Coded): Spelling {
  const sizes = coded.prefixes.filter((byte) => byte === 0x66).length;
  const spelt = withSegment(mnemonic, operands, coded);
  return { ...spelt, mnemonic: "data16 ".repeat(Math.max(0, sizes - 1)) + spelt.mnemonic };
}

/** Whether the last prefix is REX with W. */
const isWide = ({ prefixes }: Coded): boolean => ((prefixes.at(-1) ?? 0) & 0xf8) === 0x48;

/** Prints cs, ds, es and ss, which have no effect in 64-bit mode, as prefixes, not as parts of an operand. */
function withSegment(mnemonic: string, operands: string, { prefixes }: Coded): Spelling {
  if (!prefixes.some((byte) => byte === 0x2e || byte === 0x3e || byte === 0x26 || byte === 0x36))
    return { mnemonic, operands };
  const [whole, segment] = /%?\b([cdes]s):/.exec(operands) ?? [];
  if (whole === undefined) return { mnemonic, operands };
  return { mnemonic: `${segment ?? ""} ${mnemonic}`, operands: operands.replace(whole, "") };
}

/** Writes the implied segments of string instructions, and a port in parentheses. */
function strings(opcode: number, operands: string): string {
  const text = isPort(opcode) ? operands.replace("%dx", "(%dx)") : operands;
  return text.replace(/(^|,)(?=\(%[er]si\))/, "$1%ds:").replace(/(^|,)(?=\(%[er]di\))/, "$1%es:");
}

function intel({ mnemonic, operands }: Spelling, coded: Coded): Spelling {
  const { opcode } = coded;
  const text = operands
    .replace(
      /(?:\b([c-gs]s):)?\[(0x\w+)\]/,
      (_, segment: string | undefined, digits: string) => `${segment ?? "ds"}:${digits}`,
    )
    // Displacements from the instruction pointer are unsigned.
    .replace(/\[rip-(0x\w+)\]/, (_, digits: string) => `[rip+0x${BigInt.asUintN(64, -BigInt(digits)).toString(16)}]`);
  if (opcode === 0xcc) return { mnemonic: "int3", operands: "" };
  if (opcode === 0x9c || opcode === 0x9d) return { mnemonic: mnemonic.replace(/q$/, ""), operands: text };
  if (isShiftByOne(opcode)) return { mnemonic, operands: text.replace(/,0x1$/, ",1") };
  if (isImul(opcode)) return { mnemonic, operands: text.replace(/^(\w+),(0x\w+)$/, "$1,$1,$2") };
  if (opcode === 0x86 || opcode === 0x87) return { mnemonic, operands: text.replace(/^(\w+),(.*\])$/, "$2,$1") };
  if ((isWide(coded) && opcode >> 3 === 0x17) || opcode >> 2 === 0x28)
    return { mnemonic: mnemonic.replace(/\bmov$/, "movabs"), operands: text };
  if (isString(opcode) && text === "") return intelString(mnemonic, opcode);
  return isReservedNop(coded) ? withPadding(mnemonic, text, coded) : withSegment(mnemonic, text, coded);
}

const POINTERS: Readonly<Record<string, readonly [pointer: string, accumulator: string]>> = {
  b: ["BYTE PTR", "al"],
  w: ["WORD PTR", "ax"],
  d: ["DWORD PTR", "eax"],
  q: ["QWORD PTR", "rax"],
};

/** Writes string instructions with their operands: `rep stosd` as `rep stos DWORD PTR es:[rdi],eax`. */
function intelString(mnemonic: string, opcode: number): Spelling {
  const [pointer, accumulator] = POINTERS[mnemonic.at(-1) ?? ""] ?? ["", ""];
  const [to, from] = [`${pointer} es:[rdi]`, `${pointer} ds:[rsi]`];
  const operands = {
    0xa4: [to, from],
    0xa6: [from, to],
    0xaa: [to, accumulator],
    0xac: [accumulator, from],
    0xae: [accumulator, to],
    0x6c: [to, "dx"],
  }[opcode & ~1] ?? ["dx", from];
  return { mnemonic: mnemonic.slice(0, -1), operands: operands.join(",") };
}

/** Whether an opcode shifts by one, without an immediate. */
const isShiftByOne = (opcode: number): boolean => opcode === 0xd0 || opcode === 0xd1;
const isImul = (opcode: number): boolean => opcode === 0x69 || opcode === 0x6b;
/** Whether an opcode is in, out, ins or outs through %dx. */
const isPort = (opcode: number): boolean => opcode >> 2 === 0x3b || opcode >> 2 === 0x1b;
const isString = (opcode: number): boolean =>
  opcode >> 2 === 0x29 || (opcode >= 0xaa && opcode <= 0xaf) || opcode >> 2 === 0x1b;
const isReservedNop = ({ opcode, second }: Coded): boolean => opcode === 0x0f && second >= 0x18 && second <= 0x1f;
