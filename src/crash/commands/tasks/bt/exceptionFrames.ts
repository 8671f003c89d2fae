/** The search for saved exception frames on stacks: `bt -e` and `bt -E`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { exceptionStackNames } from "../../../say/exceptionStackNames.ts";
import { cpuStacks, type StackRange } from "../../../../unwind/stacks.ts";
import { ptRegsSize, readPtRegs } from "../../../../unwind/ptRegs.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Registers } from "../../../../arch/arch.ts";
import { faultPiece, type Line, type Piece, text } from "../../../../say/piece.ts";
import { exceptionLine, registerLines } from "./registers.ts";

type Mode = "KERNEL" | "USER";

/** Yields, as lines, every place between `from` and `end` (exclusive) whose words are plausible as `struct pt_regs`. */
export function* exceptionFrames(kernel: Kernel, from: bigint, end: bigint): Generator<Line, void, void> {
  const size = BigInt(ptRegsSize(kernel));
  for (let at = from; at + size <= end; at += BigInt(kernel.arch.wordSize)) {
    const registers = attempt(() => readPtRegs(kernel, at));
    // A missing page does not end the search of the other pages.
    if (registers instanceof Fault) continue;
    const mode = modeOf(kernel, registers);
    if (mode) yield* frameLines(kernel, at, mode, registers);
  }
}

/** Returns the mode whose context the registers hold; undefined when they are not plausible registers. */
function modeOf(kernel: Kernel, registers: Registers): Mode | undefined {
  const get = (name: string): bigint => registers.get(name) ?? 0n;
  const [pc, sp] = [get(kernel.arch.pc), get(kernel.arch.sp)];
  const mode = kernel.arch.exceptionMode?.(registers);
  if (mode === undefined) return undefined;
  if (mode === "kernel") return kernel.code.isText(pc) && kernel.memory.isKernelAddress(sp) ? "KERNEL" : undefined;
  return pc !== 0n && !kernel.memory.isKernelAddress(pc) && !kernel.memory.isKernelAddress(sp) ? "USER" : undefined;
}

function* frameLines(kernel: Kernel, at: bigint, mode: Mode, registers: Registers): Generator<Line, void, void> {
  yield [];
  yield [`  ${mode}-MODE EXCEPTION FRAME AT: `, { as: "address", text: hex(at), address: at }];
  if (mode === "KERNEL") yield exceptionLine(kernel, registers.get(kernel.arch.pc) ?? 0n);
  yield* registerLines(kernel, registers);
}

/** Returns the name of a stack for exceptions: crash's, or else the kernel's. */
const stackName = ({ member = "" }: StackRange): string => exceptionStackNames.get(member) ?? (member || "unknown");

/** Searches the IRQ and exception stacks of CPUs: `bt -E`. */
export function* cpuExceptionFrames(kernel: Kernel, cpus: readonly number[]): Generator<Piece, void, void> {
  const wanted = cpuStacks(kernel).filter(({ cpu }) => cpu !== undefined && cpus.includes(cpu));
  for (const stack of wanted.filter(({ kind }) => kind === "irq")) yield* searched(kernel, stack, "IRQ");
  for (const cpu of cpus) {
    for (const stack of wanted)
      if (stack.cpu === cpu && (stack.kind === "nmi" || stack.kind === "exception"))
        yield* searched(kernel, stack, `${stackName(stack)} EXCEPTION`);
  }
}

function* searched(kernel: Kernel, { cpu, start, end }: StackRange, name: string): Generator<Piece, void, void> {
  yield text(`CPU ${cpu} ${name} STACK:`);
  const lines = attempt(() => [...exceptionFrames(kernel, start, end)]);
  if (lines instanceof Fault) yield faultPiece(lines);
  else yield text(...(lines.length > 0 ? lines : ["(none found)"]), "");
}
