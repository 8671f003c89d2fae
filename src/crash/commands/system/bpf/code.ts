/** Prints the code of BPF programs. */
import { disassembler } from "../../../../arch/disassembler/disassembler.ts";
import { Fault, faultLast } from "../../../../base/fault.ts";
import { hex0x, hexBytes } from "../../../../base/hex.ts";
import { bpfFunctions, bpfInstructions, usedMaps } from "../../../../linux/bpf/bpf.ts";
import { type BpfInstruction, bpfInstructionTexts, type BpfNames } from "../../../../linux/bpf/bpfInsn.ts";
import { globalAddress } from "../../../../linux/vmcoreinfo.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Context } from "../../../language/command.ts";
import { markedInstruction } from "../../../say/instruction.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultPiece, text, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

/** The table of translated instructions. @param withBytes whether to show the bytes of each in hexadecimal */
export const translatedTable = (withBytes: boolean): Table<BpfInstruction> => ({
  columns: {
    index: { kind: "number", title: "", width: 4, value: ({ index }) => index },
    text: { kind: "text", title: "", gap: ": ", value: ({ text }) => text },
    bytes: {
      kind: "text",
      ...(withBytes && { title: "" }),
      line: 1,
      gap: "       ",
      about: "in hexadecimal",
      value: ({ bytes }) => hexBytes(bytes),
    },
  },
});

/**
 * Prints the instructions as the verifier rewrote them.
 * @param withBytes whether to show the bytes of each in hexadecimal
 * @throws Fault if the instructions cannot be read
 */
export function* translatedCode(program: Obj, withBytes: boolean): Pieces {
  const { kernel } = program;
  const code = bpfInstructions(program);
  const layout = new TableLayout(kernel, translatedTable(withBytes));
  for (const one of bpfInstructionTexts(code, kernel.arch.byteOrder, names(program))) yield layout.row(one);
}

function names(program: Obj): BpfNames {
  const { kernel } = program;
  const base = globalAddress(kernel, "__bpf_call_base");
  const ids = new Map<bigint, number>();
  for (const map of faultLast(usedMaps(program)))
    if (!(map instanceof Fault)) ids.set(map.address, map.at("id").number());
  return {
    map: (address) => ids.get(address),
    // Call offsets are relative to this address (kernel/bpf/core.c: __bpf_call_base).
    helper(number) {
      const address = base === undefined ? undefined : BigInt.asUintN(64, base + BigInt(number));
      const symbol = address === undefined ? undefined : kernel.symbols.at(address);
      return symbol && symbol.address === address ? symbol.name : undefined;
    },
  };
}

/** The table of instructions of compiled code. */
export const jitedTable: Table<{ readonly address: bigint; readonly text: string }> = {
  columns: {
    address: {
      kind: "address",
      title: "",
      width: 0,
      gap: "   ",
      value: ({ address }) => address,
      text: (address) => ({ as: "address", text: hex0x(address), address }),
    },
    text: { kind: "text", title: "", gap: ":\t", value: ({ text }) => text },
  },
};

/** Maximum size of the compiled code of one program in bytes. A larger size means damaged data. */
const MAX_JITED = 64 << 20;

/** Disassembles the compiled code of a program and of its subprograms (`bpf_prog_aux.func`). @throws Fault */
export function* jitedCode({ kernel, radix }: Pick<Context, "kernel" | "radix">, program: Obj): Pieces {
  const decoder = yield* disassembler(kernel.arch);
  const layout = new TableLayout(kernel, jitedTable);
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
    if (size > MAX_JITED)
      throw Fault.at(
        "corrupt",
        part.address,
        `the program size of ${size} bytes exceeds the limit of ${MAX_JITED} bytes; the program is probably damaged`,
      );
    for (const instruction of decoder.instructions(kernel.memory.read(start, size), start)) {
      yield layout.row({ address: instruction.address, text: markedInstruction(kernel, instruction, radix) });
    }
  }
}
