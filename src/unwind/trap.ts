/** Traps: exceptions, interrupts and system calls on a stack. */
import type { Arch, ExceptionDetails, Registers } from "../arch/arch.ts";
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";
import { Obj } from "../model/object.ts";
import type { Frame, Trap } from "./frame.ts";
import { type FrameVariable, frameVariables } from "./locals.ts";
import { isUser } from "./user.ts";

/** Input of `trapOf`. */
interface Saved {
  /** The saved registers. */
  readonly registers: Registers;
  /** Address of `struct pt_regs`. */
  readonly ptRegs: bigint | undefined;
  /** The frames that handled the trap, innermost first. */
  readonly handlers: readonly Frame[];
  /**
   * Returns what the kernel log says about an exception with these registers. Called if the handlers' variables do not
   * have it.
   */
  readonly fromLog?: ((registers: Registers) => ExceptionDetails | undefined) | undefined;
}

/** Describes a trap, named by the entry code that saved its registers. */
export function trapOf(kernel: Kernel, { registers, ptRegs, handlers, fromLog }: Saved): Trap {
  const { arch } = kernel;
  const outermost = handlers.slice(-MAX_ENTRY_FRAMES).reverse();
  const type = trapName(arch, outermost.map(({ symbol }) => symbol?.name ?? "")); // prettier-ignore
  let found: ExceptionDetails | undefined;
  const details = (): ExceptionDetails =>
    (found ??= withoutCode.has(type)
      ? unknown
      : (arch.exceptionDetails?.(registers) ?? detailsOf(kernel, type, { registers, handlers, fromLog })));
  return {
    type,
    registers,
    address: ptRegs,
    user: isUser(kernel, registers),
    get errorCode() {
      return details().errorCode;
    },
    get errorText() {
      const code = details().errorCode;
      return code === undefined ? undefined : arch.errorText?.(type, code);
    },
    get faultAddress() {
      return details().faultAddress;
    },
  };
}

/** Returns the name of a trap. @param handlers functions that handled it, the entry code first */
export function trapName({ trapName: nameOf }: Pick<Arch, "trapName">, handlers: readonly string[]): string {
  for (const handler of handlers) {
    const name = nameOf(handler);
    if (name !== undefined) return name;
  }
  return "exception";
}

/** Entry code and the first C handlers; functions further in can belong to something else. */
const MAX_ENTRY_FRAMES = 3;

const withoutCode = new Set(["interrupt", "system call", "NMI", "FIQ"]);
const unknown: ExceptionDetails = { errorCode: undefined, faultAddress: undefined };

/** Exception handlers, and their variables with the error code and the faulting address. */
const faultHandlers =
  /fault|abort|bad_area|bad_stack|no_context|^exc_|^el[01]_|^do_(trap|error_trap|mem_abort|general_protection)/;
const codeNames = ["error_code", "esr"];
const addressNames = ["address", "far", "addr"];

/** Exceptions that have an address. CR2 and FAR keep that of the last such exception. */
const addressed = new Set([
  "page fault",
  "memory abort",
  "data abort",
  "instruction abort",
  "prefetch abort",
  "program check",
]);

/** x86: called if CR2 is an address in the guard page of a stack (arch/x86/kernel/traps.c). */
const GUARD_PAGE_HIT = "handle_stack_overflow";

/**
 * Whether this kind of exception has an address, so that a handler's variable with an address belongs to it and not to
 * an earlier exception.
 */
function hasAddress(kernel: Kernel, type: string, handlers: readonly Frame[], errorCode: bigint | undefined): boolean {
  if (kernel.arch.hasFaultAddress && errorCode !== undefined) return kernel.arch.hasFaultAddress(errorCode);
  return addressed.has(type) || handlers.some(({ symbol }) => symbol?.name === GUARD_PAGE_HIT);
}

/**
 * Returns the error code and the faulting address. Entry code clears the error code in the saved registers; the handlers'
 * variables or the log still have it.
 */
function detailsOf(
  kernel: Kernel,
  type: string,
  { registers, handlers, fromLog }: Omit<Saved, "ptRegs">,
): ExceptionDetails {
  let errorCode: bigint | undefined;
  let address: bigint | undefined;
  for (const frame of handlers.toReversed()) {
    const found = attempt(() => {
      for (const place of frame.places().toReversed()) {
        if (!faultHandlers.test(place.function)) continue;
        const variables = frameVariables(kernel, frame, place);
        errorCode ??= numberNamed(variables, codeNames);
        address ??= numberNamed(variables, addressNames);
      }
    });
    if (found instanceof Fault || (errorCode !== undefined && address !== undefined)) break;
  }
  if (!hasAddress(kernel, type, handlers, errorCode)) address = undefined;
  const log = errorCode === undefined || address === undefined ? fromLog?.(registers) : undefined;
  return { errorCode: errorCode ?? log?.errorCode, faultAddress: address ?? log?.faultAddress };
}

function numberNamed(variables: readonly FrameVariable[], names: readonly string[]): bigint | undefined {
  for (const { name, value } of variables) {
    const number = names.includes(name) && value instanceof Obj ? attempt(() => value.value()) : undefined;
    if (typeof number === "bigint") return BigInt.asUintN(64, number);
  }
  return undefined;
}
