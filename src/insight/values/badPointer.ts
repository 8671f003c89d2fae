/** Decodes the faulting memory access and finds the register with the bad value. */
import { type Effect, type MemoryOperand, wrap64 } from "../../arch/effect.ts";
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Step } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import { withEntry } from "./calls.ts";
import { addressAt, readWord, registerAt, type Site, siteOf } from "./site.ts";

/** The memory access of the faulting instruction, and the register that caused the bad address. */
export interface BadPointer {
  readonly site: Site;
  readonly effect: Effect;
  /** "execute": a call or jump to the value. */
  readonly access: "read" | "write" | "execute";
  /** Size in bytes; undefined for "execute". */
  readonly size: number | undefined;
  readonly place: MemoryOperand | undefined;
  readonly address: bigint;
  /** The register whose value is bad; undefined if the operand has no register, or if the value was in memory. */
  readonly register: string | undefined;
  readonly value: bigint;
}

/** Kinds of report that are about an address. */
const ADDRESSED: ReadonlySet<string> = new Set(["null-pointer", "page-fault", "user-access", "general-protection"]);

/**
 * Decodes the memory access that failed.
 * @throws Fault if it cannot be determined; the message says why
 */
export function* badPointer(kernel: Kernel, crash: CrashFacts): Generator<Step, BadPointer, void> {
  const { trap, frames, cpu, kind } = crash;
  const [frame] = frames;
  if (!trap || !frame) throw Fault.of("unknown", "no exception frame was found on the stack");
  if (kind !== undefined && !ADDRESSED.has(kind)) throw Fault.of("unknown", "the report is not about an address");
  if (!kernel.code.isText(frame.pc)) return yield* badCall(kernel, crash);
  const site = yield* withEntry(yield* siteOf(kernel, frame, cpu));
  const effect = site.graph.effects[site.index];
  const access = effect?.access;
  if (!effect || !access)
    throw Fault.at("unknown", frame.pc, "the faulting instruction accesses no memory by an operand");
  const address = addressAt(site, access.place, site.index);
  if (address === undefined) throw Fault.at("unknown", frame.pc, "the registers of the faulting operand are not known");
  if (!isWithin(kernel, trap.faultAddress, address, access.size))
    throw Fault.at("unknown", frame.pc, "the operand of the instruction is not where the processor says it faulted");
  const register = badRegister(site, access.place);
  return {
    site,
    effect,
    access: access.writes && !(access.reads && isReadFault(trap.errorCode)) ? "write" : "read",
    size: access.size,
    place: access.place,
    address,
    register,
    value: register === undefined ? address : (registerAt(site, register, site.index) ?? address),
  };
}

/**
 * Whether the address that the processor reports is in the operand; true if it reports none. arm64 kernels remove the
 * tag, the highest byte, from that address.
 */
function isWithin(kernel: Kernel, reported: bigint | undefined, address: bigint, size: number): boolean {
  if (reported === undefined) return true;
  const offset = wrap64(kernel.memory.canonical(reported) - kernel.memory.canonical(address));
  return offset < BigInt(Math.max(1, size));
}

/** Returns whether the error code is that of a read. On x86 bit 1 is set for a write. */
const isReadFault = (code: bigint | undefined): boolean => code !== undefined && (code & 2n) === 0n;

/** Returns the base register, unless its value is a mapped address; then the index register caused the bad address. */
function badRegister(site: Site, { base, index }: MemoryOperand): string | undefined {
  if (base === undefined || index === undefined) return base ?? index;
  const value = registerAt(site, base, site.index);
  const isThere = value !== undefined && !(site.kernel.memory.translate(value) instanceof Fault);
  return isThere ? index : base;
}

/** Decodes a call or jump to an address without code. The registers still have the values of the call. */
function* badCall(kernel: Kernel, { frames, cpu, trap }: CrashFacts): Generator<Step, BadPointer, void> {
  const [bad, caller] = frames;
  if (!bad || !caller || !trap)
    throw Fault.of("unknown", "the function that called the bad address is not on the stack");
  const found = yield* siteOf(kernel, caller, cpu);
  const registers = new Map([...trap.registers, ...caller.registers]);
  for (const [name, value] of trap.registers)
    if (name !== kernel.arch.sp && name !== kernel.arch.pc) registers.set(name, value);
  const site: Site = { ...found, registers };
  const effect = site.graph.effects[site.index];
  if (!effect) throw Fault.at("unknown", caller.pc, "the call is not known");
  const register = effect.through ?? thunkRegister(kernel, effect);
  if (register === undefined && !effect.access)
    throw Fault.at("unknown", caller.pc, "the call goes to a function that exists");
  if (!isCallTo(site, effect, register, bad.pc))
    throw Fault.at("unknown", caller.pc, "the code does not show that the call on the stack went to the bad address");
  return {
    site,
    effect,
    access: "execute",
    size: undefined,
    place: effect.access?.place,
    address: bad.pc,
    register,
    value: bad.pc,
  };
}

/** Returns whether a call goes to `target`. A return to a damaged return address also jumps to an address without code. */
function isCallTo(site: Site, { access }: Effect, register: string | undefined, target: bigint): boolean {
  if (register !== undefined) return site.registers.get(register) === target;
  const address = access && addressAt(site, access.place, site.index);
  return address !== undefined && readWord(site.kernel, address, site.kernel.arch.wordSize) === target;
}

/** Registers in the order of their numbers in the x86 encoding, which is the order of the thunks in the array. */
const THUNKS = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
/** Size of a thunk in bytes (arch/x86/include/asm/nospec-branch.h: RETPOLINE_THUNK_SIZE). */
const THUNK_SIZE = 32n;

/** Returns the register that a thunk calls through (arch/x86/lib/retpoline.S). */
function thunkRegister(kernel: Kernel, { target }: Effect): string | undefined {
  const symbol = target === undefined ? undefined : kernel.symbols.at(target);
  if (!symbol || target === undefined) return undefined;
  const named = /^__x86_indirect_(?:call_|jump_)?thunk_(r\w+)$/.exec(symbol.name)?.[1];
  if (named !== undefined) return named;
  // The symbol of the array and that of its first thunk have the same address.
  const array = /^__x86_indirect_(?:call_|jump_)?thunk_array$/.test(symbol.name);
  return array ? THUNKS[Number((target - symbol.address) / THUNK_SIZE)] : undefined;
}
