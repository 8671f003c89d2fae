/** How powerpc prints registers, code and faults. */
import type { Machine } from "./machine.ts";

/** arch/powerpc/kernel/process.c: __show_regs, show_instructions; mm/fault.c: bad_page_fault. */
export const powerpc: Machine = {
  name: "powerpc",
  // Code is printed as words, so that the byte order does not matter.
  decodedAs: "ppc64le",
  bits: undefined,
  registersFirst: true,
  pc: /^NIP (?:\[[0-9a-f]{8,16}\] ?|: )/,
  link: /^LR (?:\[[0-9a-f]{8,16}\] ?|: )/,
  user: undefined,
  address: /^NIP(?: \[|: +)([0-9a-f]{8,16})/,
  registerLine: /^(?:NIP: |MSR: |CFAR: |DAR: |REGS: )/,
  register: /(?<![\w.])(NIP|LR|CTR|MSR|CR|XER|CFAR|DAR|DEAR|DSISR|ESR): {1,2}([0-9a-f]{8,16})(?![\w+])/g,
  rows: {
    pattern: /^GPR(\d\d): ((?:[0-9a-f]{8,16} ?)+)/,
    name: (index) => `R${index}`,
  },
  // `Instruction dump:` and lines of eight words up to 6.4, then one line. A word that cannot be read is XXXXXXXX.
  code: /^(?:Code: )?(?:[0-9a-fX]{8} ){0,16}?((?:[0-9a-f]{8} ){0,16}<[0-9a-f]{8}>(?: [0-9a-f]{8}){0,16})/,
  codeAfterTrace: true,
  memoryOperand: /(?<![\w(])(-?0x[0-9a-f]{1,8}|-?\d{1,8})\((r\d{1,2})\)/,
  body: /^\s{0,32}(?:Faulting instruction address: |(?:LE|BE) PAGE_SIZE=|(?:SMP )?NR_CPUS=|NIP|LR |REGS: |MSR: |CFAR: |DAR: |GPR\d\d: |IRQMASK|TASK = |CPU: |Instruction dump:|[0-9a-fX]{8} [0-9a-fX]{8} |-{3,4} interrupt: |LR = |Code: |Oops: |Call Trace)/,
};
