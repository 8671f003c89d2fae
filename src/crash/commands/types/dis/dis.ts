/** The `dis` command: disassembles code. */
import { MAX_INSTRUCTION_BYTES } from "../../../../arch/decoder.ts";
import { disassembler } from "../../../../arch/disassembler/disassembler.ts";
import { hex0x } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import type { SourceLine } from "../../../../debuginfo/source.ts";
import { symbolPlace } from "../../../../debuginfo/symbols/symbolText.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { address } from "../../../language/address.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { codeBytes } from "../../../say/codeBytes.ts";
import { markedInstruction } from "../../../say/instruction.ts";
import { count } from "../../../language/number.ts";
import { type Line, type Pieces, record, text, addressJson } from "../../../../say/piece.ts";
import { sourceListing, placeFields, sourceTable } from "./sourceListing.ts";
import { flavor } from "../../gdb/disassemble.ts";
import { currentUserSpace } from "../../../language/userSpace.ts";
import type { Fields } from "../../../../say/table.ts";

/** The fields of an instruction. */
const instructionFields: Fields = {
  address: { kind: "address" },
  bytes: { kind: "text", about: "two hexadecimal digits each" },
  text: { kind: "text" },
};

export const dis = command({
  name: "dis",
  readsOnly: true,
  summary: "disassemble",
  usage: "[-rfludxsi][-b [num]] [address | symbol | (expression)] [count]",
  options: [
    { flag: "-r", help: "from the start of the function to the address" },
    { flag: "-f", help: "from the address to the end of the function" },
    { flag: "-l", help: "with source lines" },
    { flag: "-u", help: "a user address of the current task" },
    { flag: "-x", help: "offsets in hexadecimal" },
    { flag: "-d", help: "offsets in decimal" },
    { flag: "-s", help: "show the source text instead, if it is found" },
    { flag: "-i", help: "Intel syntax" },
    { flag: "-b", help: "print how many bytes are skipped after a BUG: none, because its table is not in the code" },
  ],
  description: `Disassembles from an address: the whole function for a function name, otherwise as many instructions as the count (default 1).

Operands that are addresses of symbols are shown with the symbol's name. On x86 the syntax is AT&T's, or Intel's with -i.`,
  examples: [
    { line: "dis schedule", shows: "A whole function." },
    { line: "dis -rl vfs_write+50", shows: "The instructions before an address, with source lines." },
    { line: "dis -f schedule+90 5", shows: "Five instructions from an address on." },
  ],
  records: () => [
    { line: "dis schedule", fields: instructionFields },
    { line: "dis -s schedule", fields: placeFields },
    { line: "dis -s schedule", fields: sourceTable.columns },
  ],
  *run(context, args) {
    if (args.has("-b")) {
      yield text("encoded bytes being skipped after ud2a: 0");
      return;
    }
    const [place, howMany] = args.rest;
    if (place === undefined) throw new UsageError("an address is missing");
    const at = address(context, place.replace(/^\((.*)\)$/s, "$1"));
    const limit = howMany === undefined ? undefined : count(howMany);
    if (limit !== undefined && (limit <= 0 || limit > MAX_INSTRUCTIONS))
      throw new UsageError(`not a count from 1 to ${MAX_INSTRUCTIONS}: ${howMany ?? ""}`);
    if (args.has("-s")) yield* sourceListing(context, at, limit);
    else yield* instructions(context, args, at, limit, place);
  },
});

/** Maximum number of bytes of a function that are disassembled. The longest functions of a kernel have about 60 KiB. */
const MAX_FUNCTION = 1 << 20;

/** Maximum count of instructions. */
const MAX_INSTRUCTIONS = 1 << 16;

/** The code to disassemble. */
interface Stretch {
  readonly start: bigint;
  /** Size in bytes. */
  readonly size: number;
  /** Maximum number of instructions. */
  readonly limit: number;
  /** Address of the last instruction to show. */
  readonly last?: bigint;
}

function stretch({ kernel }: Context, args: Parsed, at: bigint, limit: number | undefined, place: string): Stretch {
  const symbol = args.has("-u") ? undefined : kernel.symbols.at(at);
  const end = symbol && symbol.address + BigInt(Math.min(symbol.size, MAX_FUNCTION));
  const toEnd = end !== undefined && end > at ? Number(end - at) : 0;
  if (args.has("-r") && symbol) {
    return {
      start: symbol.address,
      size: Number(at - symbol.address) + 2 * MAX_INSTRUCTION_BYTES,
      limit: Infinity,
      last: at,
    };
  }
  if (args.has("-f") && toEnd) return { start: at, size: toEnd, limit: limit ?? Infinity };
  const isWholeFunction = limit === undefined && symbol?.address === at && /^[A-Za-z_.$][\w.$]*$/.test(place);
  if (isWholeFunction && toEnd) return { start: at, size: toEnd, limit: Infinity };
  return { start: at, size: (limit ?? 1) * MAX_INSTRUCTION_BYTES, limit: limit ?? 1 };
}

/** Yields the instructions. @throws Fault after the instructions before the first page that cannot be read */
function* instructions(context: Context, args: Parsed, at: bigint, limit: number | undefined, place: string): Pieces {
  const { kernel } = context;
  const syntax = args.has("-i") ? "intel" : flavor(context);
  const decoder = yield* disassembler(kernel.arch, syntax);
  const { start, size, limit: most, last } = stretch(context, args, at, limit, place);
  const radix = args.has("-x") ? 16 : args.has("-d") ? 10 : context.radix;
  const memory = args.has("-u") ? currentUserSpace(context) : kernel.memory;
  const { bytes: code, fault } = codeBytes(memory, start, size);
  let all = decoder.instructions(code, start, Number.isFinite(most) ? most : undefined);
  let isWhole = fault === undefined || all.length === most;
  if (last !== undefined) {
    // An address within an instruction selects the instructions up to the next start, as in crash.
    const end = all.findIndex(({ address: where }) => where >= last);
    isWhole = fault === undefined || end >= 0;
    if (end >= 0) all = all.slice(0, end + 1);
    // With a count, -r shows the last `count` instructions up to the address.
    if (limit !== undefined) all = all.slice(-limit);
  }
  let before: string | undefined;
  for (const instruction of all) {
    const source = args.has("-l") && !args.has("-u") ? lineOf(kernel, instruction.address) : undefined;
    const heading = source && `${source.file}: ${source.line}`;
    if (heading !== undefined && heading !== before) yield text(heading);
    before = heading ?? before;
    const shown = markedInstruction(kernel, instruction, radix);
    const bytes = Buffer.from(instruction.bytes).toString("hex");
    yield record(
      { address: addressJson(instruction.address), bytes, text: shown },
      line(kernel, instruction.address, shown, radix),
    );
  }
  if (!isWhole && fault) throw fault;
}

function line(kernel: Kernel, where: bigint, shown: string, radix: 10 | 16): Line {
  const symbol = kernel.symbols.at(where);
  const name = symbol ? ` <${symbolPlace(symbol, where, radix)}>` : "";
  return [{ as: "address", text: hex0x(where), address: where }, `${name}:\t${shown}`];
}

const lineOf = (kernel: Kernel, address: bigint): SourceLine | undefined => kernel.code.scopes(address)[0]?.source;
