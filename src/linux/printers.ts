/** Short text for values of the kernel's own types. */
import { attempt } from "../base/fault.ts";
import { hex0x, padHex, padDigits } from "../base/hex.ts";
import type { Printer, Summaries } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { symbolText } from "../model/symbolText.ts";
import { lockPrinters, lockWords } from "./locks/lockText.ts";
import { spinlockText } from "./locks/spinHolder.ts";

/** Maximum number of bytes of a mask that are read; NR_CPUS and MAX_NUMNODES are far below it. */
const MAX_MASK_BYTES = 8192;

/**
 * Formats the set bits of a bitmap of target longs: `0-3,7`. @param limit maximum number of bits @param first number of
 * the lowest bit
 */
function bitList(object: Obj, limit = MAX_MASK_BYTES * 8, first = 0): string {
  const bytes = object.bytes(Math.min(object.size, MAX_MASK_BYTES));
  const end = Math.min(bytes.length * 8, limit);
  const { wordSize, byteOrder } = object.kernel.arch;
  const isSet = (bit: number): boolean => {
    const byte = bit >> 3;
    // In a big-endian long the low bits are in the last byte.
    const at = byteOrder === "little" ? byte : byte - (byte % wordSize) + wordSize - 1 - (byte % wordSize);
    return (((bytes[at] ?? 0) >> (bit & 7)) & 1) === 1;
  };
  const ranges: string[] = [];
  for (let bit = 0; bit < end; bit++) {
    if (!isSet(bit)) continue;
    const start = bit;
    while (bit + 1 < end && isSet(bit + 1)) bit++;
    ranges.push(start === bit ? `${start + first}` : `${start + first}-${bit + first}`);
  }
  return ranges.length > 0 ? ranges.join(",") : "none";
}

const arrow = (address: bigint): string => `→ ${hex0x(address)}`;

/** Formats a CPU mask. Bits from nr_cpu_ids on can be set, but do not represent CPUs. */
const cpumask: Printer = (object) => {
  if (!object.has("bits")) return undefined;
  const { kernel } = object;
  const ids = kernel.symbols.find("nr_cpu_ids");
  const count = ids ? attempt(() => kernel.memory.u32(ids.address)) : undefined;
  return bitList(object.at("bits"), typeof count === "number" && count > 0 ? count : undefined);
};

const nodemask: Printer = (object) => (object.has("bits") ? bitList(object.at("bits")) : undefined);

/** Formats a signal set: signal 1 is bit 0 (include/linux/signal.h, sigaddset). */
const sigset: Printer = (object) => (object.has("sig") ? bitList(object.at("sig"), undefined, 1) : undefined);

/**
 * Formats a list head (include/linux/list.h): an empty list points to itself; one that was never initialized contains
 * NULL.
 */
const listHead: Printer = (object) => {
  const next = object.at("next").value();
  if (object.storage.kind === "memory" && next === object.address) return "empty";
  return next === 0n ? "NULL" : arrow(next);
};

const firstElement =
  (member: string): Printer =>
  (object) => {
    if (!object.has(member)) return undefined;
    const first = object.at(member).value();
    return first === 0n ? "empty" : arrow(first);
  };

/**
 * Formats a node of a red-black tree. The low two bits of the parent are the color (include/linux/rbtree.h); a node
 * that is not in a tree is its own parent.
 */
const rbNode: Printer = (object) => {
  const parent = object.at("__rb_parent_color").value() & ~3n;
  if (parent === 0n) return "root";
  return object.storage.kind === "memory" && parent === object.address ? "in no tree" : `parent ${hex0x(parent)}`;
};

const hlistNode: Printer = (object) =>
  object.at("pprev").value() === 0n ? "not hashed" : arrow(object.at("next").value());

/** Formats a callback by the symbol of its function. */
const callback =
  (member: string): Printer =>
  (object) => {
    if (!object.has(member)) return undefined;
    const address = object.at(member).value();
    if (address === 0n) return "none";
    return symbolText(object.kernel, address) ?? hex0x(address);
  };

/** Formats a spinlock; with PREEMPT_RT it is an rt_mutex, which names its holder. */
const spinlock: Printer = (object) =>
  object.has("lock.waiters") ? lockWords(object.at("lock")) : spinlockText(object);

const seconds = (nanoseconds: bigint): string => {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const text = `${size / 1_000_000_000n}.${padDigits(size % 1_000_000_000n, 9)}`;
  return `${nanoseconds < 0n ? "-" : ""}${text} s`;
};

const ktime: Printer = (object) => (object.has("tv64") ? seconds(object.at("tv64").value()) : seconds(object.value()));

const timespec: Printer = (object) =>
  seconds(object.at("tv_sec").value() * 1_000_000_000n + object.at("tv_nsec").value());

/** Formats a device number; MINORBITS is 20 in kernel space (include/linux/kdev_t.h). */
const device: Printer = (object) => `${object.value() >> 20n}:${object.value() & 0xfffffn}`;

const mode: Printer = (object) => `0${object.value().toString(8)}`;

const uuid: Printer = (object) => {
  const hex = Array.from(object.bytes(16), (byte) => padHex(byte, 2)).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};

/** Formats the name of a `struct qstr`. It can be without a terminating NUL, so its length is used. */
const qstr: Printer = (object) => {
  if (!object.has("len") || object.at("name").value() === 0n) return undefined;
  return JSON.stringify(
    object.kernel.memory.cString(object.at("name").value(), Math.min(object.at("len").number(), 255)),
  );
};

/** Printers by the name of a typedef or struct. */
const printers: ReadonlyMap<string, Printer> = new Map<string, Printer>([
  ["cpumask", cpumask],
  ["nodemask_t", nodemask],
  ["sigset_t", sigset],
  ["list_head", listHead],
  ["hlist_head", firstElement("first")],
  ["hlist_nulls_head", firstElement("first")],
  ["llist_head", firstElement("first")],
  ["hlist_node", hlistNode],
  ["rb_node", rbNode],
  ["rb_root", firstElement("rb_node")],
  ["rb_root_cached", firstElement("rb_root.rb_node")],
  ["xarray", firstElement("xa_head")],
  ["maple_tree", firstElement("ma_root")],
  ["callback_head", callback("func")],
  ["work_struct", callback("func")],
  ["timer_list", callback("function")],
  ["hrtimer", callback("function")],
  ...lockPrinters,
  ["spinlock", spinlock],
  ["raw_spinlock", spinlock],
  ["qspinlock", spinlock],
  ["arch_spinlock_t", spinlock],
  ["ktime_t", ktime],
  ["timespec64", timespec],
  ["dev_t", device],
  ["umode_t", mode],
  ["uuid_t", uuid],
  ["qstr", qstr],
]);

/** Members that identify a struct for a reader, such as the name of a task or device. */
const identity: readonly string[] = ["pid", "comm", "name", "id", "i_ino", "d_name", "s_id", "init_name"];

/** The printers that a session passes to `assembleKernel`. */
export const summaries: Summaries = { printers, identity };
