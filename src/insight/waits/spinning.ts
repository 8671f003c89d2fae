/** Finds CPUs that spin for a lock, the lock, and the CPU that may hold it. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Holder, QueuedTask, Resource, Wait } from "../../linux/locks/resource.ts";
import { foundSpinHolders } from "../../linux/locks/spinHolder.ts";
import { spinQueue, type SpinKind, spinState } from "../../linux/locks/spinlock.ts";
import { cpuTask, runningTasks } from "../../linux/sched/cpu.ts";
import { stackTrace } from "../../linux/sched/stackTrace.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { Step } from "../check.ts";
import { cpuContext, type CpuContext } from "../cpuContext.ts";
import { functionOf } from "../crashFacts.ts";
import { attempted, callerOf, withEntry } from "../values/calls.ts";
import { argumentOf } from "../values/passed.ts";
import { type Site, siteOf } from "../values/site.ts";
import { functionName } from "../values/words.ts";
import { mentionTest } from "./mentioned.ts";
import { LOCK_CALLS } from "./lockCalls.ts";
import { takenIn } from "./taken.ts";

/** Functions in which a CPU spins for a spinlock, which is their first argument. */
export const SPINLOCK_LOOP = /^((native|pv)_|__pv_)?queued_spin_lock_slowpath$|^arch_spin_lock_wait(_flags)?$/;

/** Functions in which a CPU spins for a lock, which is their first argument, by kind of lock. */
const SPINNING: readonly (readonly [kind: SpinKind, mode: Wait["mode"], functions: RegExp])[] = [
  ["spinlock", undefined, SPINLOCK_LOOP],
  ["rwlock", "read", /^queued_read_lock_slowpath$/],
  ["rwlock", "write", /^queued_write_lock_slowpath$/],
];

/** Functions of locks between a spinning function and the one that asks for the lock. */
const LOCK_FUNCTION = /^_raw_(spin|read|write)_(try)?lock|^(do_raw_|arch_|__raw_)?(spin|read|write)_lock/;

/**
 * Maximum number of callers that are followed from the spinning function to the one that asks for the lock, the latter
 * included.
 */
const MAX_CALLS = 4;

/** A lock, and the innermost function that asks for it and is not a function of locks. */
export interface AskedLock {
  readonly lock: bigint;
  readonly asker: string;
}

/** Returns the lock that a spinning function was called for; undefined if the code does not show it. */
export function* lockOf(start: Site): Generator<Step, AskedLock | undefined, void> {
  const register = start.kernel.arch.argumentRegisters?.[0] ?? "";
  let lock: bigint | undefined;
  let site: Site | undefined = start;
  for (let calls = 0; calls < MAX_CALLS; calls++) {
    const called: Site | undefined = yield* callerOf(site);
    if (!called) return undefined;
    site = yield* withEntry(called);
    lock ??= argumentOf(site, register);
    const name = functionName(site);
    if (!LOCK_FUNCTION.test(name)) return lock === undefined ? undefined : { lock, asker: name };
  }
  return undefined;
}

const NO_HOLDER = "no CPU's stack shows the holder";

/** A CPU that spins. */
export interface Spinner {
  readonly context: CpuContext;
  readonly wait: Wait;
}

interface Spinning {
  readonly context: CpuContext;
  readonly kind: SpinKind;
  readonly mode: Wait["mode"];
  readonly frame: Frame;
  readonly asked: AskedLock | undefined;
}

/**
 * Returns the CPUs that spin for a lock, with their tasks. If the word at the lock's address is 0 or unreadable, the
 * lock counts as unknown. The holder of a lock is searched on the stacks of all CPUs.
 */
export function* spinners(kernel: Kernel): Generator<Step, readonly Spinner[], void> {
  const spinning: Spinning[] = [];
  for (const { cpu } of runningTasks(kernel)) {
    yield { kind: "progress", what: "CPUs that spin", done: cpu, total: 0 };
    const context = attempt(() => cpuContext(kernel, cpu));
    const one = context && !(context instanceof Fault) ? yield* spinningOn(kernel, context) : undefined;
    if (one) spinning.push(one);
  }
  const found: Spinner[] = [];
  for (const one of spinning) found.push({ context: one.context, wait: yield* waitOf(kernel, one, spinning) });
  return found;
}

function* spinningOn(kernel: Kernel, context: CpuContext): Generator<Step, Spinning | undefined, void> {
  // Search all frames, because an interrupt handler can have interrupted the spinning function.
  const rowOf = (frame: Frame) => SPINNING.find(([, , functions]) => functions.test(functionOf(frame) ?? ""));
  const innermost = context.frames.findIndex((one) => rowOf(one) !== undefined);
  // The second CPU that waits for an rwlock spins for the spinlock in it (kernel/locking/qrwlock.c: wait_lock).
  const caller = context.frames.find((one, i) => i > innermost && !LOCK_FUNCTION.test(functionOf(one) ?? ""));
  const frame = innermost < 0 ? undefined : caller && rowOf(caller) ? caller : context.frames[innermost];
  const row = frame && rowOf(frame);
  if (!row) return undefined;
  const [kind, mode] = row;
  const site = yield* attempted(siteOf(kernel, frame, context.cpu));
  const asked = site && (yield* attempted(lockOf(site)));
  const state = asked && attempt(() => spinState(kernel, kind, asked.lock));
  // A CPU spins only for a lock that is taken or waited for. Otherwise the address is not that of the lock.
  const isLock = state && !(state instanceof Fault) && state.isTaken;
  return { context, kind, mode, frame, asked: isLock ? asked : undefined };
}

function* waitOf(kernel: Kernel, one: Spinning, all: readonly Spinning[]): Generator<Step, Wait, void> {
  const { context, kind, mode, asked, frame } = one;
  const base = {
    task: context.task,
    function: functionOf(frame),
    frame: stackTrace(kernel, context.task).frames.findIndex(({ sp }) => sp === frame.sp),
    mode,
    waiter: undefined,
  };
  if (!asked) {
    const unknown = `it is not known for which ${kind} the CPU spins`;
    return { ...base, resource: undefined, queue: [], state: undefined, unknown };
  }
  const resource: Resource = { kind, type: typeOf(kernel, kind), address: asked.lock };
  const { fields, note, cpu } = spinState(kernel, kind, asked.lock);
  const named = cpu === undefined ? NO_HOLDER : namedHolder(kernel, cpu);
  const holders = typeof named === "string" ? yield* spinHolders(kernel, kind, asked.lock) : [named];
  const why = note ?? (holders.length === 0 && typeof named === "string" ? named : undefined);
  const others = all.filter((other) => other.kind === kind && other.asked?.lock === asked.lock);
  return {
    ...base,
    function: asked.asker,
    resource,
    queue: queueOf(kernel, kind, asked.lock, others),
    state: { holders, fields, ...(why === undefined ? {} : { note: why }) },
    unknown: undefined,
  };
}

/**
 * Returns the task that now runs on the CPU that the word of a lock names. It is only likely, because the CPU can have
 * switched to it after another task took the lock. @returns the reason if no task is named, as for a CPU that runs its
 * idle task
 */
export function namedHolder(kernel: Kernel, cpu: number): Holder | string {
  const task = attempt(() => cpuTask(kernel, cpu));
  const pid = task instanceof Fault ? task : attempt(() => task.at("pid").number());
  if (task instanceof Fault || pid instanceof Fault) return `its word names CPU ${cpu}, whose task cannot be read`;
  if (pid === 0) return `its word names CPU ${cpu}, which runs its idle task`;
  return { task: task.address, certainty: "likely", how: `the word of the lock names CPU ${cpu}, on which it runs` };
}

const typeOf = (kernel: Kernel, kind: SpinKind): string | undefined =>
  ({ spinlock: ["raw_spinlock", "qspinlock"], rwlock: ["qrwlock"] })[kind]
    .filter((name) => kernel.types.find("struct", name))
    .map((name) => `struct ${name}`)[0];

/** Returns the spinning tasks: those that are not in the queue of the lock, then the queue in its order. */
function queueOf(kernel: Kernel, kind: SpinKind, lock: bigint, spinning: readonly Spinning[]): QueuedTask[] {
  const order = kind === "spinlock" ? attempt(() => spinQueue(kernel, lock)) : [];
  const cpus = order instanceof Fault ? [] : order;
  const place = ({ context }: Spinning): number => cpus.findIndex(({ cpu }) => cpu === context.cpu);
  return [...spinning]
    .sort((a, b) => place(a) - place(b) || a.context.cpu - b.context.cpu)
    .map((one) => ({ node: cpus[place(one)]?.node ?? lock, task: one.context.task.address }));
}

/** Returns the tasks that may hold a spinlock, and keeps them for `foundSpinHolders`. */
export function* spinHolders(kernel: Kernel, kind: SpinKind, lock: bigint): Generator<Step, readonly Holder[], void> {
  const known = foundSpinHolders(kernel);
  const found = known.get(lock) ?? (yield* holdersOf(kernel, kind, lock));
  known.set(lock, found);
  return found;
}

/** Finds the tasks on CPUs whose stack has a function that has taken the lock and not released it. */
function* holdersOf(kernel: Kernel, kind: SpinKind, lock: bigint): Generator<Step, readonly Holder[], void> {
  const holders: Holder[] = [];
  for (const { cpu, task } of runningTasks(kernel)) {
    const context = attempt(() => cpuContext(kernel, cpu));
    if (!context || context instanceof Fault) continue;
    const isMentioned = mentionTest(kernel, lock, context.frames);
    for (const frame of context.frames) {
      const taken = yield* takenIn(kernel, frame, lock, LOCK_CALLS[kind], isMentioned);
      if (!taken) continue;
      const isSure = taken.by === "argument" && taken.releases && !taken.isConditional;
      const how = `${taken.function} on the stack of CPU ${cpu} takes ${
        taken.by === "argument" ? "the lock" : "such a lock"
      }, and nothing shows that it has released it`;
      holders.push({ task: task.address, certainty: isSure ? "likely" : "possible", how });
      break;
    }
  }
  return holders;
}
