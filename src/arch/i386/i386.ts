/** i386: registers, notes, unwinding rules. */
import { elf } from "./elf.ts";
import { returnAddressAt } from "./frame.ts";
import { paging, pte } from "./paging.ts";
import { trapName } from "./traps.ts";
import type { Arch } from "../arch.ts";
import { prstatus } from "../notes.ts";
import { isUserMode } from "../x86_64/modes.ts";
import { errorText, isWriteFault } from "../x86_64/traps.ts";

/** `user_regs_struct`, the order of `elf_gregset_t`. */
const registers = "ebx ecx edx esi edi ebp eax ds es fs gs orig_eax eip cs eflags esp ss".split(" ");

/** Returns the name of a register in `struct pt_regs`: without "e", except the segments es and ds. */
const ptRegsMember = (name: string): string =>
  name.length === 2 ? name : name === "orig_eax" ? "orig_ax" : name.slice(1);

export const i386: Arch = {
  name: "i386",
  elf,
  unameMachines: ["i386", "i486", "i586", "i686"],
  byteOrder: "little",
  wordSize: 4,
  vmcoreinfoKeys: ["CONFIG_X86_PAE"],
  prstatusBytes: 144,
  decoder: { bits: 32 },
  registers,
  registerRows: [
    "EAX  EBX  ECX  EDX",
    " DS/4  ESI   ES/4  EDI",
    " SS/4  ESP  EBP   GS/4",
    " CS/4  EIP  ERR=orig_eax  EFLAGS",
  ],
  pc: "eip",
  sp: "esp",
  framePointer: "ebp",
  // Source: System V ABI, Intel386 Architecture Processor Supplement, "DWARF Register Number Mapping".
  dwarfRegisters: "eax ecx edx ebx esp ebp esi edi eip eflags".split(" "),
  ptRegs: new Map(registers.map((name) => [name, ptRegsMember(name)])),
  signedChar: true,
  longLongAlignment: 4,
  sectionSizeBits: 29,
  ftraceNop: Uint8Array.of(0x3e, 0x8d, 0x74, 0x26, 0x00), // arch/x86/include/asm/nops.h
  isUserMode,
  calleeSaved: ["ebx", "esi", "edi", "ebp"],
  // The kernel is compiled with -mregparm=3.
  argumentRegisters: ["eax", "edx", "ecx"],
  resultRegister: "eax",
  interruptsEnabled: (registers) => {
    const flags = registers.get("eflags");
    return flags === undefined ? undefined : (flags & 0x200n) !== 0n;
  },
  unwindRules: ["called nothing", "saved registers", "call frame information", "frame pointer"],
  // Source: arch/x86/include/asm/switch_to.h
  switchFrame: {
    kind: "on stack",
    sp: "thread.sp",
    type: "struct inactive_task_frame",
    returnAddress: "ret_addr",
    registers: new Map([["ebp", "bp"], ["ebx", "bx"], ["esi", "si"], ["edi", "di"]]), // prettier-ignore
  },
  irqStackPointer: "bottom",
  // arch/x86/entry/entry_32.S: the argument of the C functions that entry code calls is its stack pointer.
  savedAtStackPointer:
    /^(handle_exception|asm_\w+|entry_(SYSENTER|INT80)_32|ret_from_fork|common_(interrupt|exception)|restore_all)/,
  firstFunctions: /^(i386_start_kernel|start_secondary|startup_32_smp)$/,
  // ENCODE_FRAME_POINTER of arch/x86/entry/entry_32.S clears the highest bit.
  encodedRegisters: (framePointer) =>
    framePointer !== 0n && framePointer >> 31n === 0n ? framePointer | 0x80000000n : undefined,
  returnAddressAt,
  trapName,
  errorText,
  isWriteFault,
  threadSize: 8192,
  prstatus: (desc) => prstatus(desc, registers, 4, "little"),
  pte,
  paging,
};
