/** The DAP `disassemble` request. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { MAX_INSTRUCTION_BYTES } from "../../arch/decoder.ts";
import { disassembler, type Instruction } from "../../arch/disassembler/disassembler.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x, hexBytes } from "../../base/hex.ts";
import type { Job } from "../../base/job.ts";
import { symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import { addressOf } from "../values/addressOf.ts";
import type { Handlers } from "../handlers.ts";
import { functionCode, instructionWords, readable } from "../code/instructions.ts";
import type { Target } from "../target.ts";

/** Maximum number of instructions per request. VS Code requests some hundred at a time. */
const MAX_INSTRUCTIONS = 10_000;

/** Maximum number of functions that are decoded backwards from an address. */
const MAX_FUNCTIONS_BACK = 500;

/** Answers requests of the Disassembly view. */
export const disassemble: Pick<Handlers, "disassemble"> = {
  *disassemble(target, args) {
    const { memoryReference, offset = 0, instructionOffset = 0, instructionCount, resolveSymbols = true } = args;
    const address = BigInt.asUintN(64, addressOf(target, memoryReference) + BigInt(offset));
    const count = Math.min(instructionCount, MAX_INSTRUCTIONS);
    // Too far away to decode all instructions up to there: return placeholders.
    if (Math.abs(instructionOffset) > MAX_INSTRUCTIONS) return { instructions: gap(address, instructionOffset, count) };
    const before = Math.max(0, -instructionOffset);
    const after = Math.max(0, instructionOffset + count);
    const list = [
      ...paddedAtStart(yield* instructionsBefore(target, address, before), address, before),
      ...paddedAtEnd(yield* instructionsFrom(target, address, after), address, after),
    ];
    // `list` starts `before` instructions before the address.
    const wanted = list.slice(before + instructionOffset, before + instructionOffset + count);
    const lines = new Lines(target);
    const instructions: DebugProtocol.DisassembledInstruction[] = [];
    for (const one of wanted) {
      instructions.push(row(target, one, resolveSymbols, lines));
      yield;
    }
    return { instructions };
  },
};

/** Placeholders for instructions that are not decoded, one byte each. */
const gap = (address: bigint, offset: number, count: number): DebugProtocol.DisassembledInstruction[] =>
  Array.from({ length: count }, (_, i) => ({
    address: hex0x(BigInt.asUintN(64, address + BigInt(offset + i))),
    instruction: "",
    presentationHint: "invalid",
  }));

/** Returns up to `count` instructions before an address, in ascending order. */
function* instructionsBefore({ kernel }: Target, address: bigint, count: number): Job<Instruction[]> {
  let [list, start]: [Instruction[], bigint] = [[], address];
  // x86 cannot be decoded backwards, so each function is decoded from its start.
  for (let i = 0; i < MAX_FUNCTIONS_BACK && list.length < count && start > 0n; i++) {
    const symbol = kernel.symbols.at(start - 1n);
    if (!symbol || !kernel.code.isText(start - 1n)) break;
    try {
      const { instructions } = yield* functionCode(kernel, start - 1n);
      list = [...instructions.filter((one) => one.address < start), ...list];
    } catch (error) {
      if (error instanceof Fault) break;
      throw error;
    }
    start = symbol.address;
    yield;
  }
  return count === 0 ? [] : list.slice(-count);
}

function* instructionsFrom({ kernel }: Target, address: bigint, count: number): Job<Instruction[]> {
  const decoder = yield* disassembler(kernel.arch);
  const bytes = attempt(() => readable(kernel, address, count * MAX_INSTRUCTION_BYTES));
  return bytes instanceof Fault || count === 0 ? [] : decoder.instructions(bytes, address, count);
}

interface Placeholder {
  readonly address: bigint;
}

/** Pads the list at its start with invalid instructions, because the client needs exactly the requested count. */
const paddedAtStart = (list: readonly Instruction[], address: bigint, count: number): (Instruction | Placeholder)[] => [
  ...Array.from({ length: count - list.length }, (_, i) => ({
    address: BigInt.asUintN(64, (list[0]?.address ?? address) - BigInt(count - list.length - i)),
  })),
  ...list,
];

/** Pads the list at its end with invalid instructions. */
function paddedAtEnd(list: readonly Instruction[], address: bigint, count: number): (Instruction | Placeholder)[] {
  const last = list.at(-1);
  const end = last ? last.address + BigInt(last.bytes.length) : address;
  return [
    ...list,
    ...Array.from({ length: count - list.length }, (_, i) => ({ address: BigInt.asUintN(64, end + BigInt(i)) })),
  ];
}

/** Adds the source location to each instruction whose line differs from the one before. */
class Lines {
  private last = "";
  private readonly target: Target;

  constructor(target: Target) {
    this.target = target;
  }

  at(address: bigint): Partial<DebugProtocol.DisassembledInstruction> {
    const place = attempt(() => this.target.kernel.code.scopes(address)[0]?.source);
    if (!place || place instanceof Fault || place.line === 0) return {};
    const key = `${place.file}:${place.line}`;
    if (key === this.last) return {};
    this.last = key;
    const { sources, client } = this.target;
    return { location: { ...sources.of(place) }, line: client.lines.of(place.line) };
  }
}

function row(
  target: Target,
  one: Instruction | Placeholder,
  resolveSymbols: boolean,
  lines: Lines,
): DebugProtocol.DisassembledInstruction {
  const address = hex0x(one.address);
  if (!("bytes" in one)) return { address, instruction: "", presentationHint: "invalid" };
  const symbol = resolveSymbols ? target.kernel.symbols.at(one.address) : undefined;
  return {
    address,
    instructionBytes: hexBytes(one.bytes),
    instruction: instructionWords(target.kernel, one),
    ...(symbol ? { symbol: symbolPlace(symbol, one.address, 16) } : {}),
    ...lines.at(one.address),
  };
}
