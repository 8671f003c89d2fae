import type { WritableFile } from "../../src/dump/kdump/bitmapWriter.ts";

/** A file in memory that is written at any offset. */
export class MemoryFile implements WritableFile {
  private content = Buffer.alloc(1 << 16);
  private size = 0;

  write(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.length;
    if (end > this.content.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.content.length));
      this.content.copy(larger);
      this.content = larger;
    }
    this.content.set(bytes, offset);
    this.size = Math.max(this.size, end);
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.content.subarray(0, this.size));
  }
}
