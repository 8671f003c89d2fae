/** Reads machine code that may be readable only in part. */
import { attempt, Fault } from "../../base/fault.ts";

/** Memory that contains code. */
interface CodeMemory {
  read(address: bigint, length: number): Uint8Array;
  page(address: bigint): Uint8Array | Fault;
}

/** Bytes of code up to the first page that cannot be read, and why it cannot. */
interface CodeBytes {
  readonly bytes: Uint8Array;
  readonly fault: Fault | undefined;
}

/** Reads code up to the first page that cannot be read. @throws Fault if that is the page of `start` */
export function codeBytes(memory: CodeMemory, start: bigint, size: number): CodeBytes {
  const whole = attempt(() => memory.read(start, size));
  if (!(whole instanceof Fault)) return { bytes: whole, fault: undefined };
  const pages: Uint8Array[] = [];
  let length = 0;
  while (length < size) {
    const page = memory.page(start + BigInt(length));
    if (page instanceof Fault) {
      if (length === 0) throw page;
      return { bytes: Buffer.concat(pages), fault: page };
    }
    pages.push(page.subarray(0, size - length));
    length += page.length;
  }
  return { bytes: Buffer.concat(pages), fault: whole };
}
