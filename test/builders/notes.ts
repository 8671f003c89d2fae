import type { ByteOrder } from "../../src/base/bytes.ts";
import { ImageWriter } from "./image.ts";

export interface BuiltNote {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array | string;
}

/** ELF notes: sizes, type, then name with its NUL and payload, each padded to four bytes. */
export function noteBytes(notes: readonly BuiltNote[], order: ByteOrder): Uint8Array {
  const out = new ImageWriter(order);
  for (const { name, type, desc } of notes) {
    const data = typeof desc === "string" ? Buffer.from(desc) : desc;
    const at = out.end;
    out.u32(at, name.length + 1);
    out.u32(at + 4, data.length);
    out.u32(at + 8, type);
    const body = at + 12 + Math.ceil((name.length + 1) / 4) * 4;
    out.put(at + 12, name.padEnd(body - at - 12, "\0"));
    out.put(body, data);
    out.put(body + data.length, "\0".repeat((4 - (data.length % 4)) % 4));
  }
  return out.done();
}
