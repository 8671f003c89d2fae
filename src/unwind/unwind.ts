/** Walks kernel stacks. */
import type { ExceptionDetails, Registers } from "../arch/arch.ts";
import type { UnwindRule } from "../arch/unwindRule.ts";
import { attempt, Fault } from "../base/fault.ts";
import { hex0x } from "../base/hex.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { entryCodeRule, isEntryReturn } from "./entryCode.ts";
import { backchainRule } from "./backchain.ts";
import { cfiRule } from "./cfi.ts";
import { type FrameCursor, cursorOf, type Rule, type Step } from "./cursor.ts";
import type { Stack, Trap } from "./frame.ts";
import { frameBelowRule, savedRegistersRule } from "./frameBelow.ts";
import { calledNothingRule, framePointerRule } from "./framePointer.ts";
import { entryRecordRule, frameRecordRule } from "./frameRecord.ts";
import { generatedCodeFault } from "./generatedCode.ts";
import { interruptStackRule } from "./interruptStack.ts";
import { linkageAreaRule, markedRegistersRule } from "./linkageArea.ts";
import { orcRule, thunkRule } from "./orc.ts";
import { Progress } from "./progress.ts";
import { prologueRule } from "./prologue.ts";
import { storingPrologueRule } from "./storingPrologue.ts";
import { detourRule, isTrampoline, trampolineRule } from "./trampoline.ts";
import { trapOf } from "./trap.ts";
import { unwindIndexRule } from "./unwindIndex.ts";
import { type Arrival, UnwoundFrame } from "./unwoundFrame.ts";
import { isUser } from "./user.ts";

/** All unwinding rules. To add one, write it, list it here and in the order of rules of its machines. */
const rules: Readonly<Record<UnwindRule, Rule>> = {
  trampoline: trampolineRule,
  "called nothing": calledNothingRule,
  thunk: thunkRule,
  ORC: orcRule,
  "call frame information": cfiRule,
  detour: detourRule,
  "push prologue": prologueRule,
  "frame pointer": framePointerRule,
  "entry record": entryRecordRule,
  "frame record": frameRecordRule,
  "entry code": entryCodeRule,
  "back chain": backchainRule,
  "saved registers": savedRegistersRule,
  "frame below": frameBelowRule,
  "marked registers": markedRegistersRule,
  "linkage area": linkageAreaRule,
  "unwind index": unwindIndexRule,
  "interrupt stack": interruptStackRule,
  "storing prologue": storingPrologueRule,
};

/** Maximum number of frames: kernel stacks have 16 KiB, more frames are a loop. */
const MAX_FRAMES = 1000;

interface UnwindOptions {
  /** The task of the stack, if known. */
  readonly task?: Obj | undefined;
  /** Why the first frame is uncertain. */
  readonly doubt?: string;
  /** Returns what the kernel log says about an exception that saved these registers. */
  readonly fromLog?: (registers: Registers) => ExceptionDetails | undefined;
  /** Follow only frame records, if the machine has them. */
  readonly byRecords?: boolean;
}

/** Walks a kernel stack from its innermost frame to user space or to the start of its thread. */
export function unwind(kernel: Kernel, start: FrameCursor, options: UnwindOptions = {}): Stack {
  const { task, doubt, fromLog, byRecords } = options;
  const { unwindRules, recordRules = unwindRules } = kernel.arch;
  const chosenRules = (byRecords ? recordRules : unwindRules).map((name) => rules[name]);
  const frames: UnwoundFrame[] = [];
  const ended = (fault?: Fault, userTrap?: Trap): Stack => ({ frames, userTrap, fault });
  if (isUser(kernel, start.known)) return ended(undefined, userMode(start.known));

  const progress = new Progress(kernel, task);
  let handlersFrom = 0;
  let arrived: Arrival = { cursor: start, trap: undefined, doubt };
  while (frames.length < MAX_FRAMES) {
    const { cursor } = arrived;
    const stack = progress.enter(cursor);
    const step = attempt(() => next(kernel, cursor, chosenRules, task, progress));
    const frame = new UnwoundFrame(kernel, arrived, stack, step);
    const inner = frames.at(-1);
    if (inner && !arrived.trap && arrived.doubt === undefined) inner.caller = frame;
    frames.push(frame);
    if (step instanceof Fault) return ended(step);
    if (step.kind === "end") return ended();
    if (step.kind === "caller") {
      const exact = step.cursor.exact || isTrampoline(kernel, step.cursor.pc) || isEntryReturn(kernel, step.cursor.pc);
      arrived = { cursor: { ...step.cursor, exact }, trap: undefined, doubt: step.doubt };
      continue;
    }
    const { registers, address, exact } = step;
    const trap = trapOf(kernel, { registers, ptRegs: address, handlers: frames.slice(handlersFrom), fromLog });
    if (trap.user) return ended(undefined, trap);
    const interrupted = cursorOf(kernel, registers, exact);
    if (!interrupted) return ended(Fault.at("corrupt", address ?? cursor.sp, "the registers saved here lack pc or sp"));
    handlersFrom = frames.length;
    arrived = { cursor: interrupted, trap, doubt: undefined };
  }
  return ended(Fault.at("corrupt", arrived.cursor.sp, `the stack has more than ${MAX_FRAMES} frames`));
}

/** Returns the end of the stack of a CPU that was stopped in user code, where there is no trap. */
const userMode = (registers: Registers): Trap => ({
  type: "user mode",
  registers,
  address: undefined,
  errorCode: undefined,
  errorText: undefined,
  faultAddress: undefined,
  user: true,
});

/**
 * Steps by the first rule that leads to a possible frame. @throws Fault the reason of the most exact rule, or unknown
 * if none applies
 */
function next(
  kernel: Kernel,
  cursor: FrameCursor,
  chosenRules: readonly Rule[],
  task: Obj | undefined,
  progress: Progress,
): Step {
  let fault: Fault | undefined;
  for (const rule of chosenRules) {
    const step = attempt(() => rule(kernel, cursor, task));
    if (!step) continue;
    if (step instanceof Fault) {
      fault ??= step;
      continue;
    }
    const refusal = refused(kernel, cursor, step, progress);
    if (!refusal) return step;
    fault ??= refusal;
  }
  if (fault) throw fault;
  const unread = generatedCodeFault(kernel);
  const why = kernel.code.isText(cursor.pc)
    ? "no unwinding rule applies to it"
    : `it is not in known code${unread ? `, but the lists of generated code could not be read to their end: ${unread.message}` : ""}`;
  throw Fault.at("unknown", cursor.pc, `the stack cannot be followed past ${hex0x(cursor.pc)}: ${why}`);
}

function refused(kernel: Kernel, from: FrameCursor, step: Step, progress: Progress): Fault | undefined {
  if (step.kind === "end") return undefined;
  if (step.kind === "caller") {
    const { pc } = step.cursor;
    return kernel.memory.isKernelAddress(pc) ? progress.refusal(step.cursor) : noReturnAddress(from, pc);
  }
  const sp = isUser(kernel, step.registers) ? undefined : step.registers.get(kernel.arch.sp);
  return sp === undefined ? undefined : progress.refusal({ sp });
}

const noReturnAddress = (cursor: FrameCursor, pc: bigint): Fault =>
  Fault.at(
    "corrupt",
    cursor.pc,
    `the stack cannot be followed past ${hex0x(cursor.pc)}: ${hex0x(pc)} is not a return address in the kernel`,
  );
