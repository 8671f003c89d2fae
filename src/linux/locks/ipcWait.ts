/** Tasks that wait in System V semaphores and in message queues. */
import { attempt, Fault } from "../../base/fault.ts";
import { memberOffset } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { ipcNamespace, ipcObjects, ipcPermissions } from "../ipc/ipc.ts";
import { inodeText } from "../fs/fileText.ts";
import { pidTask } from "../sched/task.ts";
import type { Found, Holder } from "./resource.ts";
import { MAX_CALLERS, type Sleeper, waiterOf } from "./sleeper.ts";
import type { WaiterShape } from "./waiterRing.ts";

/** The structs with which tasks wait, with their list and their task. */
const SEMAPHORE_WAITER: WaiterShape = { type: "struct sem_queue", list: "list", task: "sleeper" };
const RECEIVER: WaiterShape = { type: "struct msg_receiver", list: "r_list", task: "r_tsk" };
const SENDER: WaiterShape = { type: "struct msg_sender", list: "list", task: "tsk" };
const POSIX_WAITER: WaiterShape = { type: "struct ext_wait_queue", list: "list", task: "task" };

/** Returns the waiter of a type on the task's stack that is in a list. @throws Fault "unknown" if there is none */
const waiterIn = (sleeper: Sleeper, shape: WaiterShape): Obj => waiterOf(sleeper, shape, { callers: MAX_CALLERS });

/** Yields the nodes of the ring that contains a node. One of them is the head of the list. @throws Fault */
function* ringOf(kernel: Kernel, node: bigint): Generator<bigint, void, void> {
  let at = node;
  for (let steps = 0; steps < MAX_NODES; steps++) {
    yield at;
    at = kernel.memory.word(at);
    if (at === node) return;
  }
  throw Fault.at("corrupt", node, `the list of waiters has more than ${MAX_NODES} nodes`);
}

/** Maximum number of nodes of a list of waiters; more mean damage. */
const MAX_NODES = 4 * 1024 * 1024;

/**
 * Returns the semaphore that a task waits for in semop(2) (ipc/sem.c: struct sem_queue). The head of the list of
 * waiters is in the set of semaphores or, if only one semaphore is concerned, in that semaphore.
 */
export function semaphoreSetWait(sleeper: Sleeper): Found {
  const { kernel, task } = sleeper;
  const queue = waiterIn(sleeper, SEMAPHORE_WAITER);
  const waiter = { type: "struct sem_queue", address: queue.address };
  const nodes = new Set(ringOf(kernel, queue.at("list").address));
  for (const set of ipcObjects(ipcNamespace(task), "sem")) {
    const count = Math.min(set.at("sem_nsems").number(), MAX_SEMAPHORES);
    const heads = ["pending_alter", "pending_const"].map((member) => set.at(member).address);
    for (let i = 0; i < count; i++)
      for (const member of ["pending_alter", "pending_const"]) heads.push(set.at("sems").index(i).at(member).address);
    if (!heads.some((head) => nodes.has(head))) continue;
    const number = queue.at("blocking.sem_num").number();
    const semaphore = set.at("sems").index(number);
    const id = ipcPermissions(set, "sem").at("id").number();
    const value = semaphore.at("semval").number();
    const holder = attempt(() => lastChanger(semaphore));
    const how = "the last process that changed it; another one may change it next";
    const holders: Holder[] =
      holder && !(holder instanceof Fault) && holder.address !== task.address
        ? [{ task: holder.address, certainty: "possible", how }]
        : [];
    const phrase = `semaphore ${number} of System V set ${id}`;
    return {
      waiter,
      resource: { kind: "queue", type: "struct sem_array", address: set.address, detail: String(number), phrase },
      state: {
        holders,
        note: `its value is ${value}`,
        fields: [{ type: "struct sem", address: semaphore.address, path: "semval", value: String(value) }],
      },
    };
  }
  throw Fault.of("unknown", "no set of semaphores of the task's namespace has this waiter");
}

/** Returns the process that changed a semaphore last; undefined if it has exited. @throws Fault before v4.17 */
function lastChanger(semaphore: Obj<"struct sem">): Obj<"struct task_struct"> | undefined {
  const pid = semaphore.at("sempid").deref();
  return pid.address === 0n ? undefined : pidTask(pid);
}

/** SEMMSL is 32000 by default; a set can have more (include/uapi/linux/sem.h). */
const MAX_SEMAPHORES = 1 << 20;

/** Returns the queue that a task waits for in msgrcv(2) or msgsnd(2) (ipc/msg.c: msg_receiver, msg_sender). */
export function messageQueueWait(sleeper: Sleeper): Found {
  const { kernel, task } = sleeper;
  for (const [shape, head, phrase] of MESSAGE_WAITERS) {
    const waiting = attempt(() => waiterIn(sleeper, shape));
    if (waiting instanceof Fault) continue;
    const nodes = new Set(ringOf(kernel, waiting.at(shape.list).address));
    for (const queue of ipcObjects(ipcNamespace(task), "msg")) {
      if (!nodes.has(queue.at(head).address)) continue;
      const id = ipcPermissions(queue, "msg").at("id").number();
      return {
        waiter: { type: shape.type, address: waiting.address },
        resource: {
          kind: "queue",
          type: "struct msg_queue",
          address: queue.address,
          phrase: `${phrase} System V message queue ${id}`,
        },
      };
    }
  }
  throw Fault.of("unknown", "no message queue of the task's namespace has this waiter");
}

const MESSAGE_WAITERS = [
  [RECEIVER, "q_receivers", "a message in"],
  [SENDER, "q_senders", "room in"],
] as const;

/** Returns the POSIX message queue that a task waits for (ipc/mqueue.c: ext_wait_queue, SEND is 0 and RECV 1). */
export function posixQueueWait(sleeper: Sleeper): Found {
  const { kernel } = sleeper;
  const waiting = waiterIn(sleeper, POSIX_WAITER);
  const nodes = [...ringOf(kernel, waiting.at("list").address)];
  const type = "struct mqueue_inode_info";
  for (const [index, phrase] of ["room in", "a message in"].entries()) {
    const list = memberOffset(kernel, type, `e_wait_q[${index}].list`);
    for (const node of nodes) {
      const info = kernel.object(type, node - list);
      if (attempt(() => info.at("vfs_inode.i_sb.s_type.name").text()) !== "mqueue") continue;
      return {
        waiter: { type: POSIX_WAITER.type, address: waiting.address },
        resource: {
          kind: "queue",
          type,
          address: info.address,
          phrase: `${phrase} POSIX message queue ${inodeText(info.at("vfs_inode"))}`,
        },
      };
    }
  }
  throw Fault.of("unknown", "no POSIX message queue has this waiter");
}
