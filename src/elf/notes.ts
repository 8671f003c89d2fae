import { cString, viewOf, type ByteOrder } from "../base/bytes.ts";
import { orThrow } from "../base/fault.ts";
import { type RandomFile, readBytes } from "../base/file.ts";

/** One ELF note. `desc` is the payload without padding; of a device dump (NT_VMCOREDD), its first 64 KiB. */
export interface Note {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
  /** Where the payload lies in the file, all of it; absent from a note that was put together. */
  readonly place?: { readonly offset: number; readonly size: number };
}

/** Bytes of a file. */
export interface Place {
  readonly offset: number;
  readonly size: number;
}

/** Enough for a dozen notes of each of ten thousand CPUs, little enough for a lying size. */
const MAX_NOTES = 1 << 17;
const MAX_READ = 16 << 20;
const WINDOW = 1 << 20;
/** Drivers may put whole device dumps in front of all else (NT_VMCOREDD, fs/proc/vmcore.c): of those, the beginning. */
const MAX_DESC = 1 << 16;

/**
 * ELF notes as Linux, kexec and QEMU lay them out: name and payload each padded to four bytes, in 32- and 64-bit
 * files alike (elf(5), "Notes"). A note that is cut off or overruns its place ends that place's list.
 * @throws Fault when the file cannot be read
 */
export function readNotes(file: RandomFile, places: readonly Place[], order: ByteOrder): Note[] {
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
 * Appends the notes that begin in `bytes`, the first of `size` bytes of notes at `offset` of the file.
 * Returns where the next note begins, which may be far behind; 0 when the first is not whole.
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

/** The kernel's own account of itself: text of `KEY=value` lines (Documentation/admin-guide/kdump/vmcoreinfo.rst). */
export function vmcoreinfoOf(notes: readonly Note[]): string | undefined {
  const note = notes.find((one) => one.name === "VMCOREINFO");
  return note && cString(note.desc);
}

/** What `makedumpfile --config` scrubbed: text lines of its own note. */
export function eraseinfoOf(notes: readonly Note[]): string | undefined {
  const note = notes.find((one) => one.name === "ERASEINFO");
  return note && cString(note.desc);
}
