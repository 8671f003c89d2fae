/** Keeps blocks of a remote file on disk. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wholeFile } from "../../base/file.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { removeLeastUsed } from "../fetch/leastUsed.ts";
import { ownPart } from "../fetch/partFile.ts";
import { MAX_ANSWER, type Source } from "./messages.ts";

const BLOCK_BYTES = 1 << 16;
/** Default size in bytes to which the cache is reduced when a file is opened; while it is read, the cache can grow. */
const MAX_BYTES = 4 * 2 ** 30;

/**
 * The blocks of one version of a file: a directory with a file for each block, named by its number. Processes share it,
 * because blocks of one version are the same.
 */
export class BlockCache {
  private readonly directory: string;
  private readonly size: number;

  private constructor(directory: string, size: number) {
    this.directory = directory;
    this.size = size;
  }

  /**
   * @param key host, path and version of the file
   * @param most size in bytes to which all files in the directory are reduced
   * @returns undefined if the directory cannot be written to
   */
  static open(directory: string, key: string, size: number, most = MAX_BYTES): BlockCache | undefined {
    const name = createHash("sha256").update(`${key} ${size}`).digest("hex").slice(0, 32);
    return attemptSystem(() => {
      const own = join(directory, name);
      mkdirSync(own, { recursive: true, mode: 0o700 });
      utimesSync(own, new Date(), new Date());
      prune(directory, name, most);
      return new BlockCache(own, size);
    });
  }

  /** Returns bytes if all their blocks are kept. */
  read(offset: number, length: number): Uint8Array | undefined {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const block = Math.floor((offset + done) / BLOCK_BYTES);
      const kept = attemptSystem(() => wholeFile(this.pathOf(block), BLOCK_BYTES));
      if (kept?.length !== this.lengthOf(block)) return undefined;
      const within = offset + done - block * BLOCK_BYTES;
      const part = kept.subarray(within, within + length - done);
      if (part.length === 0) return undefined;
      bytes.set(part, done);
      done += part.length;
    }
    return bytes;
  }

  /** Keeps the whole blocks among bytes at an offset. Errors, such as a full disk, only cost later requests. */
  write(offset: number, bytes: Uint8Array): void {
    for (let block = Math.ceil(offset / BLOCK_BYTES); ; block++) {
      const start = block * BLOCK_BYTES - offset;
      const length = this.lengthOf(block);
      if (length === 0 || start + length > bytes.length) return;
      const part = ownPart(this.pathOf(block));
      attemptSystem(() => {
        writeFileSync(part, bytes.subarray(start, start + length), { mode: 0o600 });
        renameSync(part, this.pathOf(block));
      });
    }
  }

  private pathOf(block: number): string {
    return join(this.directory, String(block));
  }

  private lengthOf(block: number): number {
    return Math.max(0, Math.min(BLOCK_BYTES, this.size - block * BLOCK_BYTES));
  }
}

/** Removes the blocks of files that were not used for the longest time beyond `most` bytes, except those of `kept`. */
function prune(directory: string, kept: string, most: number): void {
  const stored = readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    const used = name === kept ? Infinity : attemptSystem(() => statSync(path).mtimeMs);
    const bytes = (attemptSystem(() => readdirSync(path).length) ?? 0) * BLOCK_BYTES;
    return used === undefined ? [] : [{ path, used, bytes }];
  });
  removeLeastUsed(stored, most);
}

/**
 * Returns the `read` of a source that is a file. Kept blocks are read from the disk.
 * @param size of the file in bytes
 * @param read reads from the other machine; the blocks that its answer contains as a whole are then kept
 */
export const cachedRead =
  (size: number, blocks: BlockCache | undefined, read: Source["read"]): Source["read"] =>
  async (offset, length) => {
    const wanted = Math.min(length, MAX_ANSWER, size - offset);
    const kept = blocks?.read(offset, wanted);
    if (kept) return kept;
    const bytes = await read(offset, wanted);
    blocks?.write(offset, bytes);
    return bytes;
  };
