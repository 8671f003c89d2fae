/** The DAP `readMemory` request. */
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Handlers } from "../handlers.ts";
import { addressOf } from "../values/addressOf.ts";

/** Maximum number of bytes per response. For more, the client requests the rest. */
const MAX_COUNT = 1 << 24;

/** Reads memory by address. A page that is not in the dump is reported as unreadable up to its end. */
export const memory: Pick<Handlers, "readMemory"> = {
  *readMemory(target, { memoryReference, offset = 0, count }) {
    const address = BigInt.asUintN(64, addressOf(target, memoryReference) + BigInt(offset));
    const wanted = Math.min(count, MAX_COUNT);
    const bytes = Buffer.alloc(wanted);
    let done = 0;
    while (done < wanted) {
      const page = target.kernel.memory.page(BigInt.asUintN(64, address + BigInt(done)));
      if (page instanceof Fault || page.length === 0) break;
      const part = page.subarray(0, wanted - done);
      bytes.set(part, done);
      done += part.length;
      yield;
    }
    const data = bytes.toString("base64", 0, done);
    return {
      address: hex0x(address),
      data,
      ...(done < wanted ? { unreadableBytes: unreadable(address, done, wanted) } : {}),
    };
  },
};

/** Returns the number of bytes up to the next page, where reading may continue; at most `wanted`. */
function unreadable(address: bigint, done: number, wanted: number): number {
  const start = address + BigInt(done);
  return Math.min(wanted - done, 4096 - Number(start & 4095n));
}
