/** Entries of wait queues. The function that wakes the waiter determines the kind of resource. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { pageFlags } from "../mm/pageFlags.ts";
import { ownerOfQueue } from "./queueOwner.ts";
import { percpuRwsemState } from "./percpuRwsem.ts";
import type { Found, QueuedTask } from "./resource.ts";
import { linkedWaiter, type Sleeper } from "./sleeper.ts";
import { type WaiterRing, waiterRing, type WaiterShape } from "./waiterRing.ts";

export const WAIT_QUEUE: WaiterShape = {
  type: "struct wait_queue_entry",
  list: "entry",
  task: "private",
  wake: "func",
};

/** WQ_FLAG_CUSTOM of include/linux/wait.h: percpu_rwsem_wait() sets it for readers. */
const WQ_FLAG_CUSTOM = 4;

/**
 * Returns what a task waits for with an entry of a wait queue in the frames up to `at`; undefined if there is no entry.
 * @throws Fault
 */
export function waitQueueWait(sleeper: Sleeper, at: number): Found | undefined {
  const { kernel, task } = sleeper;
  if (!kernel.types.find("struct", "wait_queue_entry")) return undefined;
  const entry = linkedWaiter(sleeper, WAIT_QUEUE, at);
  if (!entry) return undefined;
  const ring = waiterRing(kernel, WAIT_QUEUE, entry.at("entry").address);
  const waiter = { type: WAIT_QUEUE.type, address: entry.address };
  const wake = kernel.symbols.at(entry.at("func").value())?.name ?? "";
  const special = SPECIAL[wake];
  const found = special && attempt(() => special(entry, ring));
  if (found && !(found instanceof Fault)) return { waiter, queue: ring.entries, ...found };
  if (ring.head === undefined) throw Fault.of("corrupt", "the wait queue has no head");
  const queue = ring.head - kernel.object("struct wait_queue_head", 0n).at("head").address;
  return { waiter, queue: ring.entries, ...ownerOfQueue(sleeper, entry, queue, task) };
}

type Special = (entry: Obj<"struct wait_queue_entry" | "struct __wait_queue">, ring: WaiterRing) => Found | undefined;

/** Rules by the name of the function that wakes the waiter. */
const SPECIAL: Readonly<Record<string, Special | undefined>> = {
  wake_bit_function: (entry, ring) => keyed(entry, ring, "bit"),
  var_wake_function: (entry, ring) => keyed(entry, ring, "variable"),
  wake_page_function: folioWait,
  percpu_rwsem_wake_function: percpuWait,
};

/** Returns the entries of a hashed queue that have the same key, because several resources share such a queue. */
const sharing = (ring: WaiterRing, isSame: (node: bigint) => boolean): readonly QueuedTask[] =>
  ring.entries.filter(({ node }) => attempt(() => isSame(node)) === true);

/** Returns the bit or the variable of a `struct wait_bit_queue_entry`. */
function keyed(
  entry: Obj<"struct wait_queue_entry" | "struct __wait_queue">,
  ring: WaiterRing,
  kind: "bit" | "variable",
): Found {
  const { kernel } = entry;
  const whole = entry.containerOf("struct wait_bit_queue_entry", "wq_entry");
  const address = whole.at("key.flags").value();
  const bit = whole.at("key.bit_nr").number();
  const offset = entry.at("entry").address - whole.address;
  const queue = sharing(ring, (node) => {
    const other = kernel.object(whole.type, node - offset);
    return other.at("key.flags").value() === address && other.at("key.bit_nr").number() === bit;
  });
  const detail = kind === "bit" ? { detail: String(bit) } : {};
  return { resource: { kind, type: undefined, address, ...detail }, queue };
}

/**
 * Returns the folio of a `struct wait_page_queue` (mm/filemap.c; a page before v5.16), and the flag that the task waits
 * for.
 */
function folioWait(entry: Obj<"struct wait_queue_entry" | "struct __wait_queue">, ring: WaiterRing): Found {
  const { kernel } = entry;
  const whole = entry.containerOf("struct wait_page_queue", "wait");
  const member = whole.has("folio") ? "folio" : "page";
  const address = whole.at(member).value();
  const bit = whole.at("bit_nr").number();
  const offset = entry.at("entry").address - whole.address;
  const queue = sharing(ring, (node) => {
    const other = kernel.object(whole.type, node - offset);
    return other.at(member).value() === address && other.at("bit_nr").number() === bit;
  });
  const type = `struct ${member}`;
  const flags = BigInt.asUintN(64, kernel.object("struct page", address).at("flags").value());
  return {
    resource: { kind: "folio", type, address, detail: flagName(kernel, bit) },
    queue,
    state: { holders: [], fields: [{ type: "struct page", address, path: "flags", value: hex0x(flags) }] },
  };
}

const flagName = (kernel: Kernel, bit: number): string =>
  pageFlags(kernel).find((flag) => flag.bit === bit)?.name ?? `bit ${bit}`;

function percpuWait(
  entry: Obj<"struct wait_queue_entry" | "struct __wait_queue">,
  ring: WaiterRing,
): Found | undefined {
  const { kernel } = entry;
  if (ring.head === undefined) return undefined;
  const type = "struct percpu_rw_semaphore";
  const address = ring.head - kernel.object(type, 0n).at("waiters.head").address;
  const isReader = (entry.at("flags").number() & WQ_FLAG_CUSTOM) !== 0;
  return {
    resource: { kind: "percpu_rwsem", type, address },
    mode: isReader ? "read" : "write",
    state: percpuRwsemState(kernel, address),
  };
}
