/** Reads bytes of a file as if it were memory. */
import { Fault } from "../../../../base/fault.ts";
import type { RandomFile } from "../../../../base/file.ts";
import type { Arch } from "../../../../arch/arch.ts";
import type { ByteSource } from "../../../say/hexDump.ts";

/** Returns the bytes of a file, addressed by offset, in the machine's byte order. */
export function fileBytes(file: RandomFile, { byteOrder, wordSize }: Arch): ByteSource {
  const read = (offset: bigint, length: number): Uint8Array => {
    const bytes = file.read(Number(offset), length);
    if (bytes.length < length) throw Fault.at("truncated", offset, `${file.name} ends before this offset`);
    return bytes;
  };
  return { byteOrder, wordSize, read, u8: (offset) => read(offset, 1)[0] ?? 0 };
}
