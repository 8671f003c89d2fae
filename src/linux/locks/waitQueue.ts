/** Entries of wait queues. The function that wakes the waiter determines the kind of resource. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { pageFlags } from "../mm/pageFlags.ts";
import { resourceOfQueue } from "./queues/queueResource.ts";
import { percpuRwsemState } from "./percpuRwsem.ts";
import type { Found, QueuedTask } from "./resource.ts";
import { callers, linkedWaiter, type Sleeper } from "./sleeper.ts";
import { inFlightText } from "../block/inFlight.ts";
import { slabObjectAt } from "../slab/slabObject.ts";
import { slabStruct } from "../slab/slabTypes.ts";
import { folioState } from "./folio.ts";
import { rpcWait } from "./rpc.ts";
import { type WaiterRing, waiterRing, type WaiterShape } from "./waiterRing.ts";

/** The members of an entry of a wait queue that have its list, its task and its wake function. */
export const WAIT_QUEUE: WaiterShape = {
  type: "struct wait_queue_entry",
  list: "entry",
  task: "private",
  wake: "func",
};

/**
 * WQ_FLAG_CUSTOM of include/linux/wait.h, which percpu_rwsem_wait() sets for readers: 8 before v6.7, where 4 was
 * WQ_FLAG_BOOKMARK, and 4 since, where 8 is WQ_FLAG_DONE. The entries of percpu_rwsem_wait() have neither of the other
 * two flags.
 */
const WQ_FLAG_CUSTOM = 4 | 8;

/**
 * Returns the resource for whose wait queue a task has an entry on its stack, in the frames up to `at`; undefined if
 * there is no entry, and in kernels before v4.13, which name the struct otherwise. @throws Fault
 */
export function waitQueueWait(sleeper: Sleeper, at: number): Found | undefined {
  const { kernel } = sleeper;
  if (!kernel.types.find("struct", "wait_queue_entry")) return undefined;
  const entry = linkedWaiter(sleeper, WAIT_QUEUE, at);
  if (!entry) return undefined;
  const ring = waiterRing(kernel, WAIT_QUEUE, entry.at("entry").address);
  const waiter = { type: WAIT_QUEUE.type, address: entry.address };
  const wake = kernel.symbols.at(entry.at("func").value())?.name ?? "";
  const special = SPECIAL[wake];
  const found = special && attempt(() => special({ sleeper, entry, ring }));
  if (found && !(found instanceof Fault)) return { waiter, queue: ring.entries, ...found };
  if (ring.head === undefined) throw Fault.of("corrupt", "the wait queue has no head");
  const headAddress = ring.head - kernel.object("struct wait_queue_head", 0n).at("head").address;
  return { waiter, queue: ring.entries, ...resourceOfQueue({ sleeper, entry, queue: headAddress }) };
}

interface SpecialEntry {
  readonly sleeper: Sleeper;
  readonly entry: Obj<"struct wait_queue_entry" | "struct __wait_queue">;
  /** The ring that contains the entry. */
  readonly ring: WaiterRing;
}

type Special = (special: SpecialEntry) => Found | undefined;

/** Rules by the name of the function that wakes the waiter. */
const SPECIAL: Readonly<Record<string, Special | undefined>> = {
  wake_bit_function: (special) => bitOrVariableWait(special, "bit"),
  var_wake_function: (special) => bitOrVariableWait(special, "variable"),
  wake_page_function: folioWait,
  percpu_rwsem_wake_function: percpuWait,
};

/** Returns the entries of a hashed queue that have the same key, because several resources share such a queue. */
const entriesWithKey = (ring: WaiterRing, isSame: (node: bigint) => boolean): readonly QueuedTask[] =>
  ring.entries.filter(({ node }) => attempt(() => isSame(node)) === true);

/** Returns the bit or the variable of a `struct wait_bit_queue_entry`. */
function bitOrVariableWait({ entry, ring, sleeper }: SpecialEntry, kind: "bit" | "variable"): Found {
  const { kernel } = entry;
  const whole = entry.containerOf("struct wait_bit_queue_entry", "wq_entry");
  const address = whole.at("key.flags").value();
  const bit = whole.at("key.bit_nr").number();
  const offset = entry.at("entry").address - whole.address;
  const queue = entriesWithKey(ring, (node) => {
    const other = kernel.object(whole.type, node - offset);
    return other.at("key.flags").value() === address && other.at("key.bit_nr").number() === bit;
  });
  // The functions of sunrpc that wait on a bit pass the word of an rpc_task.
  if (callers({ ...sleeper, at: 0 }, sleeper.at + 1).includes("rpc_wait_bit_killable")) {
    const call = attempt(() => rpcWait(kernel, address));
    if (!(call instanceof Fault)) return { queue, ...call };
  }
  const detail = kind === "bit" ? { detail: String(bit) } : {};
  const note = kind === "bit" ? attempt(() => bufferNote(kernel, address)) : undefined;
  const state = typeof note === "string" ? { state: { holders: [], note, fields: [] } } : {};
  return { resource: { kind, type: undefined, address, ...detail }, queue, ...state };
}

/**
 * Describes the requests in flight on a buffer's device.
 * @param word the address that the task waits on
 * @returns undefined if the word is not the `b_state` of a `buffer_head` @throws Fault
 */
function bufferNote(kernel: Kernel, word: bigint): string | undefined {
  const object = slabObjectAt(kernel, word);
  if (!object || slabStruct(kernel, object) !== "buffer_head") return undefined;
  const buffer = kernel.object("struct buffer_head", object.address);
  if (buffer.at("b_state").address !== word) return undefined;
  return inFlightText(buffer.at("b_bdev.bd_disk").deref());
}

/**
 * Returns the folio of a `struct wait_page_queue` (mm/filemap.c; a page before v5.16), and the flag that the task waits
 * for.
 */
function folioWait({ entry, ring }: SpecialEntry): Found {
  const { kernel } = entry;
  const whole = entry.containerOf("struct wait_page_queue", "wait");
  const member = whole.has("folio") ? "folio" : "page";
  const address = whole.at(member).value();
  const bit = whole.at("bit_nr").number();
  const offset = entry.at("entry").address - whole.address;
  const queue = entriesWithKey(ring, (node) => {
    const other = kernel.object(whole.type, node - offset);
    return other.at(member).value() === address && other.at("bit_nr").number() === bit;
  });
  const type = `struct ${member}`;
  const detail = flagName(kernel, bit);
  const state = attempt(() => folioState(kernel, address));
  return {
    resource: { kind: "folio", type, address, detail },
    queue,
    ...(state instanceof Fault ? { unknown: state.message } : { state }),
  };
}

const flagName = (kernel: Kernel, bit: number): string =>
  pageFlags(kernel).find((flag) => flag.bit === bit)?.name ?? `bit ${bit}`;

function percpuWait({ entry, ring }: SpecialEntry): Found | undefined {
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
