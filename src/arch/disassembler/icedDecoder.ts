/** Decodes x86 instructions with iced-x86. */
import type * as Iced from "iced-x86";
import { type IcedMachine, MAX_INSTRUCTION_BYTES } from "../decoder.ts";
import type { Disassembler, Instruction, Syntax } from "./disassembler.ts";
import { gnuSyntax } from "./gnuSyntax.ts";
import { encodedLength, withoutRex2, type X86Addition, x86Addition } from "./x86Additions.ts";

/**
 * Loads iced-x86, whose WebAssembly is compiled when its module is loaded. @returns a function that makes a
 * disassembler
 */
export const loadIced = ({ bits }: IcedMachine): Promise<(syntax: Syntax) => Disassembler> =>
  import("iced-x86").then((iced) => (syntax) => wrap(iced, syntax, bits));

function wrap(iced: typeof Iced, syntax: Syntax, bits: IcedMachine["bits"]): Disassembler {
  const formatter = gnuFormatter(iced, syntax);
  const one = new iced.Instruction();
  // Prefixes that an instruction does not allow are printed, as GNU does, instead of making it invalid.
  const options = iced.DecoderOptions.NoInvalidCheck | iced.DecoderOptions.MPX;
  /** Returns the length of an instruction that x86Additions.ts does not know either. */
  const lengthOf = (bytes: Uint8Array): number => {
    const plain = withoutRex2(bytes);
    if (!plain) return encodedLength(bytes);
    const decoder = new iced.Decoder(bits, plain.bytes, options);
    try {
      decoder.decodeOut(one);
      return decoder.lastError === iced.DecoderError.None ? one.length + plain.shorter : 1;
    } finally {
      decoder.free();
    }
  };
  return {
    instructions(bytes, address, limit = Infinity) {
      const decoder = new iced.Decoder(bits, bytes, options);
      const all: Instruction[] = [];
      try {
        let at = 0;
        decoder.ip = BigInt.asUintN(bits, address);
        while (at < bytes.length && all.length < limit) {
          decoder.decodeOut(one);
          const place = BigInt.asUintN(bits, address + BigInt(at));
          const { lastError } = decoder;
          if (lastError === iced.DecoderError.None) {
            const own = bytes.slice(at, at + one.length);
            const [name, operands] = [formatter.formatMnemonic(one), formatter.formatAllOperands(one)];
            all.push({ address: place, bytes: own, ...gnuSyntax(name, operands, own, syntax) });
            at += own.length;
            continue;
          }
          const rest = bytes.subarray(at, at + MAX_INSTRUCTION_BYTES);
          const added = x86Addition(rest);
          // The last instruction can be truncated.
          if (!added && lastError === iced.DecoderError.NoMoreBytes && all.length > 0) break;
          const own = rest.slice(0, added?.length ?? lengthOf(rest));
          all.push({
            address: place,
            bytes: own,
            mnemonic: added?.mnemonic ?? "(bad)",
            operands: written(added, syntax),
          });
          at += own.length;
          decoder.position = at;
          decoder.ip = BigInt.asUintN(bits, address + BigInt(at));
        }
      } finally {
        decoder.free();
      }
      return all;
    },
  };
}

/** Makes a formatter with the options closest to GNU's disassembler. gnuSyntax.ts corrects its output. */
function gnuFormatter(iced: typeof Iced, syntax: Syntax): Iced.Formatter {
  const { Gas, Masm } = iced.FormatterSyntax;
  const formatter = new iced.Formatter(syntax === "att" ? Gas : Masm);
  return Object.assign(formatter, {
    hexPrefix: "0x",
    hexSuffix: "",
    uppercaseHex: false,
    smallHexNumbersInDecimal: false,
    addLeadingZeroToHexNumbers: false,
    leadingZeros: false,
    branchLeadingZeros: false,
    displacementLeadingZeros: false,
    showZeroDisplacements: true,
    showUselessPrefixes: true,
    showBranchSize: false,
    ripRelativeAddresses: true,
    spaceAfterOperandSeparator: false,
    ...(syntax === "intel"
      ? { uppercaseKeywords: true, memorySizeOptions: iced.MemorySizeOptions.Always, alwaysShowScale: true }
      : {}),
  });
}

function written(added: X86Addition | undefined, syntax: Syntax): string {
  const operands = added?.operands ?? [];
  if (syntax === "att") return operands.join(",");
  return operands
    .map((one) => one.replace(/[%$]/g, "").replace("(", "[").replace(")", "]"))
    .reverse()
    .join(",");
}
