/** Writes the page bitmaps of a kdump-compressed file. */

/** A file that is written at any offset. */
export interface WritableFile {
  write(bytes: Uint8Array, offset: number): void;
}

const REGION_BYTES = 1 << 16;
const REGION_BITS = REGION_BYTES * 8;

/**
 * Writes a bitmap, lowest bit of each byte first. Regions without a set bit remain holes of the file.
 * @param start offset in the file
 * @param bits the set bits, ascending
 */
export function writeBitmap(file: WritableFile, start: number, bits: Iterable<number>): void {
  const bytes = new Uint8Array(REGION_BYTES);
  let region = -1;
  let length = 0;
  const flush = (): void => {
    // Up to the last set bit, because what follows the bitmap may begin within the region.
    if (length > 0) file.write(bytes.slice(0, length), start + region * REGION_BYTES);
    bytes.fill(0);
    length = 0;
  };
  for (const bit of bits) {
    if (Math.floor(bit / REGION_BITS) !== region) {
      flush();
      region = Math.floor(bit / REGION_BITS);
    }
    const byte = (bit % REGION_BITS) >>> 3;
    bytes[byte] = (bytes[byte] ?? 0) | (1 << (bit % 8));
    length = byte + 1;
  }
  flush();
}
