/** The instructions of functions, decoded once per function. */
import { derived } from "../../model/derived.ts";
import { disassembler, type Instruction } from "../../arch/disassembler/disassembler.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { markedInstruction } from "../../crash/say/instruction.ts";
import type { KSymbol } from "../../debuginfo/source.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Job } from "../../base/job.ts";

/** Maximum size of a function in bytes; limits the work for a symbol with a damaged size. */
const MAX_FUNCTION = 1 << 16;

/** The instructions of a function, or of code without a symbol. */
export interface Code {
  readonly symbol: KSymbol | undefined;
  readonly start: bigint;
  readonly instructions: readonly Instruction[];
}

const codes = derived("code of functions", () => new Map<bigint, Code>());

/**
 * Returns the instructions of the function that contains `address`. @throws Fault when its bytes are not in the dump
 */
export function* functionCode(kernel: Kernel, address: bigint): Job<Code> {
  const symbol = kernel.symbols.at(address);
  const start = symbol?.address ?? address;
  const size = Math.min(MAX_FUNCTION, Math.max(symbol?.size ?? 0, Number(address - start) + 1));
  const decoder = yield* disassembler(kernel.arch);
  const known = codes(kernel);
  let code = known.get(start);
  if (!code) {
    const bytes = readable(kernel, start, size);
    known.set(start, (code = { symbol, start, instructions: decoder.instructions(bytes, start) }));
  }
  return code;
}

/**
 * Returns the address of the call that returns to `pc`. This is the current instruction of every frame but the
 * innermost.
 *
 * @returns `pc` itself if no call is found before it
 */
export function* callBefore(kernel: Kernel, pc: bigint): Job<bigint> {
  try {
    const { instructions } = yield* functionCode(kernel, pc - 1n);
    const call = instructions.findLast(({ address }) => address < pc);
    return call && call.address + BigInt(call.bytes.length) === pc ? call.address : pc;
  } catch (error) {
    if (error instanceof Fault) return pc;
    throw error;
  }
}

/** Reads up to `size` bytes of code. @throws Fault when the first byte cannot be read */
export function readable(kernel: Kernel, start: bigint, size: number): Uint8Array {
  const whole = attempt(() => kernel.memory.read(start, size));
  if (!(whole instanceof Fault)) return whole;
  const parts: Uint8Array[] = [];
  for (let done = 0; done < size;) {
    const page = kernel.memory.page(start + BigInt(done));
    if (page instanceof Fault) {
      if (done === 0) throw page;
      break;
    }
    parts.push(page.subarray(0, size - done));
    done += page.length;
  }
  return Buffer.concat(parts);
}

/** Formats an instruction like `dis -x` in the console. */
export const instructionWords = (kernel: Kernel, instruction: Instruction): string =>
  markedInstruction(kernel, instruction, 16).trimEnd();
