import { disassembler, type Instruction } from "../../arch/disassembler.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { UsageError } from "../../base/usageError.ts";
import type { Job } from "../../session/job.ts";
import { addressOf } from "../addressOf.ts";
import type { Handlers } from "../handlers.ts";
import { functionCode, instructionWords, offsetName } from "../instructions.ts";
import type { Target } from "../target.ts";

/** The kernel prints 64 bytes (OPCODE_BUFSIZE in arch/x86/include/asm/processor.h); user code of 32-bit words fewer. */
const MAX_BYTES = 256;

/** The longest instruction of x86 less one: where decoding may have to begin behind the first byte printed. */
const MAX_SKIPPED = 14;

/** What an oops printed of the code around the fault, as instructions: the oops's bytes, not those of the dump. */
export const opcodes: Pick<Handlers, "vmcore/opcodes"> = {
  *"vmcore/opcodes"(target, { text, at }) {
    const { kernel } = target;
    const { bytes, mark } = codeBytes(text, kernel.arch.name === "s390x");
    const fault = at === undefined ? undefined : attempt(() => placeOf(target, at));
    const place = fault instanceof Fault ? undefined : fault;
    const start = BigInt.asUintN(64, (place ?? 0n) - BigInt(mark));
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
          symbol: symbol && offsetName(symbol, one.address),
          bytes: [...one.bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
          text: instructionWords(kernel, one),
          faulting: one.address === start + BigInt(mark),
        };
      }),
    };
  },
};

function placeOf(target: Target, text: string): bigint | undefined {
  try {
    return addressOf(target, text);
  } catch (error) {
    // A function of a module that is gone.
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/**
 * Bytes of `8b 43 <89> 28` as they stand; of words of four digits or more, which are numbers, by the byte order.
 * @throws UsageError for what marks no instruction
 */
function codeBytes(text: string, isBigEndian: boolean): { bytes: Uint8Array; mark: number } {
  const bytes: number[] = [];
  let mark = -1;
  for (const [, open, digits = ""] of text.matchAll(/([<(]?)\b((?:[0-9a-f]{2}){1,4})\b/g)) {
    if (open) mark = bytes.length;
    const word = (digits.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
    bytes.push(...(isBigEndian ? word : word.reverse()));
    if (bytes.length > MAX_BYTES) break;
  }
  if (mark < 0) throw new UsageError("this line of code marks no instruction");
  return { bytes: Uint8Array.from(bytes), mark };
}

/** How many bytes to skip to the first whole instruction; undefined when the function's own code does not tell. */
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

/** Decoded from the first byte from which it comes out at the mark: what is before an instruction may be any bytes. */
function synchronised(decode: (skipped: number) => Instruction[], start: bigint, mark: number): Instruction[] {
  for (let skipped = 0; skipped <= Math.min(mark, MAX_SKIPPED); skipped++) {
    const found = decode(skipped);
    const at = found.findIndex(({ address }) => address === start + BigInt(mark));
    if (at >= 0 && found.slice(0, at).every(({ mnemonic }) => mnemonic !== "(bad)")) return found;
  }
  return decode(mark);
}
