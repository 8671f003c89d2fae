import { type ByteOrder, cString, viewOf } from "../base/bytes.ts";
import type { RandomFile } from "../base/file.ts";

/** From the System V gABI, "Note Section", and binutils' include/elf/common.h. */
const NT_GNU_BUILD_ID = 3;

const MAX_NOTES = 1 << 20;

/** The build-id in the notes of an ELF file, at the places where it has some. */
export function findBuildId(
  file: RandomFile,
  order: ByteOrder,
  places: readonly { readonly offset: number; readonly size: number }[],
): string | undefined {
  for (const { offset, size } of places) {
    const id = buildIdOf(file.read(offset, Math.min(size, MAX_NOTES)), order);
    if (id !== undefined) return id;
  }
  return undefined;
}

/** The GNU build-id among ELF notes (`.notes` of a vmlinux, `/sys/kernel/notes`), as lower-case hexadecimal. */
export function buildIdOf(notes: Uint8Array, order: ByteOrder): string | undefined {
  const view = viewOf(notes);
  for (let at = 0; at + 12 <= notes.length;) {
    const nameSize = view.getUint32(at, order === "little");
    const size = view.getUint32(at + 4, order === "little");
    const type = view.getUint32(at + 8, order === "little");
    const desc = at + 12 + Math.ceil(nameSize / 4) * 4;
    if (desc + size > notes.length) return undefined;
    if (type === NT_GNU_BUILD_ID && nameSize === 4 && cString(notes, at + 12) === "GNU") {
      return Buffer.from(notes.subarray(desc, desc + size)).toString("hex");
    }
    at = desc + Math.ceil(size / 4) * 4;
  }
  return undefined;
}
