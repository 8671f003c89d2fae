/** Makes the notes that QEMU writes to an ELF core, for dump formats that save the registers of CPUs in another form. */
import type { Note } from "./format.ts";

/**
 * Registers of an x86_64 CPU by name: general registers, rip, rflags, control registers, selectors ("cs"), bases of
 * segments ("gs_base", "idt_base"). Absent ones are 0.
 */
export type ProcessorRegisters = Readonly<Record<string, bigint>>;

const GENERAL = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rsp", "rbp"] as const;
const EXTENDED = ["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"] as const;
const SEGMENTS = ["cs", "ds", "es", "fs", "gs", "ss", "ldt", "tr", "gdt", "idt"] as const;

const NT_PRSTATUS = 1;
/** sizeof(struct elf_prstatus), and the positions of pr_pid and pr_reg in it (include/linux/elfcore.h). */
const PRSTATUS_BYTES = 336;
const PR_PID = 32;
const PR_REG = 112;
/** struct user_regs_struct (arch/x86/include/asm/user_64.h). */
const USER_REGS = [
  ...(["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi"] as const),
  ...(["orig_rax", "rip", "cs", "rflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs"] as const),
];
/** struct QEMUCPUState (QEMU's target/i386/arch_dump.c). */
const QEMU_STATE_BYTES = 440;
const QEMU_SEGMENT_BYTES = 24;

/**
 * Returns the notes of CPUs in the order of QEMU's ELF cores: first NT_PRSTATUS of all CPUs, then QEMU's own note of all
 * CPUs. @param cpus the position in the list is the number of the CPU
 */
export function processorNotes(cpus: readonly ProcessorRegisters[]): readonly Note[] {
  const notes = cpus.map((registers, cpu) => notesOf(registers, cpu));
  return [...notes.map(([status]) => status), ...notes.map(([, state]) => state)];
}

/** Returns the two notes of one CPU. QEMU writes the number of the CPU plus 1 as pr_pid. */
function notesOf(registers: ProcessorRegisters, cpu: number): readonly [Note, Note] {
  const value = (name: string): bigint => registers[name] ?? 0n;
  const status = new DataView(new ArrayBuffer(PRSTATUS_BYTES));
  status.setUint32(PR_PID, cpu + 1, true);
  USER_REGS.forEach((name, i) => status.setBigUint64(PR_REG + 8 * i, value(name), true));
  const state = new DataView(new ArrayBuffer(QEMU_STATE_BYTES));
  state.setUint32(0, 1, true);
  state.setUint32(4, QEMU_STATE_BYTES, true);
  [...GENERAL, ...EXTENDED, "rip", "rflags"].forEach((name, i) => state.setBigUint64(8 + 8 * i, value(name), true));
  const segments = 8 + 8 * 18;
  SEGMENTS.forEach((name, i) => {
    state.setUint32(segments + QEMU_SEGMENT_BYTES * i, Number(value(name) & 0xffffffffn), true);
    state.setBigUint64(segments + QEMU_SEGMENT_BYTES * i + 16, value(`${name}_base`), true);
  });
  const control = segments + QEMU_SEGMENT_BYTES * SEGMENTS.length;
  ["cr0", "cr1", "cr2", "cr3", "cr4", "kernel_gs_base"].forEach((name, i) =>
    state.setBigUint64(control + 8 * i, value(name), true),
  );
  return [
    { name: "CORE", type: NT_PRSTATUS, desc: new Uint8Array(status.buffer) },
    { name: "QEMU", type: 0, desc: new Uint8Array(state.buffer) },
  ];
}
