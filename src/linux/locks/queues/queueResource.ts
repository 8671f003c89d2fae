/** Finds the resource to which a wait queue belongs, by the function that waits. */
import { attempt, Fault } from "../../../base/fault.ts";
import type { Obj } from "../../../model/object.ts";
import type { Found } from "../resource.ts";
import { callers, type Sleeper } from "../sleeper.ts";
import { childWait } from "./child.ts";
import { epollWait } from "./epoll.ts";
import { eventWait } from "./events.ts";
import { fileLockWait } from "./fileLock.ts";
import { fuseRequestWait } from "./fuse.ts";
import { journalWait } from "./journal.ts";
import { pipeWait } from "./pipe.ts";
import { peerSocketWait, socketWait } from "./socket.ts";

/** A wait queue, and the entry of a task in it. */
export interface QueuedEntry {
  readonly sleeper: Sleeper;
  /** `struct wait_queue_entry`; before v4.13 `struct __wait_queue`. */
  readonly entry: Obj<"struct wait_queue_entry" | "struct __wait_queue">;
  /** Address of the `wait_queue_head`. */
  readonly queue: bigint;
}

interface QueueRule {
  /** Names of the waiting function or of one of its three callers. */
  readonly functions: RegExp;
  /** Finds the resource; undefined if the queue belongs to something else. @throws Fault */
  readonly find: (queued: QueuedEntry) => Found | undefined;
}

const QUEUE_RULES: readonly QueueRule[] = [
  { functions: /^(do_wait|__do_wait|kernel_wait4|do_wait_pid|kernel_waitid\w*)$/, find: childWait },
  {
    functions: /^((anon_|fifo_)?pipe_(read|write)|pipe_wait_(read|writ)able|fifo_open|wait_for_partner)$/,
    find: pipeWait,
  },
  {
    functions: /^(jbd2_\w+|add_transaction_credits|wait_transaction_\w+|start_this_handle|kjournald2)$/,
    find: journalWait,
  },
  { functions: /^(blk_mq_get_tag|__blk_mq_alloc_requests)$/, find: tagWait },
  { functions: /^(unix_wait_for_peer|unix_stream_connect|unix_dgram_sendmsg)$/, find: peerSocketWait },
  { functions: /^(ep_poll|do_epoll_\w+)$/, find: epollWait },
  {
    functions: /lock_(inode_wait|file_wait)$|^(locks_lock_inode_wait|fcntl_setlk(64)?|\w*sys_flock)$/,
    find: fileLockWait,
  },
  { functions: /^(request_wait_answer|fuse_\w+)$/, find: fuseRequestWait },
  // The queue of a socket is verified by the socket, whatever function waits.
  { functions: /./, find: socketWait },
  { functions: /./, find: eventWait },
];

/** Returns the resource to which a wait queue belongs; the queue itself if that is not known. */
export function resourceOfQueue(queued: QueuedEntry): Found {
  const names = callers(queued.sleeper, 4);
  for (const { functions, find } of QUEUE_RULES) {
    if (!names.some((name) => functions.test(name))) continue;
    const found = attempt(() => find(queued));
    if (found && !(found instanceof Fault)) return found;
  }
  return { resource: { kind: "wait queue", type: "struct wait_queue_head", address: queued.queue } };
}

/**
 * Returns the tags that a task waits for; undefined for another queue. blk_mq_get_tag() waits with a `struct sbq_wait`,
 * which points to them.
 */
function tagWait({ sleeper: { kernel }, entry }: QueuedEntry): Found | undefined {
  if (!kernel.types.find("struct", "sbq_wait")) return undefined;
  const address = entry.containerOf("struct sbq_wait", "wait").at("sbq").value();
  if (!kernel.memory.isKernelAddress(address)) return undefined;
  return { resource: { kind: "tag", type: "struct sbitmap_queue", address } };
}
