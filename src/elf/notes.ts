/** Reads ELF notes. */
import { cString, viewOf, type ByteOrder } from "../base/bytes.ts";
import { orThrow } from "../base/fault.ts";
import { type RandomFile, readBytes } from "../base/file.ts";

/** An ELF note. `desc` is the payload without padding; for a device dump (NT_VMCOREDD) its first 64 KiB. */
export interface Note {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
  /** Position of the whole payload in the file; absent if the note is not from a file. */
  readonly place?: { readonly offset: number; readonly size: number };
}

/** A byte range of a file. */
export interface FileRange {
  readonly offset: number;
  readonly size: number;
}

/**
 * Maximum number of notes that are read: a dozen of each of ten thousand CPUs. It bounds the work if a size is damaged.
 */
const MAX_NOTES = 1 << 17;
/** Maximum number of bytes of notes that are read in all. */
const MAX_READ = 16 << 20;
/** Number of bytes that are read at once. */
const WINDOW = 1 << 20;
/**
 * Maximum size in bytes of the contents of a note that are kept: device dumps can be large (NT_VMCOREDD,
 * fs/proc/vmcore.c).
 */
const MAX_DESC = 1 << 16;

/**
 * Reads notes as Linux, kexec and QEMU write them: name and payload each padded to four bytes, in 32-bit and 64-bit
 * files (elf(5), "Notes"). A note that is cut off or exceeds its range ends the list of that range. @throws Fault when
 * the file cannot be read
 */
export function readNotes(file: RandomFile, places: readonly FileRange[], order: ByteOrder): Note[] {
  const notes: Note[] = [];
  let budget = MAX_READ;
  for (const { offset, size } of places) {
    const end = Math.min(offset + size, file.size);
    for (let at = offset; at < end && budget > 0 && notes.length < MAX_NOTES;) {
      const bytes = orThrow(readBytes(file, at, Math.min(WINDOW, end - at, budget)));
      budget -= bytes.length;
      const next = parseNotes(bytes, at, end - at, order, notes);
      if (next === 0) break;
      at += next;
    }
  }
  return notes;
}

/**
 * Appends the notes that begin in `bytes`; the first of `size` bytes of notes is at `offset` of the file. Returns the
 * offset from the start of `bytes` at which the next note begins, which may be beyond them; 0 if the first note is
 * incomplete.
 */
function parseNotes(bytes: Uint8Array, offset: number, size: number, order: ByteOrder, notes: Note[]): number {
  const view = viewOf(bytes);
  const little = order === "little";
  let at = 0;
  while (at + 12 <= bytes.length && notes.length < MAX_NOTES) {
    const nameSize = view.getUint32(at, little);
    if (nameSize === 0) {
      at += 4; // no note, but the unused rest of a CPU's note buffer
      continue;
    }
    const descSize = view.getUint32(at + 4, little);
    const desc = at + 12 + padded(nameSize);
    const kept = desc + Math.min(descSize, MAX_DESC);
    if (kept > bytes.length || desc + descSize > size) return at;
    notes.push({
      name: cString(bytes.subarray(at + 12, at + 12 + nameSize)),
      type: view.getUint32(at + 8, little),
      desc: bytes.subarray(desc, kept),
      place: { offset: offset + desc, size: descSize },
    });
    at = desc + padded(descSize);
  }
  return at;
}

const padded = (size: number): number => Math.ceil(size / 4) * 4;

/** Returns the VMCOREINFO text (Documentation/admin-guide/kdump/vmcoreinfo.rst); undefined without such a note. */
export function vmcoreinfoOf(notes: readonly Note[]): string | undefined {
  const note = notes.find((one) => one.name === "VMCOREINFO");
  return note && cString(note.desc);
}

/**
 * Returns the text about data that `makedumpfile --config` erased, from its own note; undefined without such a note.
 */
export function eraseinfoOf(notes: readonly Note[]): string | undefined {
  const note = notes.find((one) => one.name === "ERASEINFO");
  return note && cString(note.desc);
}
