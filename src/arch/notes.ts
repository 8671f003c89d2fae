/** Parses the register notes of a CPU. */
import type { ByteOrder } from "../base/bytes.ts";
import { readUnsigned, viewOf } from "../base/bytes.ts";
import type { CpuState } from "./arch.ts";

/** Offsets in `struct elf_prstatus` (include/linux/elfcore.h). They follow from the sizes of long and time_t. */
const prstatusLayout = { 4: { pid: 24, registers: 72 }, 8: { pid: 32, registers: 112 } } as const;

/**
 * Reads consecutive integers, as in `elf_gregset_t`. @param offset in bytes @param names in the order of the note;
 * undefined skips one @param size of an integer in bytes
 * @returns undefined if `desc` is too short
 */
export function registerRow(
  desc: Uint8Array,
  offset: number,
  names: readonly (string | undefined)[],
  size: 4 | 8,
  order: ByteOrder,
): Map<string, bigint> | undefined {
  if (desc.length < offset + names.length * size) return undefined;
  const view = viewOf(desc);
  const registers = new Map<string, bigint>();
  names.forEach((name, index) => {
    if (name !== undefined) registers.set(name, readUnsigned(view, offset + index * size, size, order));
  });
  return registers;
}

/** Parses an NT_PRSTATUS note of a machine whose `elf_gregset_t` is an array of longs; undefined if it is too short. */
export function prstatus(
  desc: Uint8Array,
  names: readonly (string | undefined)[],
  size: 4 | 8,
  order: ByteOrder,
): CpuState | undefined {
  const layout = prstatusLayout[size];
  const registers = registerRow(desc, layout.registers, names, size, order);
  if (registers === undefined) return undefined;
  return { pid: viewOf(desc).getInt32(layout.pid, order === "little"), registers };
}
