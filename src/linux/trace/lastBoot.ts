/**
 * The boot that wrote a persistent ring buffer. After a reset the kernel keeps the entries of the boot before, until the
 * buffer records again (kernel/trace/trace.c: setup_trace_scratch, trace_adjust_address).
 */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { TraceArray } from "./traceArray.ts";

/** The boot before this one, whose entries an instance has. */
export interface LastBoot {
  /** Returns where a function of that boot is in this one. A module that is not loaded has its old address. */
  adjusted(address: bigint): bigint;
}

/** Maximum number of modules of the boot before. */
const MAX_MODULES = 4096;

/** A module of the boot before. */
interface Moved {
  /** Address of the code of the module in that boot. */
  readonly address: bigint;
  /** Number of bytes by which the code moved. */
  readonly delta: bigint;
}

/**
 * Returns the boot before if the entries of an instance are from it; undefined if they are from this one.
 * TRACE_ARRAY_FL_LAST_BOOT says so; the first kernels with persistent buffers have no such flag, but a distance between
 * the code of both boots. @throws Fault
 */
export function lastBootOf({ array }: Pick<TraceArray, "array">): LastBoot | undefined {
  if (!array.has("text_delta")) return undefined;
  const { kernel } = array;
  const bits = kernel.arch.wordSize * 8;
  const delta = BigInt.asIntN(bits, array.at("text_delta").value());
  const flag = kernel.types.enumerator("TRACE_ARRAY_FL_LAST_BOOT")?.value;
  if (flag === undefined ? delta === 0n : (array.at("flags").value() & flag) === 0n) return undefined;
  const read = attempt(() => movedModules(kernel, array));
  const modules = read instanceof Fault ? [] : read;
  return {
    adjusted(address) {
      const module = modules.findLast((one) => one.address <= address);
      return BigInt.asUintN(bits, address + (module?.delta ?? delta));
    },
  };
}

/** Reads the modules of the boot before, by ascending address. @throws Fault */
function movedModules(kernel: Kernel, array: Obj): Moved[] {
  if (!array.has("module_delta") || array.at("module_delta").value() === 0n || array.at("scratch").value() === 0n)
    return [];
  const scratch = kernel.object("struct trace_scratch", array.at("scratch").value());
  const entries = scratch.at("entries");
  const deltas = array.at("module_delta").deref().at("delta");
  const count = Math.min(scratch.at("nr_entries").number(), MAX_MODULES);
  const bits = kernel.arch.wordSize * 8;
  return Array.from({ length: count }, (_, at) => ({
    address: entries.index(at).at("mod_addr").value(),
    delta: BigInt.asIntN(bits, deltas.index(at).value()),
  }));
}
