/** Stack traces of the kernel's stack depot (lib/stackdepot.c), which stores each different stack once. */
import { Fault } from "../../base/fault.ts";
import { hex } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** Maximum number of frames of a stack: CONFIG_STACKDEPOT_MAX_FRAMES is at most 256. */
const MAX_FRAMES = 256;
/** 1 << DEPOT_STACK_ALIGN: a handle gives the offset in a pool in units of this many bytes. */
const ALIGN = 16n;

/**
 * Returns the return addresses of a stack, the innermost first; none if no stack was stored.
 * @param handle a `depot_stack_handle_t` @throws Fault "corrupt" if the handle does not lead to a stack
 */
export function depotStack(kernel: Kernel, handle: Obj): readonly bigint[] {
  if (handle.value() === 0n) return [];
  const { memory, arch } = kernel;
  const wanted = partsOf(kernel.object("union handle_parts", handle.address));
  const pool = wanted.pool < 0n ? 0n : memory.word(poolArray(kernel) + wanted.pool * BigInt(arch.wordSize));
  if (pool === 0n) throw Fault.at("corrupt", handle.address, "the stack depot has no pool for this handle");
  const record = kernel.object("struct stack_record", pool + wanted.offset * ALIGN);
  const own = partsOf(record.at("handle"));
  const size = record.at("size").number();
  if (own.pool !== wanted.pool || own.offset !== wanted.offset || size > MAX_FRAMES)
    throw Fault.at("corrupt", record.address, `no stack of the stack depot has the handle ${hex(handle.value())}`);
  const { address } = record.at("entries");
  return Array.from({ length: size }, (_, i) => memory.word(address + BigInt(i * arch.wordSize)));
}

/** Returns the number of the pool, and the offset in it in units of `ALIGN`, from a `union handle_parts`. */
function partsOf(parts: Obj): { readonly pool: bigint; readonly offset: bigint } {
  const offset = parts.at("offset").value();
  // v6.9 and later; then v6.3 and later; then before.
  if (parts.has("pool_index_plus_1")) return { pool: parts.at("pool_index_plus_1").value() - 1n, offset };
  return { pool: parts.at(parts.has("pool_index") ? "pool_index" : "slabindex").value(), offset };
}

/** Returns the address of the first word of the array of pools. @throws Fault */
function poolArray(kernel: Kernel): bigint {
  const pools = kernel.symbols.find("stack_pools") ?? kernel.symbols.find("stack_slabs");
  if (!pools) throw Fault.of("unknown", "the kernel has no stack depot");
  // The array is allocated at boot where the boot option stack_depot_max_pools sets its length.
  return kernel.symbols.find("stack_max_pools") ? kernel.memory.word(pools.address) : pools.address;
}
