/** Unwinding by ORC tables of x86_64. */
import type { Registers } from "../arch/arch.ts";
import { Fault } from "../base/fault.ts";
import type { OrcEntry } from "../debuginfo/source.ts";
import type { Kernel } from "../model/kernel.ts";
import { calleeSavedRegisters } from "./cfi.ts";
import { callerCursor, type FrameCursor, lookupAddress, type Step, wrap } from "./cursor.ts";
import { generatedCode } from "./generatedCode.ts";
import { pushedRegisters } from "./prologue.ts";
import { readPtRegs } from "./ptRegs.ts";

/** Registers that a rule can use as base in entry stubs and realigned frames, by their names in Arch. */
const registerNames = {
  bp: "rbp",
  bpIndirect: "rbp",
  ax: "rax",
  dx: "rdx",
  di: "rdi",
  r10: "r10",
  r13: "r13",
} as const;

/**
 * Unwinds by the kernel's ORC tables (x86_64). They are exact everywhere, including entry code and stack switches, but
 * track only pc, sp and bp. Call frame information adds the other registers if it gives the same frame. Source of the
 * rules: arch/x86/kernel/unwind_orc.c and Documentation/arch/x86/orc-unwinder.rst.
 */
export function orcRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const entry = ruleFor(kernel, lookupAddress(cursor));
  if (!entry || entry.type === "undefined") return undefined;
  if (entry.type === "end") return { kind: "end" };
  if (entry.spRegister === "undefined" || entry.spRegister === "prevSp") return undefined;
  const cfa = previousSp(kernel, cursor, entry.spRegister, BigInt(entry.spOffset));
  switch (entry.type) {
    case "regs":
      return { kind: "interrupted", registers: readPtRegs(kernel, cfa), address: cfa, exact: entry.signal };
    case "regsPartial":
      return {
        kind: "interrupted",
        registers: iretFrame(kernel, cursor, cfa),
        address: undefined,
        exact: entry.signal,
      };
    case "call":
      return { kind: "caller", cursor: caller(kernel, cursor, entry, cfa), cfa };
  }
}

/**
 * Returns the ORC entry for `pc`; undefined if there is none. A trampoline of ftrace has the entries of the code of
 * which it is a copy.
 */
function ruleFor(kernel: Kernel, pc: bigint): OrcEntry | undefined {
  const own = kernel.code.orc(pc);
  if (own) return own;
  const generated = generatedCode(kernel, pc);
  return generated?.copyOf === undefined
    ? undefined
    : kernel.code.orc(pc - generated.symbol.address + generated.copyOf);
}

type SpRegister = Exclude<OrcEntry["spRegister"], "undefined" | "prevSp">;

/**
 * Computes the stack pointer of the caller, which is the canonical frame address. @throws Fault "unknown" if the base
 * register of the rule is unknown
 */
function previousSp(kernel: Kernel, cursor: FrameCursor, spRegister: SpRegister, offset: bigint): bigint {
  const { memory } = kernel;
  switch (spRegister) {
    case "sp":
      return wrap(kernel, cursor.sp + offset);
    case "spIndirect":
      return wrap(kernel, memory.word(cursor.sp) + offset);
    case "bpIndirect":
      return memory.word(wrap(kernel, register(cursor, "rbp") + offset));
    default:
      return wrap(kernel, register(cursor, registerNames[spRegister]) + offset);
  }
}

function register(cursor: FrameCursor, name: string): bigint {
  const value = cursor.known.get(name);
  if (value === undefined) throw Fault.at("unknown", cursor.pc, `unwinding needs ${name}, which is not known here`);
  return value;
}

function caller(kernel: Kernel, cursor: FrameCursor, entry: OrcEntry, cfa: bigint): FrameCursor {
  const pc = kernel.memory.word(cfa - 8n);
  const known = new Map([["rip", pc], ["rsp", cfa]]); // prettier-ignore
  const bp = callerBp(kernel, cursor, entry, cfa);
  if (bp !== undefined) known.set("rbp", bp);
  let all: Registers | undefined;
  const registers = (): Registers => {
    all ??= new Map([...(calleeSavedRegisters(kernel, cursor, cfa) ?? pushedRegisters(kernel, cursor, cfa)), ...known]);
    return all;
  };
  return { pc, sp: cfa, known, registers, exact: false };
}

function callerBp(
  kernel: Kernel,
  cursor: FrameCursor,
  { bpRegister, bpOffset }: OrcEntry,
  cfa: bigint,
): bigint | undefined {
  const bp = cursor.known.get("rbp");
  if (bpRegister === "prevSp") return kernel.memory.word(wrap(kernel, cfa + BigInt(bpOffset)));
  if (bpRegister === "bp" && bp !== undefined) return kernel.memory.word(wrap(kernel, bp + BigInt(bpOffset)));
  return bp;
}

/** Reads what the processor itself pushes, before entry code has saved the rest: rip, cs, rflags, rsp, ss. */
function iretFrame(kernel: Kernel, cursor: FrameCursor, address: bigint): Registers {
  const registers = new Map(
    ["rip", "cs", "rflags", "rsp", "ss"].map((name, i) => [name, kernel.memory.word(address + BigInt(i * 8))]),
  );
  const bp = cursor.known.get("rbp");
  if (bp !== undefined) registers.set("rbp", bp);
  return registers;
}

/** Thunks of arch/x86/lib/retpoline.S. Their ORC entries end the stack (UNWIND_HINT_EMPTY, UNWIND_HINT_UNDEFINED). */
const THUNK = /^__x86_indirect_(?:(?:call|jump)_)?thunk_/;

/**
 * Steps out of a thunk. It pushes at most one word over the return address of its caller: an address within itself, which
 * it then replaces by the function that it goes to.
 */
export function thunkRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const { arch, memory, symbols } = kernel;
  const thunk = cursor.exact ? symbols.at(cursor.pc) : undefined;
  if (!thunk || !THUNK.test(thunk.name)) return undefined;
  let slot = cursor.sp;
  const first = memory.word(slot);
  const pushed = symbols.at(first);
  if (pushed && (pushed.address === thunk.address || pushed.address === first)) slot += BigInt(arch.wordSize);
  const pc = memory.word(slot);
  if (!kernel.code.isText(pc)) return undefined;
  const cfa = wrap(kernel, slot + BigInt(arch.wordSize));
  return { kind: "caller", cursor: callerCursor(kernel, pc, cfa, cursor.registers()), cfa };
}
