/** How arm64 and arm print registers, code and faults. */
import { fromFsr } from "./faultCodes.ts";
import type { Machine } from "./machine.ts";

/** arch/arm64/kernel/process.c: __show_regs; mm/fault.c: mem_abort_decode, data_abort_decode. */
export const arm64: Machine = {
  name: "arm64",
  bits: 64,
  userBits: 52,
  pc: /^(?:pc : (?!\[<[0-9a-f]{8}>\])(?:\[<[0-9a-f]{16}>\](?! +lr : ) ?)?)(?=[A-Za-z_.$0]|[0-9a-f]{16})/,
  link: /^(?:lr : )(?=[A-Za-z_.$0])/,
  user: undefined,
  address: /^pc : \[<([0-9a-f]{16})>\]/,
  registerLine: /^(?:sp : |x[12]?\d ?: |pc : \[<[0-9a-f]{16}>\])/,
  register: /(?<![\w.])(x[0-3]?\d|sp|pc|lr) ?: ?\[?<?([0-9a-f]{16})(?![\w+])/g,
  code: /^Code: (.*)/,
  memoryOperand: /\[(?=x\d+(?:, #(-?(?:0x)?[0-9a-f]{1,5}))?\](?!,|!))(x\d{1,2})/,
  body: /^\s{0,32}(?:Mem abort info:|ESR = |EC = |SET = |EA = |FSC = |Exception class = |IL = |Data abort info:|ISV = |CM = |GCS = |Overlay = |swapper pgtable|user pgtable|pgd = |\[[0-9a-f]{16}\] (?:pgd|\*pgd|p4d|address)|pstate: |pmr_save|sp : |pc : |lr : |x[12]?\d ?: |Process .{1,64}\(pid: |SError|Code: |SMP: |Kernel Offset|PHYS_OFFSET|CPU features|Memory Limit|pgtable|Call trace|Exception stack|[0-9a-f]{4}: +[0-9a-f ]+$)/,
};

/** arch/arm/kernel/process.c: __show_regs; mm/fault.c: show_pte; kernel/traps.c: dump_mem, dump_instr. */
export const arm: Machine = {
  name: "arm",
  bits: 32,
  faultStatus: fromFsr,
  // arm64 up to 4.14 wrote "PC is at" too; its registers tell the two apart.
  unless: { line: /^(?:pc : \[<[0-9a-f]{16}>\]|x[12]?\d ?: )|pstate: /, machine: "arm64" },
  pc: /^PC is at (?:\[<[0-9a-f]{8}>\] ?)?/,
  link: /^LR is at (?:\[<[0-9a-f]{8}>\] ?)?/,
  user: undefined,
  address: /^pc : \[<([0-9a-f]{8})>\]/,
  registerLine: /^(?:sp : |r\d{1,2} ?: |pc : \[<[0-9a-f]{8}>\])/,
  register: /(?<![\w.])(r1?\d|sp|ip|fp|pc|lr|psr) ?: ?\[?<?([0-9a-f]{8})(?![\w+])/g,
  code: /^Code: (.*)/,
  memoryOperand: /\[(?=r\d+(?:, #(-?(?:0x)?[0-9a-f]{1,5}))?\](?!,|!))(r\d{1,2})/,
  body: /^\s{0,32}(?:8<--- cut here|pgd = |\[[0-9a-f]{8}\] ?\*?pgd|Flags: |Control: |Register r\d{1,2} information|(?:slab|non-slab|NULL pointer|vmalloc|2-page|\d{1,3}-page|zero-size|non-paged|kernel|module).*(?:pointer|memory)|Process .{1,64}\(pid: |Stack: \(0x|Exception stack|[0-9a-f]{1,8}: +[0-9a-f ]+$|Code: |PC is at|LR is at|pc : |lr : |sp : |r\d{1,2} ?: |r\d{1,2}:[0-9a-f]{8}\b|Table: |psr: |CPU: \d{1,4} +(?:Not tainted|Tainted))/,
};
