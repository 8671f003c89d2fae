/** Resources that tasks wait for, and their holders. */
import type { Obj } from "../../model/object.ts";

/** Kinds of resources that a task can wait for. */
export type ResourceKind =
  | "mutex"
  | "rwsem"
  | "semaphore"
  | "rt_mutex"
  | "percpu_rwsem"
  | "spinlock"
  | "rwlock"
  | "completion"
  | "wait queue"
  | "bit"
  | "variable"
  | "folio"
  | "futex"
  | "work"
  | "workqueue"
  | "grace period"
  | "bio"
  | "request"
  | "tag"
  | "journal"
  | "pipe"
  | "socket"
  | "poll"
  | "event"
  | "file lock"
  | "queue"
  | "fuse request"
  | "RPC"
  | "signal"
  | "freezer"
  | "thread exit"
  | "core dump"
  | "child"
  | "task exit";

/** Kinds that are locks: tasks hold them while others wait. */
const LOCKS: readonly ResourceKind[] = [
  "mutex",
  "rwsem",
  "semaphore",
  "rt_mutex",
  "percpu_rwsem",
  "spinlock",
  "rwlock",
  "file lock",
];

export const isLock = (kind: ResourceKind | undefined): boolean => kind !== undefined && LOCKS.includes(kind);

/** Something that tasks wait for, identified by kind, address, `mm` and `detail`. */
export interface Resource {
  readonly kind: ResourceKind;
  readonly address: bigint;
  /** The C type of the object at the address, such as `struct mutex`; undefined if not known. */
  readonly type: string | undefined;
  /** The `mm_struct`, for an address of user space that means another object in other processes. */
  readonly mm?: bigint;
  /** A part of the object, or what it is for: the number of a bit, the function of a work. */
  readonly detail?: string;
  /** What the task waits for as a phrase, such as `data in pipe:[1234]`, if kind and name do not describe it. */
  readonly phrase?: string;
}

/** A task that holds a resource, or that has to do something before it becomes free. */
export interface Holder {
  /** Address of the `task_struct`, which may no longer exist. */
  readonly task: bigint;
  /**
   * "certain" follows from what was read. "likely" holds unless something unusual has happened; "possible" has an
   * alternative. `how` says what can be otherwise.
   */
  readonly certainty: "certain" | "likely" | "possible";
  /** How it is known, or why the task blocks: a phrase such as `mutex.owner`, which is printed after a colon. */
  readonly how: string;
  /** Set if the lock was handed over to the task, which only has to wake up to take it. */
  readonly isHandedOver?: true;
}

/** Returns the word that precedes a holder that is not certain: "likely " or "possibly "; else "". */
export const doubtWord = ({ certainty }: Pick<Holder, "certainty">): string =>
  ({ certain: "", likely: "likely ", possible: "possibly " })[certainty];

/** A member that was read. */
export interface ReadField {
  readonly type: string;
  readonly address: bigint;
  readonly path: string;
  readonly value: string;
}

/** The state that is recorded in the resource. */
export interface ResourceState {
  readonly holders: readonly Holder[];
  /** Whether a lock has no holder. */
  readonly isFree?: boolean;
  /** The number of readers that a lock counts, if it is negative: it was released more often than taken. */
  readonly readers?: number;
  /** A phrase about what else holds the resource, or what is not known. */
  readonly note?: string;
  readonly fields: readonly ReadField[];
}

/** An entry in a list of waiters. */
export interface QueuedTask {
  /** Address of the list_head in the waiter's struct. */
  readonly node: bigint;
  /** Address of the `task_struct`; undefined if the entry is not a task's, such as that of an epoll instance. */
  readonly task: bigint | undefined;
}

/** What one task waits for. */
export interface Wait {
  readonly task: Obj<"struct task_struct">;
  /** The function that waits, without suffixes of compilers; undefined if the stack does not show it. */
  readonly function: string | undefined;
  /** Index of its frame in the task's stack. */
  readonly frame: number;
  /** Undefined if not known. */
  readonly resource: Resource | undefined;
  readonly mode: "read" | "write" | undefined;
  /** The struct on the task's stack from which the resource is known. */
  readonly waiter: { readonly type: string; readonly address: bigint } | undefined;
  /** All waiters for the same resource, first in line first; empty if there is no list. */
  readonly queue: readonly QueuedTask[];
  /** The state of the resource; undefined if it has none. */
  readonly state: ResourceState | undefined;
  /** Why the resource is not or not completely known. */
  readonly unknown: string | undefined;
}

/** The parts of a `Wait` that a rule finds. */
export type Found = Partial<Omit<Wait, "task" | "function" | "frame">>;

/** Returns what a lock with a negative number of readers shows, to follow its name. */
export const overReleasedText = (readers: number): string =>
  `counts ${readers} readers: it was released for reading more often than it was taken, or its word was overwritten`;
