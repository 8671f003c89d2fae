/** Finds the target of a call or jump. */
import type { Effect } from "../../arch/effect.ts";
import type { Kernel } from "../../model/kernel.ts";
import { argumentOf } from "./passed.ts";
import { addressAt, readWord, type Site } from "./site.ts";

/** Returns the target of a call, from the code before it; undefined if the code does not show it. */
export function calledBy(call: Site): bigint | undefined {
  const effect = call.graph.effects[call.index];
  if (!effect) return undefined;
  const register = registerOfTarget(call.kernel, effect);
  if (register !== undefined) return argumentOf(call, register);
  if (effect.target !== undefined) return effect.target;
  return effect.access && storedAt(call, effect);
}

/** Returns the register that contains the target of a call or jump, also of one by a thunk; undefined if none does. */
export const registerOfTarget = (kernel: Kernel, effect: Effect): string | undefined =>
  effect.through ?? thunkRegister(kernel, effect);

/** Returns whether the target of a call or jump is in a register or in memory. */
export const isIndirect = (kernel: Kernel, effect: Effect): boolean =>
  registerOfTarget(kernel, effect) !== undefined || (effect.target === undefined && effect.access !== undefined);

/**
 * Returns the target that an indirect call or jump reads from memory; undefined if the address is not known or the
 * memory is not readable.
 */
export function storedAt(site: Site, { access }: Effect): bigint | undefined {
  const address = access && addressAt(site, access.place, site.index);
  return address === undefined ? undefined : readWord(site.kernel, address, site.kernel.arch.wordSize);
}

/** Registers in the order of their numbers in the x86 encoding, which is the order of the thunks in the array. */
const THUNKS = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
/** Size of a thunk in bytes (arch/x86/include/asm/nospec-branch.h: RETPOLINE_THUNK_SIZE). */
const THUNK_SIZE = 32n;

/** Returns the register that a thunk calls through (arch/x86/lib/retpoline.S); undefined if the target is not a thunk. */
function thunkRegister(kernel: Kernel, { target }: Effect): string | undefined {
  const symbol = target === undefined ? undefined : kernel.symbols.at(target);
  if (!symbol || target === undefined) return undefined;
  const named = /^__x86_indirect_(?:call_|jump_)?thunk_(r\w+)$/.exec(symbol.name)?.[1];
  if (named !== undefined) return named;
  // The symbol of the array and that of its first thunk have the same address.
  const array = /^__x86_indirect_(?:call_|jump_)?thunk_array$/.test(symbol.name);
  return array ? THUNKS[Number((target - symbol.address) / THUNK_SIZE)] : undefined;
}
