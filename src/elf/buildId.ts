/** Finds the build ID among ELF notes. */
import type { ByteOrder } from "../base/bytes.ts";
import { bytesFile, type RandomFile } from "../base/file.ts";
import { type FileRange, readNotes } from "./notes.ts";

/** Values from binutils' include/elf/common.h. */
const NT_GNU_BUILD_ID = 3;

/** Maximum size in bytes of a range of notes that is read. */
const MAX_NOTE_BYTES = 1 << 20;

/**
 * Returns the GNU build ID in an ELF file's notes, in lower-case hexadecimal; undefined if they have none. @param
 * places byte ranges of notes in the file
 */
export function findBuildId(file: RandomFile, order: ByteOrder, places: readonly FileRange[]): string | undefined {
  for (const { offset, size } of places) {
    const notes = readNotes(file, [{ offset, size: Math.min(size, MAX_NOTE_BYTES) }], order);
    const note = notes.find(({ type, name }) => type === NT_GNU_BUILD_ID && name === "GNU");
    if (note) return Buffer.from(note.desc).toString("hex");
  }
  return undefined;
}

/**
 * Returns the GNU build ID in the contents of a note section (`.notes` of a vmlinux, `/sys/kernel/notes`); undefined if
 * there is none.
 */
export const buildIdOf = (notes: Uint8Array, order: ByteOrder): string | undefined =>
  findBuildId(bytesFile("notes", notes), order, [{ offset: 0, size: notes.length }]);
