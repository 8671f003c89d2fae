/** Unwinding out of the thunks through which x86 kernels call function pointers. */
import type { Kernel } from "../model/kernel.ts";
import { callerCursor, type FrameCursor, type Step, wrap } from "./cursor.ts";

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
