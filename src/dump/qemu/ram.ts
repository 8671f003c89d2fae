/** Reads the section "ram" of a migration stream (QEMU's migration/ram.c). */
import { inflateSync } from "node:zlib";
import { Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { decodeWith, onePage } from "../compress/compressor.ts";
import type { FileCursor } from "../cursor.ts";
import { FILE_ENDS } from "../pages.ts";
import { INSTEAD, type RamBlock } from "./guestMemory.ts";

/** RAM_SAVE_FLAG_*: the low bits of the offset of a page. */
const ZERO = 0x02;
const MEM_SIZE = 0x04;
const PAGE = 0x08;
const EOS = 0x10;
const CONTINUE = 0x20;
const XBZRLE = 0x40;
const COMPRESSED = 0x100;
const MULTIFD_FLUSH = 0x200;
/** Number of bytes of the header of a page that is in the same block as the previous page. */
const PAGE_HEADER_BYTES = 8;
/** Maximum number of blocks. Guests have a few dozen. */
const MAX_BLOCKS = 4096;

/** How a page is stored. The values are in the low bits of a page location. */
const STORED = 0;
const FILLED = 1;
const DEFLATED = 2;
const KINDS = 4;

/** A page of a block. */
export interface RamPage {
  readonly block: RamBlock;
  /** Offset in the block, in bytes. */
  readonly offset: number;
  /** Location of the page, as `ramPage` takes it. */
  readonly place: number;
  /** Distance in bytes to the location of the next page, if it is stored in the same way. */
  readonly stride: number;
}

/** The state of the section "ram" over its parts. */
export interface RamState {
  readonly file: RandomFile;
  readonly pageSize: number;
  readonly blocks: RamBlock[];
  block: RamBlock | undefined;
}

/**
 * Reads one part of the section up to its end mark, and yields its pages. @throws Fault "corrupt" for invalid data;
 * "truncated" when the file ends
 */
export function* ramPart(cursor: FileCursor, state: RamState): Generator<RamPage, void> {
  const { pageSize, file } = state;
  for (;;) {
    const word = cursor.u64();
    const flags = Number(word & BigInt(pageSize - 1));
    const offset = Number(word & ~BigInt(pageSize - 1));
    if (flags & EOS) return;
    if (flags & MEM_SIZE) {
      readBlocks(cursor, state, offset);
      continue;
    }
    refuse(flags, file.name);
    if (!(flags & CONTINUE)) {
      const name = cursor.text(cursor.u8());
      state.block = state.blocks.find((one) => one.name === name);
    }
    const { block } = state;
    if (!block || offset + pageSize > block.size)
      throw Fault.of("corrupt", `${file.name}: a page of an unknown block at offset ${cursor.at}`);
    if (flags & ZERO) {
      const fill = cursor.u8();
      yield { block, offset, place: fill * KINDS + FILLED, stride: 0 };
    } else if (flags & PAGE) {
      yield { block, offset, place: cursor.at * KINDS + STORED, stride: (pageSize + PAGE_HEADER_BYTES) * KINDS };
      cursor.skip(pageSize);
    } else {
      const place = cursor.at * KINDS + DEFLATED;
      cursor.skip(cursor.u32());
      yield { block, offset, place, stride: 1 };
    }
  }
}

/** Refuses pages that are stored in an unsupported way. @throws Fault "corrupt" */
function refuse(flags: number, name: string): void {
  const because = (what: string): Fault => Fault.of("corrupt", `${name}: ${what} is not read: ${INSTEAD}`);
  if (flags & XBZRLE) throw because("a migration stream with XBZRLE");
  if (flags & MULTIFD_FLUSH) throw because("a migration stream of multifd channels");
  if (!(flags & (ZERO | PAGE | COMPRESSED))) throw because(`a page of kind 0x${flags.toString(16)}`);
}

function readBlocks(cursor: FileCursor, { blocks, file }: RamState, total: number): void {
  for (let sum = 0; sum < total;) {
    const name = cursor.text(cursor.u8());
    const size = Number(cursor.u64());
    if (!(size > 0) || !Number.isSafeInteger(size) || sum + size > total || blocks.length === MAX_BLOCKS)
      throw Fault.of("corrupt", `${file.name}: the list of memory blocks is damaged at offset ${cursor.at}`);
    blocks.push({ name, size });
    sum += size;
  }
}

/** Returns the page at a location, or why it cannot be read. */
export function ramPage(file: RandomFile, place: number, pageSize: number): Uint8Array | Fault {
  const at = Math.floor(place / KINDS);
  const kind = place % KINDS;
  if (kind === FILLED) return new Uint8Array(pageSize).fill(at);
  if (kind === STORED) {
    const bytes = readBytes(file, at, pageSize);
    return bytes instanceof Fault || bytes.length === pageSize ? bytes : Fault.of("truncated", FILE_ENDS);
  }
  const head = readBytes(file, at, 4);
  if (head instanceof Fault) return head;
  const size = Buffer.from(orThrow(head)).readUInt32BE(0);
  if (size > 2 * pageSize)
    return Fault.of("corrupt", `page cannot be stored as ${size} bytes, which is more than ${2 * pageSize}`);
  const bytes = readBytes(file, at + 4, size);
  return bytes instanceof Fault ? bytes : decodeWith(() => inflateSync(bytes, onePage(pageSize)), pageSize);
}
