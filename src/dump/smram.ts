/** The registers that x86 CPUs save in System Management Mode. */
import { viewOf } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import { type RandomFile, readBytes } from "../base/file.ts";
import type { ProcessorRegisters } from "./processorNotes.ts";

/**
 * struct sadump_smram_cpu_state (makedumpfile's sadump_mod.h), and struct sadump_apic_state, of which one for each CPU
 * precedes them.
 */
const STATE_BYTES = 1024;
const APIC_BYTES = 16;
const GENERAL = "r15 r14 r13 r12 r11 r10 r9 r8 rax rcx rdx rbx rsp rbp rsi rdi".split(" ");
const GENERAL_AT = 796;
const SELECTORS = "es cs ss ds fs gs ldt tr".split(" ");
const SELECTORS_AT = 936;
const AT = {
  gdtHigh: 464,
  idtHigh: 472,
  cr4: 576,
  gdt: 652,
  idt: 660,
  rip: 984,
  efer: 992,
  rflags: 1000,
  cr3: 1008,
  cr0: 1016,
};
/** Long mode active. */
const EFER_LMA = 1n << 10n;

/** Returns the registers of each CPU. The machine is 64-bit if one of them is in long mode. */
export function processorsOf(
  file: RandomFile,
  at: number,
  count: number,
): { readonly cpus: readonly ProcessorRegisters[]; readonly wordSize: 4 | 8 } {
  const sizes = readBytes(file, at, 4);
  if (sizes instanceof Fault || sizes.length < 4 || count === 0) return { cpus: [], wordSize: 8 };
  const stride = Math.floor(viewOf(sizes).getUint32(0, true) / count);
  const cpus: ProcessorRegisters[] = [];
  for (let cpu = 0; cpu < count && stride >= STATE_BYTES; cpu++) {
    const state = readBytes(file, at + 4 + APIC_BYTES * count + cpu * stride, STATE_BYTES);
    if (state instanceof Fault || state.length < STATE_BYTES) break;
    cpus.push(registersOf(viewOf(state)));
  }
  const isLong = cpus.length === 0 || cpus.some(({ efer = 0n }) => (efer & EFER_LMA) !== 0n);
  return { cpus, wordSize: isLong ? 8 : 4 };
}

function registersOf(view: DataView): ProcessorRegisters {
  const u32 = (at: number): bigint => BigInt(view.getUint32(at, true));
  const u64 = (at: number): bigint => view.getBigUint64(at, true);
  const registers: Record<string, bigint> = {
    rip: u64(AT.rip),
    rflags: u64(AT.rflags),
    cr0: u64(AT.cr0),
    cr3: u64(AT.cr3),
    cr4: u32(AT.cr4),
    efer: u64(AT.efer),
    gdt_base: (u32(AT.gdtHigh) << 32n) | u32(AT.gdt),
    idt_base: (u32(AT.idtHigh) << 32n) | u32(AT.idt),
  };
  GENERAL.forEach((name, i) => (registers[name] = u64(GENERAL_AT + 8 * i)));
  SELECTORS.forEach((name, i) => (registers[name] = u32(SELECTORS_AT + 4 * i)));
  return registers;
}
