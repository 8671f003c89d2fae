/** Decodes the faulting memory access and finds the register with the bad value. */
import { type Effect, type MemoryOperand, wrap64 } from "../../arch/effect.ts";
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Step } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import { attempted, withEntry } from "./calls.ts";
import { calledBy, isIndirect, registerOfTarget, storedAt } from "./callTarget.ts";
import { functionGraph } from "./functionGraph.ts";
import { addressAt, registerAt, type Site, siteOf } from "./site.ts";

/** The memory access of the faulting instruction, and the register that caused the bad address. */
export interface BadPointer {
  readonly site: Site;
  readonly effect: Effect;
  /** "execute": a call or jump to the value. */
  readonly access: "read" | "write" | "execute";
  /** Size in bytes; undefined for "execute". */
  readonly size: number | undefined;
  /** The operand; undefined for a call or jump through a register. */
  readonly place: MemoryOperand | undefined;
  /** The address that was accessed. */
  readonly address: bigint;
  /** The register whose value is bad; undefined if the operand has no register, or if the value was in memory. */
  readonly register: string | undefined;
  readonly value: bigint;
  /** Whether the value was added to a mapped address, so that it is not a pointer. */
  readonly isIndex: boolean;
  /**
   * For "execute": whether the code proves that this instruction jumped to the value. If not, it is only the last call
   * on the stack whose register has the same value.
   */
  readonly isProven: boolean;
}

/** Kinds of report that are about an access to memory. */
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
  const { name: register, isIndex } = badRegister(site, access.place);
  return {
    site,
    effect,
    access: access.writes && !(access.reads && isReadFault(kernel, trap.errorCode)) ? "write" : "read",
    size: access.size,
    place: access.place,
    address,
    register,
    value: register === undefined ? address : (registerAt(site, register, site.index) ?? address),
    isIndex,
    isProven: true,
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

/** Returns whether the error code is that of a read; false if the architecture's codes do not show that. */
const isReadFault = ({ arch }: Kernel, code: bigint | undefined): boolean =>
  code !== undefined && arch.isWriteFault?.(code) === false;

/** The register of an operand that made its address bad. */
interface BadRegister {
  readonly name: string | undefined;
  /** Whether the register was added to another one, which holds a mapped address. */
  readonly isIndex: boolean;
}

/** Values below this one are sizes and indices more often than pointers. */
const SMALL = 1n << 32n;

/**
 * If the base is mapped, returns the index. If the index is mapped and has no scale, returns the base as an index. If
 * neither is mapped, returns the base, or the index if it has no scale and only it is large enough for a pointer.
 */
function badRegister(site: Site, { base, index, scale }: MemoryOperand): BadRegister {
  if (base === undefined || index === undefined) return { name: base ?? index, isIndex: false };
  const value = (name: string): bigint | undefined => registerAt(site, name, site.index);
  const isThere = (name: string): boolean => {
    const held = value(name);
    return held !== undefined && !(site.kernel.memory.translate(held) instanceof Fault);
  };
  if (isThere(base)) return { name: index, isIndex: true };
  if (scale !== 1) return { name: base, isIndex: false };
  if (isThere(index)) return { name: base, isIndex: true };
  return { name: (value(base) ?? 0n) < SMALL && (value(index) ?? 0n) >= SMALL ? index : base, isIndex: false };
}

/** Decodes a call or jump to an address without code. The registers still have the values of the call. */
function* badCall(kernel: Kernel, { frames, cpu, trap }: CrashFacts): Generator<Step, BadPointer, void> {
  const [bad, caller] = frames;
  if (!bad || !caller || !trap)
    throw Fault.of("unknown", "the function that called the bad address is not on the stack");
  const call = yield* siteOf(kernel, caller, cpu);
  const now = new Map([...trap.registers].filter(([name]) => name !== kernel.arch.sp && name !== kernel.arch.pc));
  const called = calledBy(call);
  if (called !== undefined && called !== bad.pc && kernel.code.isText(called))
    return toBadAddress(yield* tailCallTo(call, called, bad.pc, now), bad.pc, true);
  const site: Site = { ...call, registers: new Map([...trap.registers, ...caller.registers, ...now]) };
  const effect = site.graph.effects[site.index];
  if (!effect || !isIndirect(kernel, effect))
    throw Fault.at("unknown", caller.pc, "the call on the stack is not indirect");
  if (!goesTo(site, bad.pc))
    throw Fault.at("unknown", caller.pc, "the code does not show that the call on the stack went to the bad address");
  return toBadAddress(site, bad.pc, called === bad.pc);
}

/** Describes a call or jump to an address without code. */
function toBadAddress(site: Site, target: bigint, isProven: boolean): BadPointer {
  const effect = site.graph.effects[site.index];
  if (!effect) throw Fault.of("unknown", "the call to the bad address is not known");
  return {
    site,
    effect,
    access: "execute",
    size: undefined,
    place: effect.access?.place,
    address: target,
    register: registerOfTarget(site.kernel, effect),
    value: target,
    isIndex: false,
    isProven,
  };
}

/** Maximum number of functions that end with a jump to the next one. */
const MAX_TAIL_CALLS = 4;

/**
 * Returns the only indirect jump to `target` in the function that a call went to, or in one that this function jumps
 * to. @param now the registers at the fault, which are those at the jump
 * @throws Fault if there is no such jump, or more than one
 */
function* tailCallTo(
  call: Site,
  called: bigint,
  target: bigint,
  now: ReadonlyMap<string, bigint>,
): Generator<Step, Site, void> {
  const { kernel } = call;
  const found: Site[] = [];
  const functions = [called];
  for (const address of functions) {
    const graph = yield* attempted(functionGraph(kernel, address));
    if (!graph || graph.symbol.address !== address) continue;
    for (const [index, effect] of graph.effects.entries()) {
      const site: Site = { ...call, graph, index, registers: now, caller: call };
      if (effect.flow !== "jump" && effect.flow !== "branch") continue;
      if (isIndirect(kernel, effect)) found.push(...(goesTo(site, target) ? [site] : []));
      else if (effect.target !== undefined && kernel.symbols.at(effect.target)?.address === effect.target) {
        const isNew = !functions.includes(effect.target) && functions.length < MAX_TAIL_CALLS;
        if (isNew && effect.target !== address) functions.push(effect.target);
      }
    }
  }
  const [only, ...others] = found;
  if (!only || others.length > 0)
    throw Fault.at(
      "unknown",
      called,
      "the call on the stack goes to a function that exists, which may have jumped further",
    );
  if (only.graph.symbol.address === called) return only;
  // Remove the caller: its call set the arguments of the first function, not of the one with the jump.
  const { caller: _, ...rest } = only;
  return rest;
}

/** Returns whether an indirect call or jump goes to `target`: the pc may also come from a return to a damaged address. */
function goesTo(site: Site, target: bigint): boolean {
  const effect = site.graph.effects[site.index];
  const register = effect && registerOfTarget(site.kernel, effect);
  return (register === undefined ? effect && storedAt(site, effect) : site.registers.get(register)) === target;
}
