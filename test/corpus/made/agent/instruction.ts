/** Reads the lines of `disassemble` for x86_64. */

/** A memory operand: base + index * scale + displacement. */
export interface Operand {
  readonly base: string | undefined;
  readonly index: string | undefined;
  readonly displacement: bigint;
}

/** An instruction as the agent sees it. Registers are those of 64 bits. */
export interface Instruction {
  readonly address: bigint;
  readonly mnemonic: string;
  readonly operands: string;
  readonly memory: Operand | undefined;
  /** The register that it writes: its last operand; undefined if that is none. */
  readonly writes: string | undefined;
  /** The register that is its first operand; undefined if that is none. */
  readonly reads: string | undefined;
  /** The constant that is its first operand; undefined if that is none. */
  readonly constant: bigint | undefined;
}

const MEMORY = /(-?0x[0-9a-f]+)?\((%\w+)?(?:,(%\w+),\d)?\)/;
/** Instructions that do not write their last operand. */
const READS_ONLY = /^(?:cmp|test|push|call|jmp|j[a-z]{1,3}$|bt[lq]?$|nop)/;

const signed = (text: string): bigint => (text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text));

/** Returns the register of 64 bits of which a name is a part: `%r8d` is in r8, `%al` in rax. */
export function wholeRegister(name: string): string {
  const plain = name.replace("%", "");
  const numbered = /^r(\d+)[dwb]?$/.exec(plain);
  if (numbered) return `r${numbered[1]}`;
  const letters = /^[re]?([abcd])[xlh]$/.exec(plain)?.[1];
  if (letters !== undefined) return `r${letters}x`;
  return `r${plain.replace(/^[re]/, "").replace(/l$/, "")}`;
}

/** Parses a line: `0xffffffffc065b005 <route+5>:	mov    0x20(%rdi),%rax`. */
export function instructionOf(line: string): Instruction | undefined {
  const [, address, text] = /^(0x[0-9a-f]+) <[^>]*>:\s+(.*)$/.exec(line) ?? [];
  if (address === undefined || text === undefined) return undefined;
  const words = /^(?:lock |rep |repz |data16 )*(\S+)\s*(.*)$/.exec(text.replace(/ \[.*$|\s+#.*$/, ""));
  const [, mnemonic = "", operands = ""] = words ?? [];
  const match = MEMORY.exec(operands);
  const last = /(?:^|,)(%\w+)\s*$/.exec(operands)?.[1];
  const first = /^(%\w+)(?:,|$)/.exec(operands)?.[1];
  const constant = /^\$(-?0x[0-9a-f]+)/.exec(operands)?.[1];
  return {
    address: BigInt(address),
    mnemonic,
    operands,
    memory: match
      ? {
          base: match[2] === undefined ? undefined : wholeRegister(match[2]),
          index: match[3] === undefined ? undefined : wholeRegister(match[3]),
          displacement: signed(match[1] ?? "0x0"),
        }
      : undefined,
    writes: last === undefined || READS_ONLY.test(mnemonic) ? undefined : wholeRegister(last),
    reads: first === undefined ? undefined : wholeRegister(first),
    constant: constant === undefined ? undefined : signed(constant),
  };
}
