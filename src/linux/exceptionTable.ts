/**
 * Exception tables: where the kernel continues after a fault of an instruction that is allowed to fault, such as the
 * load in get_user().
 */
import { Fault } from "../base/fault.ts";
import type { KSymbol } from "../debuginfo/source.ts";
import type { Kernel } from "../model/kernel.ts";
import { moduleAt } from "./module/module.ts";
import { globalAddress } from "./vmcoreinfo.ts";

/** A sorted array of `struct exception_table_entry`. */
interface Table {
  readonly address: bigint;
  /** Bytes of an entry. */
  readonly stride: number;
  readonly count: number;
}

/** Maximum number of entries of a table; a kernel has some thousands. */
const MAX_ENTRIES = 1 << 20;

/**
 * Returns where a function continues after faults of its own instructions (lib/extable.c).
 * @throws Fault if the exception table cannot be read
 */
export function fixupsOf(kernel: Kernel, { address, size, module }: KSymbol): bigint[] {
  const table = module === undefined ? kernelTable(kernel) : moduleTable(kernel, address);
  const fixups: bigint[] = [];
  for (let at = firstFrom(kernel, table, address); at < table.count; at++) {
    if (pointer(kernel, table, at, "insn") >= address + BigInt(size)) break;
    fixups.push(pointer(kernel, table, at, "fixup"));
  }
  return fixups;
}

function kernelTable(kernel: Kernel): Table {
  const [start, end] = [globalAddress(kernel, "__start___ex_table"), globalAddress(kernel, "__stop___ex_table")];
  if (start === undefined || end === undefined) throw Fault.of("unknown", "the kernel's exception table is not known");
  const stride = entrySize(kernel);
  return tableOf(start, stride, Number(end - start) / stride);
}

function moduleTable(kernel: Kernel, address: bigint): Table {
  const module = moduleAt(kernel, address);
  if (!module) throw Fault.at("unknown", address, "the module of this function is not known");
  return tableOf(module.at("extable").value(), entrySize(kernel), module.at("num_exentries").number());
}

function tableOf(address: bigint, stride: number, count: number): Table {
  if (!Number.isInteger(count) || count < 0 || count > MAX_ENTRIES)
    throw Fault.at("corrupt", address, `the exception table cannot have ${count} entries; the limit is ${MAX_ENTRIES}`);
  return { address, stride, count };
}

const entrySize = (kernel: Kernel): number => kernel.object("struct exception_table_entry", 0n).size;

/** Returns the index of the first entry whose instruction is at `address` or after it. */
function firstFrom(kernel: Kernel, table: Table, address: bigint): number {
  let [low, high] = [0, table.count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pointer(kernel, table, middle, "insn") < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Returns one of the addresses of an entry. In an entry of 32-bit members on a 64-bit machine, it is relative to the
 * member itself.
 */
function pointer(kernel: Kernel, { address, stride }: Table, at: number, member: "insn" | "fixup"): bigint {
  const field = kernel.object("struct exception_table_entry", address + BigInt(at * stride)).at(member);
  const isRelative = field.size < kernel.arch.wordSize;
  return isRelative ? BigInt.asUintN(64, field.address + BigInt.asIntN(32, field.value())) : field.value();
}
