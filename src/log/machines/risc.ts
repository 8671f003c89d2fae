/** How RISC-V, MIPS and LoongArch print registers, code and faults. */
import type { Machine } from "./machine.ts";

/** arch/riscv/kernel/process.c: __show_regs; traps.c: dump_instr. `sepc:` up to 5.6. */
export const riscv: Machine = {
  name: "riscv",
  decodedAs: "riscv64",
  bits: 64,
  pc: /^s?epc ?: (?![0-9a-f]{8,16} +ra ?:)(?:\[<[0-9a-f]{8,16}>\] ?)?/,
  link: /^ ?ra : (?![0-9a-f]{8,16} +sp ?:)(?:\[<[0-9a-f]{8,16}>\] ?)?(?=[A-Za-z_.$0])/,
  user: undefined,
  address: /^s?epc ?: ([0-9a-f]{8,16}) +ra ?:/,
  registerLine: /^\s{0,32}(?:s?epc ?: [0-9a-f]|gp : |t[0-6] ?: |s\d{1,2} ?: |a\d ?: |s?status: )/,
  register:
    /(?<![\w.])(s?epc|ra|sp|gp|tp|t[0-6]|s1?\d|a[0-7]|ssp|s?status|s?badaddr|s?cause|stval|scause) ?: ([0-9a-f]{8,16})(?![\w+])/g,
  code: /^Code: (.*)/,
  memoryOperand: /(?<![\w(])(-?0x[0-9a-f]{1,8}|-?\d{1,8})?\(((?!zero)[a-z]{1,2}\d{0,2})\)/,
  body: /^\s{0,32}(?:s?epc ?: |ra ?: |gp ?: |t[0-6] ?: |s\d{1,2} ?: |a\d ?: |s?status: |Current .* pgtable|\[[0-9a-f]{8,16}\] pgd=|Code: |Oops \[#|Oops - )/,
};

/** arch/mips/kernel/traps.c: __show_regs, show_registers, show_code. */
export const mips: Machine = {
  name: "mips",
  bits: undefined,
  registersFirst: true,
  pc: /^epc\s{1,3}: [0-9a-f]{8,16} (?! ?ra ?: )(?:\[<[0-9a-f]{8,16}>\] ?)?/,
  link: /^ra\s{2,4}: [0-9a-f]{8,16} (?:\[<[0-9a-f]{8,16}>\] ?)?/,
  user: undefined,
  address: /^epc\s{1,3}: ([0-9a-f]{8,16})/,
  registerLine: /^(?:epc|ra|Hi|Lo|Acx|Status|Cause|BadVA|PrId)\s{0,4}: /,
  register: /^(epc|ra|Hi|Lo|Acx|Status|Cause|BadVA|PrId)\s{0,4}: ([0-9a-f]{8,16})(?![\w+])/g,
  rows: { pattern: /^\$ ?(\d{1,2}) {1,3}: ((?:[0-9a-f]{8,16} ?)+)/, name: (index) => `$${index}` },
  code: /^Code: (.*)/,
  body: /^\s{0,32}(?:Cpu \d|\$ ?\d{1,2} {1,3}: |epc\s{1,3}: |ra\s{1,4}: |Hi {1,4}: |Lo {1,4}: |Acx |Status\s{0,3}: |Cause : |BadVA : |PrId {1,2}: |Process .{1,64}\(pid: |\*HwTLS|Stack : |\.\.\.$|[0-9a-f]{8,16} [0-9a-f]{8,16} [0-9a-f ]+$|Code: |Not tainted|Tainted: |pc ?: )/,
};

/** arch/loongarch/kernel/traps.c: __show_regs, show_code; `era   :` up to 6.2, then ` ERA:`. */
export const loongarch: Machine = {
  name: "loongarch",
  bits: 64,
  registersFirst: true,
  pc: /^(?:era {1,3}: [0-9a-f]{16} |\s*ERA: [0-9a-f]{16} )/,
  link: /^\s{0,32}ra {0,4}: [0-9a-f]{16} /,
  user: undefined,
  address: /^(?:era {1,3}: |\s*ERA: |pc )([0-9a-f]{16})/,
  registerLine: /^(?:pc [0-9a-f]{16} ra |[ast]\d [0-9a-f]{16} |\$ ?\d{1,2} {1,3}: )/,
  register: /(?<![\w.])(pc|ra|tp|sp|a[0-7]|t\d|u0|s[0-9]|fp) ([0-9a-f]{16})(?![\w+])/g,
  rows: { pattern: /^\$ ?(\d{1,2}) {1,3}: ((?:[0-9a-f]{16} ?)+)/, name: (index) => `$r${index}` },
  code: /^Code: (.*)/,
  body: /^\s{0,32}(?:pc [0-9a-f]{16} |[atsu]\d [0-9a-f]{16} |ra: |ra {1,4}: |era {1,3}: |ERA: |CRMD: |CSR crmd|CSR \w|PRMD: |EUEN: |ECFG: |ESTAT: |ExcCode|BADV: |BadVA|PRID: |PrId|Process .{1,64}\(pid: |Stack : |\.\.\.$|[0-9a-f]{16} [0-9a-f]{16} [0-9a-f ]+$|Code: )/,
};
