/** Reads integers and C strings out of bytes, and writes integers. */

/** Byte order of the dumped machine. It is always passed along, because dump and host may differ. */
export type ByteOrder = "little" | "big";

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const utf8 = new TextDecoder("utf-8", { fatal: false });

/** Returns the text up to the first NUL, or all of it; invalid UTF-8 becomes U+FFFD. */
export function cString(bytes: Uint8Array, start = 0): string {
  let end = bytes.indexOf(0, start);
  if (end < 0) end = bytes.length;
  return utf8.decode(bytes.subarray(start, end));
}

/** Reads an unsigned integer of any size; 1, 2, 4 and 8 bytes are fast. @throws RangeError outside the view */
export function readUnsigned(view: DataView, offset: number, size: number, order: ByteOrder): bigint {
  const little = order === "little";
  switch (size) {
    case 1:
      return BigInt(view.getUint8(offset));
    case 2:
      return BigInt(view.getUint16(offset, little));
    case 4:
      return BigInt(view.getUint32(offset, little));
    case 8:
      return view.getBigUint64(offset, little);
    default: {
      // __int128 and odd-sized bit-field storage units
      let value = 0n;
      for (let i = 0; i < size; i++) {
        const byte = view.getUint8(offset + (little ? size - 1 - i : i));
        value = (value << 8n) | BigInt(byte);
      }
      return value;
    }
  }
}

/** Returns the low bytes of an integer. @param size their number */
export function bytesOf(value: bigint, size: number, order: ByteOrder): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++)
    bytes[order === "little" ? i : size - 1 - i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}
