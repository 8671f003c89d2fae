/** Reads the groups and tags of a VMware checkpoint file (.vmss, .vmsn). */
import { cString, viewOf } from "../../base/bytes.ts";
import { Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { FileCursor } from "../cursor.ts";

/** Magic numbers of files with 64-bit sizes: complete, partial, restored, and not to be restored. */
const MAGICS: readonly number[] = [0xbed2bed2, 0xbed3bed3, 0xbad1bad1, 0xbad2bad2];
/** Magic number of files with 32-bit sizes, which VMware wrote before 2006. */
const OLD_MAGIC = 0xbed0bed0;
const HEADER_BYTES = 12;
/** Size in bytes of an entry in the list of groups: a name of 64 bytes, the position and the size of its tags. */
const GROUP_BYTES = 80;
const NAME_BYTES = 64;
/** Maximum numbers of groups and of tags, for damaged files. A guest has some dozen groups and a few thousand tags. */
const MAX_GROUPS = 1024;
const MAX_TAGS = 1 << 20;
/**
 * Two sizes in a tag mean that it is a block, whose real sizes and padding follow: 62 is a compressed block, 63 another
 * block.
 */
const COMPRESSED_BLOCK = 62;

/** A value of a group. Tags without an index have an empty list. */
export interface Tag {
  readonly name: string;
  readonly indexes: readonly number[];
  /** Offset of the value in the file. */
  readonly at: number;
  /** Size in bytes. */
  readonly size: number;
  readonly isCompressed: boolean;
}

const magicOf = (head: Uint8Array): number => (head.length < 4 ? 0 : viewOf(head).getUint32(0, true));

/** Whether a file begins as a VMware checkpoint does. */
export const isCheckpoint = (head: Uint8Array): boolean => [...MAGICS, OLD_MAGIC].includes(magicOf(head));

/** Yields the tags of one group of the file. @throws Fault corrupt or truncated */
export function* tagsOf(file: RandomFile, group: string): Generator<Tag> {
  const head = orThrow(readBytes(file, 0, HEADER_BYTES + MAX_GROUPS * GROUP_BYTES));
  if (magicOf(head) === OLD_MAGIC)
    throw Fault.of(
      "corrupt",
      `${file.name}: a VMware snapshot with 32-bit sizes is not read: convert it with VMware's vmss2core`,
    );
  if (head.length < HEADER_BYTES) throw Fault.of("truncated", `${file.name}: ends within its header`);
  const view = viewOf(head);
  const count = view.getUint32(8, true);
  if (count > MAX_GROUPS)
    throw Fault.of("corrupt", `${file.name}: a VMware snapshot has ${count} groups, but the limit is ${MAX_GROUPS}`);
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * GROUP_BYTES;
    if (at + GROUP_BYTES > head.length) throw Fault.of("truncated", `${file.name}: ends within its list of groups`);
    if (cString(head.subarray(at, at + NAME_BYTES)) !== group) continue;
    yield* tagsAt(file, Number(view.getBigUint64(at + NAME_BYTES, true)));
  }
}

/** Reads tags up to the empty one that ends a group. */
function* tagsAt(file: RandomFile, start: number): Generator<Tag> {
  const cursor = new FileCursor(file, start, "little");
  for (let count = 0; count < MAX_TAGS; count++) {
    const tag = cursor.u16();
    if (tag === 0) return;
    const name = cursor.text(tag >> 8);
    const indexes = Array.from({ length: (tag >> 6) & 3 }, () => cursor.u32());
    const kind = tag & 63;
    let size = kind;
    if (kind >= COMPRESSED_BLOCK) {
      size = Number(cursor.u64());
      cursor.skip(8);
      cursor.skip(cursor.u16());
    }
    if (!Number.isSafeInteger(cursor.at + size))
      throw Fault.of("corrupt", `${file.name}: the value of "${name}" cannot have ${size} bytes`);
    yield { name, indexes, at: cursor.at, size, isCompressed: kind === COMPRESSED_BLOCK };
    cursor.skip(size);
  }
  throw Fault.of("corrupt", `${file.name}: more than ${MAX_TAGS} values in a group of a VMware snapshot`);
}
