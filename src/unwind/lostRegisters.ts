/** Callee-saved registers whose values a function destroyed. */
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { type FrameCursor, lookupAddress } from "./cursor.ts";

/** Maximum size in bytes of a function that is examined. */
const MAX_FUNCTION_BYTES = 1 << 16;

/**
 * Returns the registers that the function of a frame changed without saving them (see `Arch.unsavedChanges`). Unwinding
 * information says that they still have the caller's values.
 */
export function lostRegisters(kernel: Kernel, cursor: FrameCursor): ReadonlySet<string> {
  const { arch } = kernel;
  const symbol = arch.unsavedChanges && kernel.symbols.at(lookupAddress(cursor));
  if (!symbol) return NONE;
  const size = Math.min(symbol.size || Number(cursor.pc - symbol.address), MAX_FUNCTION_BYTES);
  const code = attempt(() => kernel.memory.read(symbol.address, size));
  return code instanceof Fault ? NONE : (arch.unsavedChanges?.(code) ?? NONE);
}

const NONE: ReadonlySet<string> = new Set();
