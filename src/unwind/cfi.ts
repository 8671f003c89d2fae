/** Unwinding by call frame information. */
import type { Registers } from "../arch/arch.ts";
import { attempt, Fault } from "../base/fault.ts";
import { evaluateValue } from "../debuginfo/dwarf/expressions/expression.ts";
import type { CfiRow, CfiRule } from "../debuginfo/source.ts";
import type { Kernel } from "../model/kernel.ts";
import { type FrameCursor, lookupAddress, type Step, wrap } from "./cursor.ts";
import { lostRegisters } from "./lostRegisters.ts";

/** Unwinds by call frame information (DWARF 5, section 6.4), which compilers write for every function. */
export function cfiRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const row = kernel.code.cfi(lookupAddress(cursor));
  const cfa = row && cfaOf(kernel, row, cursor.registers());
  if (!row || cfa === undefined) return undefined;
  const returnRule = row.rules.get(row.returnAddressRegister);
  if (returnRule?.kind === "undefined") return { kind: "end" };
  // Only a function that has called nothing yet still has its return address in a register.
  if ((!returnRule || returnRule.kind === "same") && !cursor.exact) return undefined;
  const registers = callerRegisters(kernel, row, cursor, cfa);
  const name = kernel.arch.dwarfRegisters[row.returnAddressRegister] ?? kernel.arch.pc;
  const returnAddress = registers.get(name) ?? cursor.registers().get(name);
  if (returnAddress === undefined) return undefined;
  const pc = kernel.memory.canonical(returnAddress);
  // Call frame information does not describe a stack switch by inline assembly (s390x: call_on_stack()); other rules
  // may.
  if (!kernel.code.isText(pc)) return undefined;
  // The value of the link register in the caller is unknown, because the call overwrote it.
  if (kernel.arch.linkRegister !== undefined) registers.delete(kernel.arch.linkRegister);
  registers.set(kernel.arch.pc, pc);
  const sp = registers.get(kernel.arch.sp) ?? cfa;
  registers.set(kernel.arch.sp, sp);
  return {
    kind: "caller",
    cursor: { pc, sp, known: registers, registers: () => registers, exact: row.signalFrame },
    cfa,
  };
}

/**
 * Returns the caller's registers from call frame information, if it gives the same frame as the rule that stepped.
 * @returns undefined if it has no information, or gives another frame
 */
export function calleeSavedRegisters(kernel: Kernel, cursor: FrameCursor, cfa: bigint): Registers | undefined {
  const registers = attempt(() => {
    const row = kernel.code.cfi(lookupAddress(cursor));
    if (!row || cfaOf(kernel, row, cursor.registers()) !== cfa) return undefined;
    return callerRegisters(kernel, row, cursor, cfa);
  });
  return registers instanceof Fault ? undefined : registers;
}

/** Computes the canonical frame address; undefined if its base register is unknown. */
function cfaOf(kernel: Kernel, { cfa }: CfiRow, registers: Registers): bigint | undefined {
  if (cfa.kind === "expression") return evaluate(kernel, cfa.bytes, registers);
  const base = registers.get(kernel.arch.dwarfRegisters[cfa.register] ?? "");
  return base === undefined ? undefined : wrap(kernel, base + BigInt(cfa.offset));
}

function callerRegisters(kernel: Kernel, row: CfiRow, cursor: FrameCursor, cfa: bigint): Map<string, bigint> {
  const registers = cursor.registers();
  const found = new Map<string, bigint>();
  const lost = lostRegisters(kernel, cursor);
  // A register without a rule has the same value in the caller.
  for (const name of kernel.arch.calleeSaved) {
    const value = registers.get(name);
    if (value !== undefined && !lost.has(name)) found.set(name, value);
  }
  for (const [number, rule] of row.rules) {
    const name =
      kernel.arch.dwarfRegisters[number] ?? (number === row.returnAddressRegister ? kernel.arch.pc : undefined);
    if (name === undefined) continue;
    const value = ruleValue(kernel, rule, name, registers, cfa);
    if (value === undefined) found.delete(name);
    else found.set(name, value);
  }
  return found;
}

/**
 * Returns a register's value in the caller; undefined if it is not known. @throws Fault if the memory of a saved
 * register cannot be read
 */
function ruleValue(kernel: Kernel, rule: CfiRule, name: string, registers: Registers, cfa: bigint): bigint | undefined {
  switch (rule.kind) {
    case "undefined":
      return undefined;
    case "same":
      return registers.get(name);
    case "offset":
      return kernel.memory.word(wrap(kernel, cfa + BigInt(rule.offset)));
    case "valueOffset":
      return wrap(kernel, cfa + BigInt(rule.offset));
    case "register":
      return registers.get(kernel.arch.dwarfRegisters[rule.register] ?? "");
    case "expression":
      return kernel.memory.word(evaluate(kernel, rule.bytes, registers, cfa));
    case "valueExpression":
      return evaluate(kernel, rule.bytes, registers, cfa);
  }
}

/**
 * Evaluates an expression of call frame information. For a register's rule the CFA is on the initial stack. @throws
 * Fault
 */
function evaluate(kernel: Kernel, bytes: Uint8Array, registers: Registers, cfa?: bigint): bigint {
  const { byteOrder, wordSize, dwarfRegisters } = kernel.arch;
  const unit = { byteOrder, addressSize: wordSize, offsetSize: 4 } as const;
  const machine = {
    bias: 0n,
    register: (number: number) => registers.get(dwarfRegisters[number] ?? ""),
    memory: (address: bigint, size: number) => kernel.memory.read(address, size),
  };
  return evaluateValue(bytes, unit, machine, cfa === undefined ? [] : [cfa]);
}
