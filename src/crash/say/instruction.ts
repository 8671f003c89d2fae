/** Formats machine instructions as `dis` prints them. */
import { hasAttSyntax, type Instruction } from "../../arch/disassembler/disassembler.ts";
import { hex0x } from "../../base/hex.ts";
import { symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import type { Kernel } from "../../model/kernel.ts";
import { column } from "../../render/pad.ts";

/** Formats an instruction as crash's `dis` does: as gdb, with a mark on the calls that ftrace can make. */
export const markedInstruction = (kernel: Kernel, instruction: Instruction, radix: 10 | 16): string =>
  `${instructionText(kernel, instruction, radix)}${ftraceMark(kernel, instruction)}`;

/**
 * Formats an instruction as the GNU disassembler does: mnemonic padded, branch and rip-relative targets with their
 * names.
 */
export function instructionText(kernel: Kernel, instruction: Instruction, radix: 10 | 16): string {
  const isX86 = hasAttSyntax(kernel.arch);
  const { mnemonic, operands } = instruction;
  const next = instruction.address + BigInt(instruction.bytes.length);
  const words = NEVER_BRANCHES.has(mnemonic)
    ? operands
    : isX86
      ? withSymbolNames(kernel, operands, next, radix)
      : lastNamed(kernel, operands, radix);
  return `${column(mnemonic, 6)} ${words}`;
}

/** Branches without effect, whose targets mean nothing. */
const NEVER_BRANCHES: ReadonlySet<string> = new Set(["jgnop", "jnop"]);

/**
 * Adds the name of the last operand's address, for architectures other than x86, where it is the branch target or the
 * loaded address: `bl #0x...`, `brasl %r14, 0x...`.
 */
function lastNamed(kernel: Kernel, operands: string, radix: 10 | 16): string {
  const [, before = "", digits] = /^(.*, )?#?(0x[0-9a-f]+)$/.exec(operands) ?? [];
  const address = BigInt(digits ?? 0);
  if (digits === undefined || !kernel.memory.isKernelAddress(address)) return operands;
  const mark = symbolMark(kernel, address, radix);
  return mark === "" ? operands : `${before}${digits}${mark}`;
}

function withSymbolNames(kernel: Kernel, operands: string, next: bigint, radix: 10 | 16): string {
  // A bare number is a branch target: immediates start with "$", displacements are followed by a register.
  const target = /^(?:0x)?([0-9a-f]+)$/.exec(operands);
  if (target) {
    const address = BigInt(operands.startsWith("0x") ? operands : `0x${operands}`);
    return `${hex0x(address)}${symbolMark(kernel, address, radix)}`;
  }
  const relative = /(-?)(0x[0-9a-f]+)\(%rip\)/.exec(operands) ?? /\[rip([+])(0x[0-9a-f]+)\]/.exec(operands);
  if (!relative) return operands;
  const offset = BigInt(relative[2] ?? 0);
  const address = BigInt.asUintN(64, relative[1] === "-" ? next - offset : next + offset);
  return `${operands}        # ${hex0x(address)}${symbolMark(kernel, address, radix)}`;
}

function symbolMark(kernel: Kernel, address: bigint, radix: 10 | 16): string {
  const symbol = kernel.symbols.at(address);
  return symbol ? ` <${symbolPlace(symbol, address, radix)}>` : "";
}

function ftraceMark(kernel: Kernel, { address, bytes }: Instruction): string {
  const { ftraceNop } = kernel.arch;
  if (!ftraceNop || Buffer.compare(bytes, ftraceNop) !== 0) return "";
  return kernel.symbols.at(address)?.address === address ? " [FTRACE NOP]" : "";
}
