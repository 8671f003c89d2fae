import type { Registers } from "../arch/arch.ts";
import { attempt, Fault } from "../base/fault.ts";
import { hex0x } from "../base/hex.ts";
import type { KSymbol } from "../debuginfo/source.ts";
import type { CodePlace, Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { backchainRule } from "./backchain.ts";
import { cfiRule } from "./cfi.ts";
import { type Cursor, cursorOf, lookupAddress, type Rule, type Step } from "./cursor.ts";
import type { Frame, Stack, StackKind, Trap } from "./frame.ts";
import { calledNothingRule, framePointerRule } from "./framePointer.ts";
import { entryRecordRule, frameRecordRule } from "./frameRecord.ts";
import { orcRule } from "./orc.ts";
import { prologueRule } from "./prologue.ts";
import { stackAt } from "./stacks.ts";
import { isTrampoline, trampolineRule } from "./trampoline.ts";
import { type FaultDetails, isUser, trapOf } from "./trap.ts";

/** The ways to unwind each architecture, the most exact first. To add one: write the rule, list it here. */
const rules: { readonly [arch: string]: readonly Rule[] } = {
  x86_64: [trampolineRule, calledNothingRule, orcRule, cfiRule, prologueRule, framePointerRule],
  arm64: [trampolineRule, entryRecordRule, cfiRule, frameRecordRule],
  arm: [cfiRule],
  s390x: [cfiRule, backchainRule],
};

/** Kernel stacks are 16 KiB: more frames than this are a loop. */
const MAX_FRAMES = 1000;

interface UnwindOptions {
  /** Whose stack it is, where that is known. */
  readonly task?: Obj | undefined;
  /** Why the first frame may be none. */
  readonly doubt?: string;
  /** What is known from elsewhere of a fault that saved these registers. */
  readonly reported?: (registers: Registers) => FaultDetails | undefined;
}

/** Follows a kernel stack outwards, from where it stood to user space or to where its thread started. */
export function unwind(kernel: Kernel, start: Cursor, { task, doubt, reported }: UnwindOptions = {}): Stack {
  const frames: UnwoundFrame[] = [];
  const ended = (fault?: Fault, userTrap?: Trap): Stack => ({ frames, userTrap, fault });
  if (isUser(kernel, start.known)) return ended(undefined, userMode(start.known));

  const progress = new Progress(kernel, task);
  let handlersFrom = 0;
  let arrived: Arrival = { cursor: start, trap: undefined, doubt };
  while (frames.length < MAX_FRAMES) {
    const { cursor } = arrived;
    const stuck = progress.blocked(cursor);
    if (stuck) return ended(stuck);
    const step = attempt(() => next(kernel, cursor, task));
    frames.push(new UnwoundFrame(kernel, arrived, progress.kind, step));
    if (step instanceof Fault) return ended(step);
    if (step.kind === "end") return ended();
    if (step.kind === "caller") {
      const exact = step.cursor.exact || isTrampoline(kernel, step.cursor.pc);
      arrived = { cursor: { ...step.cursor, exact }, trap: undefined, doubt: step.doubt };
      if (!kernel.memory.isKernelAddress(step.cursor.pc)) return ended(noReturnAddress(cursor, step.cursor.pc));
      continue;
    }
    const { registers, address, exact } = step;
    const trap = trapOf(kernel, { registers, address, handlers: frames.slice(handlersFrom), reported });
    if (trap.user) return ended(undefined, trap);
    const interrupted = cursorOf(kernel, registers, exact);
    if (!interrupted) return ended(Fault.at("corrupt", address ?? cursor.sp, "the registers saved here lack pc or sp"));
    handlersFrom = frames.length;
    arrived = { cursor: interrupted, trap, doubt: undefined };
  }
  return ended(Fault.at("corrupt", arrived.cursor.sp, `more than ${MAX_FRAMES} frames`));
}

/** A CPU that was stopped while it ran user code: nothing trapped. */
const userMode = (registers: Registers): Trap => ({
  type: "user mode",
  registers,
  address: undefined,
  errorCode: undefined,
  errorText: undefined,
  faultAddress: undefined,
  user: true,
});

/** @throws Fault unknown when no rule applies; what the rule that does meets */
function next(kernel: Kernel, cursor: Cursor, task: Obj | undefined): Step {
  for (const rule of rules[kernel.arch.name] ?? [cfiRule]) {
    const step = rule(kernel, cursor, task);
    if (step) return step;
  }
  const why = kernel.code.isText(cursor.pc) ? "nothing tells how to unwind past it" : "it lies in no known code";
  throw Fault.at("unknown", cursor.pc, `the stack cannot be followed past ${hex0x(cursor.pc)}: ${why}`);
}

const noReturnAddress = (cursor: Cursor, pc: bigint): Fault =>
  Fault.at(
    "corrupt",
    cursor.pc,
    `the stack cannot be followed past ${hex0x(cursor.pc)}: ${hex0x(pc)} is no kernel address to return to`,
  );

interface Arrival {
  readonly cursor: Cursor;
  readonly trap: Trap | undefined;
  readonly doubt: string | undefined;
}

/** Functions without a frame of their own leave sp alone; real chains of them are shorter than this. */
const MAX_AT_SAME_SP = 8;

/** Sees to it that the walk goes outwards: on each stack sp only rises, whichever stacks lie between. */
class Progress {
  kind: StackKind = "unknown";
  private readonly kernel: Kernel;
  private readonly task: Obj | undefined;
  private readonly last = new Map<bigint, bigint>();
  private same = 0;

  constructor(kernel: Kernel, task: Obj | undefined) {
    this.kernel = kernel;
    this.task = task;
  }

  blocked({ sp }: Cursor): Fault | undefined {
    const stack = stackAt(this.kernel, sp, this.task);
    this.kind = stack?.kind ?? "unknown";
    const key = stack?.start ?? 0n;
    const last = this.last.get(key);
    this.last.set(key, sp);
    this.same = sp === last ? this.same + 1 : 0;
    if (last !== undefined && sp < last)
      return Fault.at("corrupt", sp, `the stack turns back from ${hex0x(last)} to ${hex0x(sp)}`);
    if (this.same > MAX_AT_SAME_SP) return Fault.at("corrupt", sp, `the stack stays at ${hex0x(sp)}`);
    return undefined;
  }
}

class UnwoundFrame implements Frame {
  readonly pc: bigint;
  readonly sp: bigint;
  readonly cfa: bigint | undefined;
  readonly exact: boolean;
  readonly stack: StackKind;
  readonly trap: Trap | undefined;
  readonly doubt: string | undefined;
  private readonly kernel: Kernel;
  private readonly cursor: Cursor;

  constructor(kernel: Kernel, { cursor, trap, doubt }: Arrival, stack: StackKind, step: Step | Fault) {
    this.kernel = kernel;
    this.cursor = cursor;
    this.pc = cursor.pc;
    this.sp = cursor.sp;
    this.exact = cursor.exact;
    this.cfa = !(step instanceof Fault) && step.kind === "caller" ? step.cfa : undefined;
    this.stack = stack;
    this.trap = trap;
    this.doubt = doubt;
  }

  get registers(): Registers {
    return this.cursor.registers();
  }

  get symbol(): KSymbol | undefined {
    return this.kernel.symbols.at(lookupAddress(this.cursor));
  }

  places(): readonly CodePlace[] {
    return this.kernel.code.scopes(lookupAddress(this.cursor));
  }
}
