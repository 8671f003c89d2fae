/** The checksums of xz files. Source: "The .xz File Format", 1.2.1, section 2.1.1.2. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** Size of each kind of check in bytes. */
const SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const CRC32 = 1;
const CRC64 = 4;
const SHA256 = 10;

/** A checksum over bytes that arrive in pieces. */
export interface Check {
  /** Size in bytes. */
  readonly size: number;
  update(bytes: Uint8Array): void;
  /** Whether the checksum equals the stored one. */
  matches(stored: Uint8Array): boolean;
}

/**
 * Creates a checksum.
 * @param kind of the check, 0 to 15; a reserved kind matches any stored value, as in xz
 */
export function checkOf(kind: number): Check {
  const size = SIZES[kind] ?? 0;
  switch (kind) {
    case CRC32: {
      let sum = 0;
      return {
        size,
        update: (bytes) => (sum = crc32(bytes, sum)),
        matches: (stored) => Buffer.from(stored).readUInt32LE() === sum,
      };
    }
    case CRC64: {
      const sum = new Crc64();
      return {
        size,
        update: (bytes) => sum.update(bytes),
        matches: (stored) => Buffer.compare(stored, sum.digest()) === 0,
      };
    }
    case SHA256: {
      const sum = createHash("sha256");
      return {
        size,
        update: (bytes) => sum.update(bytes),
        matches: (stored) => Buffer.compare(stored, sum.digest()) === 0,
      };
    }
    default:
      return { size, update: () => {}, matches: () => true };
  }
}

/** The polynomial of ECMA-182, bit-reversed. */
const POLYNOMIAL = 0xc96c5795d7870f42n;
/** Remainders by number of zero bytes that follow, then by byte; each as a low and a high word. */
let table: Uint32Array | undefined;

function makeTable(): Uint32Array {
  const entries = new BigUint64Array(4 * 256);
  for (let i = 0; i < entries.length; i++) {
    let entry = i < 256 ? BigInt(i) : (entries[i - 256] ?? 0n);
    for (let bit = 0; bit < 8; bit++) entry = (entry >> 1n) ^ (entry & 1n ? POLYNOMIAL : 0n);
    entries[i] = entry;
  }
  return Uint32Array.from({ length: entries.length * 2 }, (_, i) =>
    Number(((entries[i >> 1] ?? 0n) >> (i & 1 ? 32n : 0n)) & 0xffffffffn),
  );
}

/** CRC-64 that processes four bytes a step, each with the table for the number of zero bytes after it. */
class Crc64 {
  private low = -1;
  private high = -1;

  update(bytes: Uint8Array): void {
    const words = (table ??= makeTable());
    let { low, high } = this;
    let i = 0;
    for (; i + 4 <= bytes.length; i += 4) {
      low ^= (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
      const first = 1536 + (low & 0xff) * 2;
      const second = 1024 + ((low >>> 8) & 0xff) * 2;
      const third = 512 + ((low >>> 16) & 0xff) * 2;
      const fourth = (low >>> 24) * 2;
      low = high ^ (words[first] ?? 0) ^ (words[second] ?? 0) ^ (words[third] ?? 0) ^ (words[fourth] ?? 0);
      high = (words[first + 1] ?? 0) ^ (words[second + 1] ?? 0) ^ (words[third + 1] ?? 0) ^ (words[fourth + 1] ?? 0);
    }
    for (; i < bytes.length; i++) {
      const at = ((low ^ (bytes[i] ?? 0)) & 0xff) * 2;
      low = ((low >>> 8) | (high << 24)) ^ (words[at] ?? 0);
      high = (high >>> 8) ^ (words[at + 1] ?? 0);
    }
    this.low = low;
    this.high = high;
  }

  digest(): Buffer {
    const sum = Buffer.alloc(8);
    sum.writeInt32LE(~this.low, 0);
    sum.writeInt32LE(~this.high, 4);
    return sum;
  }
}
