/** How x86 prints registers, code and faults. */
import { padDigits } from "../../base/hex.ts";
import type { Machine, Operand, Register } from "./machine.ts";

/** arch/x86/kernel/process_64.c: __show_regs; dumpstack.c: show_opcodes; mm/fault.c: show_fault_oops. */
export const x86: Machine = {
  name: "x86_64",
  pushesReturn: true,
  bits: 64,
  placeInTrace: true,
  divisor,
  pc: /^(?!IP: \[<[0-9a-f]{8}>\])(?:RIP:? |IP: )\s*(?:[0-9a-f]{2,4}:)?\s*(?:(?:\[<[0-9a-f]{8,16}>\]|\(null\))\s*)*(?:\{:?[\w-]{0,64}:?)?/,
  link: undefined,
  user: /^RIP: (?:0033|0023|002b|e033):/,
  address: /^(?:RIP|IP):?\s+(?:[0-9a-f]{2,4}:)?\s*\[<([0-9a-f]{8,16})>\]/,
  registerLine: /^\s{0,32}(?:R(?:[ABCD]X|[SB]P|[SD]I|1[0-5]|0?[89])|ORIG_RAX|CR2|RSP): ?/,
  register:
    /(?<![\w.])(R(?:[ABCD]X|[SD]I|[SBI]P|0?[89]|1[0-5])|CR[0-48]|EFLAGS|ORIG_RAX): ?(?:[0-9a-f]{4}:)?([0-9a-f]{8,16})(?![\w+])/g,
  code: /^Code: (.*)/,
  absoluteOperand: /^(?:%(?:al|[er]?ax),)?(0x[0-9a-f]{9,16})(?:,%(?:al|[er]?ax))?$/,
  memoryOperand: /(?<![\w%:])(-?0x[0-9a-f]{1,8})?\(%(r[a-z0-9]{1,3})(?:,%(r[a-z0-9]{1,3}),([1248]))?\)/,
  body: /^\s{0,32}(?:#PF: |#DF|PGD [0-9a-f(]|P4D |PUD |PMD |PTE |BAD\b|PANIC: |FS:|GS:|CS:|CR[0-48]: |DR[0-7]: |PKRU: |R(?:SP|AX|BX|CX|DX|SI|DI|BP|IP|0?[89]|1[0-5]): |RIP  |IP: (?:\[<|[A-Za-z_])|RSP |RSP <|EFLAGS: |ORIG_RAX: |Knl[GC]S|IRET|Process .{1,64}\(pid: |Stack:|Code: |Pid: \d|task: [0-9a-f]{8,16} |task\.ti|Bad RIP value|traps: |Dumping ftrace buffer|\(ftrace buffer empty\)|gsb: |Last user |The board last|\?\?|SMP NOPTI|last sysfs file: )/,
};

/** arch/x86/kernel/process_32.c: __show_regs; up to 4.15 `EIP: 0060:[<addr>]`, followed by `EIP is at`. */
export const i386: Machine = {
  name: "i386",
  pushesReturn: true,
  bits: 32,
  pc: /^(?:EIP is at |IP: \[<[0-9a-f]{8}>\] ?|EIP: (?:[0-9a-f]{4}:)?(?:\[<[0-9a-f]{8}>\] ?)?(?:\(null\))?)/,
  link: undefined,
  user: /^EIP: (?:0073|001b):/,
  address: /^E?IP:\s+(?:[0-9a-f]{4}:)?\[<([0-9a-f]{8})>\]/,
  registerLine: /^\s{0,32}(?:EAX|ESI|EDI|EBP): /i,
  register: /(?<![\w.])(E(?:[ABCD]X|[SD]I|[SB]P|FLAGS)|CR[0-4]): ([0-9a-f]{8})(?![\w+])/gi,
  code: /^Code: (.*)/,
  memoryOperand: /(?<![\w%:])(-?0x[0-9a-f]{1,8})?\(%(e[a-z]{2})(?:,%(e[a-z]{2}),([1248]))?\)/,
  body: /^\s{0,32}(?:EIP: |EIP is at|EAX: |ESI: |EDI: |EBP: |EFLAGS: |DS: |CR0: |DR[0-7]: |\*pdpt = |\*pd[pe]t? = |\*pde = |eax: |esi: |ds: |Process .{1,64}\(pid: )/i,
};

/** Registers in the order of their numbers in an instruction. */
const REGISTERS = ["RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI"];

/**
 * Returns the divisor of DIV and IDIV with a register, `f7 /6` and `f7 /7` (Intel SDM vol. 2); undefined for other
 * instructions.
 */
function divisor({ code, registers }: { code: string; registers: readonly Register[] }): Operand | undefined {
  const [, rex = "40", form] = /<(?:(4[0-9a-f])> f7|f7>) ([0-9a-f]{2})\b/.exec(code) ?? [];
  if (form === undefined) return undefined;
  const mode = Number.parseInt(form, 16);
  if (mode < 0xf0) return undefined;
  const prefix = Number.parseInt(rex, 16);
  const name = (prefix & 1) === 0 ? REGISTERS[mode & 7] : `R${padDigits(8 + (mode & 7), 2)}`;
  const held = registers.find((one) => one.name === name || one.name === name?.replace("R0", "R"))?.value;
  if (held === undefined || name === undefined) return undefined;
  return { name, value: BigInt.asUintN((prefix & 8) === 0 ? 32 : 64, held) };
}
