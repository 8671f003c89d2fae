import { attempt, Fault } from "../../base/fault.ts";
import { buildIdOf } from "../../elf/buildId.ts";
import type { OpenedMemory } from "../../memory/openMemory.ts";
import { dumpSymbols } from "../open/kernelImage.ts";

/** Notes of a kernel are some hundred bytes. */
const MAX_NOTES = 1 << 16;

const known = new WeakMap<OpenedMemory, string | undefined>();

/**
 * The build-id of the dump's kernel, in hexadecimal: that of its notes in memory, where /sys/kernel/notes has it from
 * (`__start_notes` of include/asm-generic/vmlinux.lds.h), else what VMCOREINFO says.
 *
 * VMCOREINFO is not the last word: several stable kernels (6.1.113 to 6.1.118, 6.6.55 to 6.6.62 and others of that
 * autumn) noted garbage for their build-id, and before v5.9 there was none.
 */
export function kernelBuildId(opened: OpenedMemory): string | undefined {
  if (!known.has(opened)) known.set(opened, inMemory(opened) ?? opened.vmcoreinfo?.text("BUILD-ID"));
  return known.get(opened);
}

function inMemory(opened: OpenedMemory): string | undefined {
  const buildId = attempt(() => {
    const symbols = dumpSymbols(opened);
    const [start, end] = ["__start_notes", "__stop_notes"].map((name) => symbols.named(name)[0]?.address);
    if (start === undefined || end === undefined || end <= start || end - start > MAX_NOTES) return undefined;
    return buildIdOf(opened.memory.read(start, Number(end - start)), opened.arch.byteOrder);
  });
  return buildId instanceof Fault ? undefined : buildId;
}
