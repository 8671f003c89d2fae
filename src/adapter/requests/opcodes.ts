/** The custom request that decodes the `Code:` line of an oops. */
import { disassembler, type Instruction } from "../../arch/disassembler/disassembler.ts";
import { codeBytes, MAX_SKIPPED, synchronised } from "../../arch/disassembler/opcodes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x, hexBytes } from "../../base/hex.ts";
import type { Job } from "../../base/job.ts";
import { symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import { addressIfAny } from "../values/addressOf.ts";
import type { Handlers } from "../handlers.ts";
import { functionCode, instructionWords } from "../code/instructions.ts";
import type { Target } from "../target.ts";

/**
 * Decodes the code bytes that an oops printed around the fault. These are the bytes in the log, not those in the dump.
 */
export const opcodes: Pick<Handlers, "vmcore/opcodes"> = {
  *"vmcore/opcodes"(target, { text, at }) {
    const { kernel } = target;
    const { bytes, mark } = codeBytes(text, kernel.arch.byteOrder === "big");
    const fault = at === undefined ? undefined : attempt(() => addressIfAny(target, at));
    const place = fault instanceof Fault ? undefined : fault;
    // Without a place, and for one at which the line would begin below 0, addresses count from the line's first byte.
    const start = place === undefined || place < BigInt(mark) ? 0n : place - BigInt(mark);
    const decoder = yield* disassembler(kernel.arch);
    const decode = (skipped: number): Instruction[] =>
      decoder.instructions(bytes.subarray(skipped), start + BigInt(skipped));
    const known = place === undefined ? undefined : yield* boundary(target, place, start);
    const instructions = known === undefined ? synchronised(decode, start, mark) : decode(known);
    return {
      instructions: instructions.map((one) => {
        const symbol = place === undefined ? undefined : kernel.symbols.at(one.address);
        return {
          address: hex0x(one.address),
          symbol: symbol && symbolPlace(symbol, one.address, 16),
          bytes: hexBytes(one.bytes),
          text: instructionWords(kernel, one),
          faulting: one.address === start + BigInt(mark),
        };
      }),
    };
  },
};

/**
 * Returns how many bytes to skip to reach the first complete instruction; undefined if the function's code does not
 * tell.
 */
function* boundary(target: Target, place: bigint, start: bigint): Job<number | undefined> {
  if (!target.kernel.code.isText(place)) return undefined;
  try {
    const { instructions } = yield* functionCode(target.kernel, place);
    if (!instructions.some(({ address }) => address === place)) return undefined;
    const first = instructions.find(({ address }) => address >= start);
    const skipped = first && Number(first.address - start);
    return skipped !== undefined && skipped <= MAX_SKIPPED ? skipped : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
