import { disassembler } from "../../../../arch/disassembler/disassembler.ts";
import { Fault, faultLast } from "../../../../base/fault.ts";
import { hex0x } from "../../../../base/hex.ts";
import { bpfFunctions, bpfInstructions, usedMaps } from "../../../../linux/bpf/bpf.ts";
import { bpfInstructionTexts, type BpfNames } from "../../../../linux/bpf/bpfInsn.ts";
import { globalAddress } from "../../../../linux/vmcoreinfo.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Context } from "../../../language/command.ts";
import { instructionText } from "../../../say/instruction.ts";
import { faultPiece, record, text, type Pieces, addressJson } from "../../../../say/piece.ts";

const INDEX_WIDTH = 4;

/** The instructions as the verifier left them. @param withBytes each also in hexadecimal @throws Fault */
export function* translatedCode(program: Obj, withBytes: boolean): Pieces {
  const { kernel } = program;
  const code = bpfInstructions(program);
  for (const { index, bytes, text: words } of bpfInstructionTexts(code, kernel.arch.byteOrder, names(program))) {
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const line = `${String(index).padStart(INDEX_WIDTH)}: ${words}`;
    yield record({ index, bytes: hex, text: words }, ...(withBytes ? [line, `       ${hex}`] : [line]));
  }
}

function names(program: Obj): BpfNames {
  const { kernel } = program;
  const base = globalAddress(kernel, "__bpf_call_base");
  const ids = new Map<bigint, number>();
  for (const map of faultLast(usedMaps(program)))
    if (!(map instanceof Fault)) ids.set(map.address, map.at("id").number());
  return {
    map: (address) => ids.get(address),
    // Calls are counted from there (kernel/bpf/core.c: __bpf_call_base).
    helper(number) {
      const address = base === undefined ? undefined : BigInt.asUintN(64, base + BigInt(number));
      const symbol = address === undefined ? undefined : kernel.symbols.at(address);
      return symbol && symbol.address === address ? symbol.name : undefined;
    },
  };
}

/** A program is at most so large once it is compiled: what says otherwise is damaged. */
const MAX_JITED = 64 << 20;

/** The compiled code of a program and of the functions that it calls. @throws Fault */
export function* jitedCode({ kernel, radix }: Pick<Context, "kernel" | "radix">, program: Obj): Pieces {
  const decoder = yield* disassembler(kernel.arch);
  let number = 0;
  for (const part of faultLast(bpfFunctions(program))) {
    if (part instanceof Fault) return yield faultPiece(part, "bpf: ");
    if (number > 0) yield text("", `   func[${number}]:`);
    number++;
    if (part.at("jited").value() === 0n) {
      yield text("   (not jited)");
      continue;
    }
    const start = part.at("bpf_func").value();
    const size = part.at("jited_len").number();
    if (size > MAX_JITED) throw Fault.at("corrupt", part.address, `a program of ${size} bytes of code`);
    for (const instruction of decoder.instructions(kernel.memory.read(start, size), start)) {
      const words = instructionText(kernel, instruction, radix);
      const { address } = instruction;
      yield record({ address: addressJson(address), text: words }, [
        "   ",
        { as: "address", text: hex0x(address), address },
        `:\t${words}`,
      ]);
    }
  }
}
