import { cString, viewOf, type ByteOrder } from "../base/bytes.ts";
import type { Note } from "./format.ts";

/** More notes than the largest machines write (a dozen for each CPU), fewer than would fill memory. */
const MAX_NOTES = 1 << 18;

/**
 * ELF notes as Linux, kexec and QEMU lay them out: name and payload each padded to four bytes, in 32- and 64-bit
 * files alike (elf(5), "Notes"). What is cut off or overruns the bytes given ends the list.
 */
export function parseNotes(bytes: Uint8Array, order: ByteOrder): Note[] {
  const view = viewOf(bytes);
  const little = order === "little";
  const notes: Note[] = [];
  let at = 0;
  while (at + 12 <= bytes.length && notes.length < MAX_NOTES) {
    const nameSize = view.getUint32(at, little);
    const descSize = view.getUint32(at + 4, little);
    const type = view.getUint32(at + 8, little);
    if (nameSize === 0) {
      at += 4; // no note, but the unused rest of a CPU's note buffer
      continue;
    }
    const desc = at + 12 + padded(nameSize);
    if (desc + descSize > bytes.length) break;
    notes.push({
      name: cString(bytes.subarray(at + 12, at + 12 + nameSize)),
      type,
      desc: bytes.subarray(desc, desc + descSize),
    });
    at = desc + padded(descSize);
  }
  return notes;
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
