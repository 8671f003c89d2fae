/** Unpacks the legacy frame of LZ4, which packs the kernel in boot images. Source: "LZ4 Frame Format Description". */
import { viewOf } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";

/** The magic number of a legacy frame, little-endian. */
const MAGIC = 0x184c2102;
/** Unpacked size of each block of a legacy frame in bytes; only the last block may be smaller. */
const BLOCK = 8 << 20;
/** The shortest match in bytes. */
const MIN_MATCH = 4;

/** Whether bytes begin with a legacy frame. */
export const isLz4Legacy = (head: Uint8Array): boolean => head.length >= 4 && viewOf(head).getUint32(0, true) === MAGIC;

/**
 * Unpacks a legacy frame. Yields after each block.
 * @param most limit of the unpacked size in bytes
 * @throws Fault corrupt if it is damaged or unpacks to more than the limit
 */
export function* unlz4Legacy(input: Uint8Array, most: number): Generator<void, Uint8Array, void> {
  const view = viewOf(input);
  const blocks: Uint8Array[] = [];
  let total = 0;
  for (let at = 4; at < input.length;) {
    if (input.length - at < 4) throw damaged("it ends within the size of a block");
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0 || size > input.length - at) throw damaged(`a block states ${size} bytes`);
    const block = unpackBlock(input.subarray(at, at + size));
    total += block.length;
    if (total > most) throw Fault.of("corrupt", `unpacks to more than the limit of ${most} bytes`);
    blocks.push(block);
    at += size;
    yield;
  }
  return Buffer.concat(blocks);
}

const damaged = (why: string): Fault => Fault.of("corrupt", `is damaged: ${why}`);

/** Unpacks a block. Source: "LZ4 Block Format Description". @throws Fault corrupt */
function unpackBlock(input: Uint8Array): Uint8Array {
  const output = new Uint8Array(Math.min(BLOCK, input.length * 255));
  let [from, to] = [0, 0];
  /** Returns a length that continues in further bytes if its four bits are all set. */
  const lengthOf = (bits: number): number => {
    let length = bits;
    for (let byte = bits === 15 ? 255 : 0; byte === 255; length += byte) {
      if (from >= input.length) throw damaged("a block ends within a length");
      byte = input[from++] ?? 0;
    }
    return length;
  };
  while (from < input.length) {
    const token = input[from++] ?? 0;
    const literals = lengthOf(token >> 4);
    if (literals > input.length - from || literals > output.length - to)
      throw damaged(`a block states ${literals} literal bytes`);
    output.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === input.length) break;
    if (from + 2 > input.length) throw damaged("a block ends within an offset");
    const offset = (input[from] ?? 0) | ((input[from + 1] ?? 0) << 8);
    from += 2;
    const length = lengthOf(token & 15) + MIN_MATCH;
    if (offset === 0 || offset > to || length > output.length - to)
      throw damaged(`a block repeats ${length} bytes from ${offset} bytes before`);
    // Byte by byte if the match overlaps what it produces.
    if (offset >= length) output.copyWithin(to, to - offset, to - offset + length);
    else for (let i = 0; i < length; i++) output[to + i] = output[to + i - offset] ?? 0;
    to += length;
  }
  return output.subarray(0, to);
}
