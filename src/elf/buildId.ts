/** The build-id among the notes of an ELF file. */
import type { ByteOrder } from "../base/bytes.ts";
import { bytesFile, type RandomFile } from "../base/file.ts";
import { type Place, readNotes } from "./notes.ts";

/** From binutils' include/elf/common.h. */
const NT_GNU_BUILD_ID = 3;

const MAX_NOTES = 1 << 20;

/** The GNU build-id in an ELF file's notes, at the places where it has some, as lower-case hexadecimal. */
export function findBuildId(file: RandomFile, order: ByteOrder, places: readonly Place[]): string | undefined {
  for (const { offset, size } of places) {
    const notes = readNotes(file, [{ offset, size: Math.min(size, MAX_NOTES) }], order);
    const note = notes.find(({ type, name }) => type === NT_GNU_BUILD_ID && name === "GNU");
    if (note) return Buffer.from(note.desc).toString("hex");
  }
  return undefined;
}

/** The GNU build-id among ELF notes (`.notes` of a vmlinux, `/sys/kernel/notes`). */
export const buildIdOf = (notes: Uint8Array, order: ByteOrder): string | undefined =>
  findBuildId(bytesFile("notes", notes), order, [{ offset: 0, size: notes.length }]);
