import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

export interface XzParts {
  /** LZMA2 data of the one block; what they are without: `contents` as they are, in chunks of LZMA2 that are not packed. */
  readonly data?: Uint8Array;
  /** What the index says that they unpack to. */
  readonly size?: number;
  /** By the number of a filter. */
  readonly filter?: number;
  /** Of LZMA2, in the steps of the format: 22 are 8 MiB. */
  readonly dictionary?: number;
  /** Whether the stream has SHA-256; otherwise it has no checksum. */
  readonly isChecked?: boolean;
}

const MAX_CHUNK = 1 << 16;
const CHECK_SHA256 = 10;

/** An xz file of one block with SHA-256: "The .xz File Format", 1.0.4. */
export function xz(
  contents: Uint8Array,
  { data = stored(contents), size = contents.length, filter = 0x21, dictionary = 22, isChecked = true }: XzParts = {},
): Buffer {
  // prettier-ignore
  const header = withSum(Buffer.from([2, 0, filter, 1, dictionary, 0, 0, 0]));
  const check = isChecked ? createHash("sha256").update(contents).digest() : Buffer.alloc(0);
  const block = Buffer.concat([header, data]);
  const index = withSum(padded(Buffer.from([0, 1, ...number(block.length + check.length), ...number(size)])));
  const flags = Buffer.from([0, isChecked ? CHECK_SHA256 : 0]);
  const footer = Buffer.alloc(6);
  footer.writeUInt32LE(index.length / 4 - 1);
  flags.copy(footer, 4);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(footer));
  return Buffer.concat([Buffer.from("\xfd7zXZ\0", "latin1"), withSum(flags), padded(block), check, index, sum, footer, Buffer.from("YZ")]); // prettier-ignore
}

/** Chunks that are stored: the first one empties the dictionary. */
function stored(contents: Uint8Array): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < contents.length; at += MAX_CHUNK) {
    const bytes = contents.subarray(at, at + MAX_CHUNK);
    chunks.push(Buffer.from([at === 0 ? 1 : 2, (bytes.length - 1) >> 8, (bytes.length - 1) & 255]), Buffer.from(bytes));
  }
  return Buffer.concat([...chunks, Buffer.from([0])]);
}

function withSum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(bytes));
  return Buffer.concat([bytes, sum]);
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

function number(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...number(Math.floor(value / 0x80))];
}
