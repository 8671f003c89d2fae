import type { Obj } from "../../model/object.ts";

/** What a task can wait for. */
export type ResourceKind =
  | "mutex"
  | "rwsem"
  | "semaphore"
  | "rt_mutex"
  | "percpu_rwsem"
  | "spinlock"
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
  | "child"
  | "task exit";

/** Kinds that one task holds while others wait. */
const LOCKS: readonly ResourceKind[] = ["mutex", "rwsem", "semaphore", "rt_mutex", "percpu_rwsem"];

export const isLock = (kind: ResourceKind | undefined): boolean => kind !== undefined && LOCKS.includes(kind);

/** Something that tasks wait for, by its kind and address. */
export interface Resource {
  readonly kind: ResourceKind;
  readonly address: bigint;
  /** The C type of what lies there, such as `struct mutex`; undefined where that is not known. */
  readonly type: string | undefined;
  /** What else tells it apart: the number of a bit, the function of a work. */
  readonly detail?: string;
}

/** A task that holds a resource, or that must act before the resource becomes free. */
export interface Holder {
  /** The `task_struct`, which need not exist any more. */
  readonly task: bigint;
  /** "certain" follows from what was read; "possible" has an alternative, which `how` names. */
  readonly certainty: "certain" | "likely" | "possible";
  /** How it is known, as a phrase: "owner word". */
  readonly how: string;
  /** It was given the lock while it slept, and need only wake to have it. */
  readonly isHandedOver?: true;
}

/** A member that was read. */
export interface ReadField {
  readonly type: string;
  readonly address: bigint;
  readonly path: string;
  readonly value: string;
}

/** What the resource itself says. */
export interface ResourceState {
  readonly holders: readonly Holder[];
  /** The lock's own fields say that no task holds it. */
  readonly free?: boolean;
  /** What holds it that is no task, or what of it is not known: a phrase. */
  readonly note?: string;
  readonly fields: readonly ReadField[];
}

/** A task in the list of those who wait. */
export interface QueuedTask {
  /** The list_head within the waiter's struct. */
  readonly node: bigint;
  /** The `task_struct`; undefined for what is no task, such as an epoll instance. */
  readonly task: bigint | undefined;
}

/** What one task waits for. */
export interface Wait {
  readonly task: Obj<"struct task_struct">;
  /** The function that waits, without suffixes of the compiler; undefined where the stack tells none. */
  readonly function: string | undefined;
  /** Its place in the task's stack. */
  readonly frame: number;
  /** Undefined where it is not known. */
  readonly resource: Resource | undefined;
  readonly mode: "read" | "write" | undefined;
  /** The struct on the task's stack that says so. */
  readonly waiter: { readonly type: string; readonly address: bigint } | undefined;
  /** All who wait for the same, first in line first; empty where there is no such list. */
  readonly queue: readonly QueuedTask[];
  /** What the resource says; undefined where it has no state of its own. */
  readonly state: ResourceState | undefined;
  /** Why the resource is not known, or not wholly. */
  readonly unknown: string | undefined;
}

/** What a rule finds: the parts of a `Wait` that it knows. */
export type Found = Partial<Omit<Wait, "task" | "function" | "frame">>;
