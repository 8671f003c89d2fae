/** The DAP `readMemory` request, and the custom request for words of memory. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x, padHex } from "../../base/hex.ts";
import { symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { MemoryWord } from "../../protocol/memory.ts";
import type { Handlers } from "../handlers.ts";
import { addressOf } from "../values/addressOf.ts";
import { glance } from "../values/glance.ts";

/** Maximum number of bytes per response. For more, the client requests the rest. */
const MAX_COUNT = 1 << 24;

/** Maximum number of bytes per response of `vmcore/memory`. */
const MAX_WORD_BYTES = 1 << 16;

/** Reads memory by address. A page that is not in the dump is reported as unreadable up to its end. */
export const memory: Pick<Handlers, "readMemory" | "vmcore/memory"> = {
  *"vmcore/memory"(target, { address: text, count }) {
    const { kernel } = target;
    const { wordSize, byteOrder } = kernel.arch;
    const wanted = addressOf(target, text);
    const start = wanted - (wanted % BigInt(wordSize));
    const words: MemoryWord[] = [];
    for (let done = 0; done < Math.min(count, MAX_WORD_BYTES); done += wordSize) {
      words.push(wordAt(kernel, BigInt.asUintN(64, start + BigInt(done))));
      yield;
    }
    const what = glance(kernel, wanted);
    return { address: hex0x(start), wordSize, byteOrder, words, ...(what === undefined ? {} : { what }) };
  },

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

/** Describes a word by its address and by its value. */
function wordAt(kernel: Kernel, address: bigint): MemoryWord {
  const { wordSize, byteOrder } = kernel.arch;
  const value = attempt(() => kernel.memory.word(address));
  const symbol = kernel.symbols.at(address);
  const at = symbol && { symbol: symbolPlace(symbol, address, 16) };
  if (value instanceof Fault) return { bytes: "", fault: value.message, ...at };
  const digits = padHex(value, wordSize * 2);
  const bytes = byteOrder === "big" ? digits : (digits.match(/../g) ?? []).reverse().join("");
  const target = glance(kernel, value);
  return { bytes, ...at, ...(target === undefined ? {} : { target }) };
}
