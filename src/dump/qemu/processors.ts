/** Finds the registers of an x86_64 guest's CPUs in a migration stream of qemu-system-x86_64. */
import { viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import type { ProcessorRegisters } from "../processorNotes.ts";

/**
 * Number of bytes that are searched. Devices follow the RAM, and their sections have no length, so that the sections of
 * CPUs are found by their headers.
 */
const SEARCHED = 64 << 20;
/**
 * The length and the name of the section. Its header is QEMU_VM_SECTION_FULL (1 byte), id (4), length (1), name, instance
 * (4), version (4), all big-endian.
 */
const NAME = Buffer.from("\x03cpu", "latin1");
const SECTION_FULL = 4;
/** Version of the section "cpu" since QEMU 0.14 (target/i386/machine.c, vmstate_x86_cpu). */
const VERSION = 12;
/** Maximum number of CPUs whose state is read. */
const MAX_CPUS = 4096;

const GENERAL = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"] as const;
const EXTENDED = ["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"] as const;
const SEGMENTS = ["es", "cs", "ss", "ds", "fs", "gs"] as const;
/** Size in bytes of hflags, the FPU's control words and its eight registers. */
const FPU_BYTES = 4 + 4 * 2 + 8 * 10;
const SEGMENT_BYTES = 20;
/** From the control registers to the system call registers: dr0-dr7, a20_mask, mxcsr, 16 XMM registers. */
const DEBUG_AND_XMM_BYTES = 8 * 8 + 4 + 4 + 16 * 16;
/** Bytes of a section to the end of kernel_gs_base. */
const STATE_BYTES = 18 * 8 + FPU_BYTES + 10 * SEGMENT_BYTES + 20 + 4 * 8 + DEBUG_AND_XMM_BYTES + 6 * 8;

/**
 * Returns the registers of each CPU, in the order of their numbers. @param start offset in the file after the sections of
 * the RAM
 */
export function processorsAfter(file: RandomFile, start: number): readonly ProcessorRegisters[] {
  const found = readBytes(file, start, SEARCHED);
  if (found instanceof Fault) return [];
  const bytes = Buffer.from(found.buffer, found.byteOffset, found.length);
  const cpus = new Map<number, ProcessorRegisters>();
  for (let at = bytes.indexOf(NAME, 5); at >= 0 && cpus.size < MAX_CPUS; at = bytes.indexOf(NAME, at + 1)) {
    const data = at + NAME.length + 8;
    if (bytes[at - 5] !== SECTION_FULL || data + STATE_BYTES > bytes.length) continue;
    if (bytes.readUInt32BE(at + NAME.length + 4) !== VERSION) continue;
    const registers = registersOf(bytes.subarray(data, data + STATE_BYTES));
    if (hasSelectors(registers)) cpus.set(bytes.readUInt32BE(at + NAME.length), registers);
  }
  return [...cpus].sort(([a], [b]) => a - b).map(([, registers]) => registers);
}

/** Whether selectors have 16 bits. The section of qemu-system-i386, which has other registers before them, is not read. */
const hasSelectors = (registers: ProcessorRegisters): boolean =>
  SEGMENTS.every((name) => (registers[name] ?? 0n) <= 0xffffn);

function registersOf(bytes: Uint8Array): ProcessorRegisters {
  const view = viewOf(bytes);
  const registers: Record<string, bigint> = {};
  let at = 0;
  const word = (name: string): void => {
    registers[name] = view.getBigUint64(at);
    at += 8;
  };
  [...GENERAL, ...EXTENDED, "rip", "rflags"].forEach(word);
  at += FPU_BYTES;
  for (const name of [...SEGMENTS, "ldt", "tr", "gdt", "idt"]) {
    registers[name] = BigInt(view.getUint32(at));
    registers[`${name}_base`] = view.getBigUint64(at + 4);
    at += SEGMENT_BYTES;
  }
  at += 20; // SYSENTER registers
  ["cr0", "cr2", "cr3", "cr4"].forEach(word);
  at += DEBUG_AND_XMM_BYTES + 5 * 8; // and EFER, STAR, LSTAR, CSTAR, SFMASK
  word("kernel_gs_base");
  return registers;
}
