/** Finds the build ID of the kernel in a dump. */
import { attempt, attempting, Fault } from "../../base/fault.ts";
import { type Job, toEnd } from "../../base/job.ts";
import { buildIdOf } from "../../elf/buildId.ts";
import type { OpenedMemory } from "../../memory/openMemory.ts";
import type { Piece } from "../../say/piece.ts";
import { readingDumpSymbols } from "../open/kernelImage.ts";

/** Maximum size of the notes in bytes. Those of a kernel have some hundred. */
const MAX_NOTES = 1 << 16;

const known = new WeakMap<OpenedMemory, string | undefined>();

/**
 * Returns the build ID of the dump's kernel in hexadecimal; undefined if it is not known. Reads the kernel's notes in
 * memory, which /sys/kernel/notes shows too (`__start_notes` of include/asm-generic/vmlinux.lds.h), or else VMCOREINFO.
 *
 * Memory comes first because VMCOREINFO can be wrong: several stable kernels (6.1.113 to 6.1.118, 6.6.55 to 6.6.62 and
 * others of autumn 2024) wrote garbage as build ID, and kernels before v5.9 wrote none.
 */
export function* findingKernelBuildId(opened: OpenedMemory): Job<string | undefined, Piece> {
  if (!known.has(opened)) known.set(opened, (yield* inMemory(opened)) ?? opened.vmcoreinfo?.text("BUILD-ID"));
  return known.get(opened);
}

/** Returns the result of `findingKernelBuildId`, run without pauses. */
export const kernelBuildId = (opened: OpenedMemory): string | undefined => toEnd(findingKernelBuildId(opened));

function* inMemory(opened: OpenedMemory): Job<string | undefined, Piece> {
  const symbols = yield* attempting(readingDumpSymbols(opened));
  if (symbols instanceof Fault) return undefined;
  const buildId = attempt(() => {
    const [start, end] = ["__start_notes", "__stop_notes"].map((name) => symbols.named(name)[0]?.address);
    if (start === undefined || end === undefined || end <= start || end - start > MAX_NOTES) return undefined;
    return buildIdOf(opened.memory.read(start, Number(end - start)), opened.arch.byteOrder);
  });
  return buildId instanceof Fault ? undefined : buildId;
}
