import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import type { KSymbol, OrcEntry } from "../../src/debuginfo/source.ts";
import type { Toy, ToyKernel, ToyValue } from "./kernel.ts";
import { plainCall } from "./orc.ts";
import { stackAddress, taskAddress, type ToyMachine, type ToyTask, toyTasks } from "./tasks.ts";

/** Locks, and those who wait for them, as kernels from v5.3 on lay them out. */
export const lockTypes = `
  struct inactive_task_frame { unsigned long r15, r14, r13, r12, bx, bp, ret_addr; };
  union thread_union { unsigned char stack[16384]; };
  typedef struct { long counter; } atomic_long_t;
  struct raw_spinlock { unsigned int raw; };
  struct mutex { atomic_long_t owner; struct raw_spinlock wait_lock; struct list_head wait_list; };
  struct mutex_waiter { struct list_head list; struct task_struct *task; void *ww_ctx; };
  struct rw_semaphore { atomic_long_t count; atomic_long_t owner; struct raw_spinlock wait_lock; struct list_head wait_list; };
  enum rwsem_waiter_type { RWSEM_WAITING_FOR_WRITE, RWSEM_WAITING_FOR_READ };
  struct rwsem_waiter { struct list_head list; struct task_struct *task; enum rwsem_waiter_type type; unsigned long timeout; };
  struct semaphore { struct raw_spinlock lock; unsigned int count; struct list_head wait_list; };
  struct semaphore_waiter { struct list_head list; struct task_struct *task; bool up; };
  struct swait_queue_head { struct raw_spinlock lock; struct list_head task_list; };
  struct swait_queue { struct task_struct *task; struct list_head task_list; };
  struct completion { unsigned int done; struct swait_queue_head wait; };
  struct wait_queue_head { struct raw_spinlock lock; struct list_head head; };
  struct wait_queue_entry { unsigned int flags; void *private; void *func; struct list_head entry; };
`;

/** The same of kernels since March 2026: the lock points at a ring of waiters that does not hold it. */
export const ringTypes = lockTypes.replace(
  "struct raw_spinlock wait_lock; struct list_head wait_list; };",
  "struct raw_spinlock wait_lock; struct mutex_waiter *first_waiter; };",
);

/** The function that every stack begins in. */
const END = "ret_from_fork";
const endOfStack: OrcEntry = { ...plainCall, spRegister: "undefined", spOffset: 0, type: "end" };
const IDLE_STACK = stackAddress(0);

const TEXT = 0xffff_ffff_8100_0000n;
/** Bytes of each function's frame, its return address left out. */
const FRAME = 0x80;

/** Who sleeps, and in what: functions from the scheduler outwards. */
export interface Sleeper extends Pick<ToyTask, "pid" | "comm" | "with"> {
  readonly functions: readonly string[];
  /** Words in the frame of a function, by its place and their offset. */
  readonly words?: readonly (readonly [frame: number, offset: number, value: bigint])[];
}

const frameAddress = (pid: number, frame: number): bigint =>
  stackAddress(pid) + 0x3000n + 56n + BigInt(frame * (FRAME + 8));

/** Where a sleeper's waiter lies: in the frame of its second function, the one that the scheduler returns to. */
export const waiterAddress = (pid: number, frame = 1): bigint => frameAddress(pid, frame) + 0x20n;

export interface SleepingMachine {
  readonly sleepers: readonly Sleeper[];
  /** Tasks besides. */
  readonly tasks?: readonly ToyTask[];
  readonly cpus?: readonly number[];
  readonly types?: string;
  readonly taskMembers?: string;
  readonly symbols?: Toy["symbols"];
  readonly memory?: Toy["memory"];
  readonly vmcoreinfo?: NonNullable<Toy["vmcoreinfo"]>;
}

const UNINTERRUPTIBLE = 2;

/** A kernel of tasks whose stacks unwind through the functions that they sleep in. */
export function sleepingKernel(machine: SleepingMachine): ToyKernel {
  const { sleepers, tasks = [], cpus = [0], types = lockTypes, taskMembers = "", symbols = {}, memory = [] } = machine;
  const { vmcoreinfo = {} } = machine;
  const names = [...new Set(sleepers.flatMap(({ functions }) => functions)), END];
  const text = new Map(names.map((name, at) => [name, TEXT + BigInt(at) * 0x1000n]));
  const named: { [name: string]: Partial<KSymbol> & { address: bigint } } = {};
  for (const [name, address] of text) named[name] = { address, size: 0x1000, type: "t" };
  const isText = (pc: bigint): boolean => pc >= TEXT && pc < TEXT + BigInt(names.length) * 0x1000n;
  const into = (name: string | undefined): bigint => (name === undefined ? 0n : (text.get(name) ?? 0n) + 0x20n);
  const put: (readonly [string, bigint, ToyValue])[] = [["unsigned char [16384]", IDLE_STACK, new Uint8Array(16384)]];
  for (const { pid, functions, words = [] } of sleepers) {
    put.push(["unsigned char [16384]", stackAddress(pid), new Uint8Array(16384)]);
    put.push(["struct inactive_task_frame", stackAddress(pid) + 0x3000n, { ret_addr: into(functions[0]) }]);
    for (const [at] of functions.entries())
      put.push(["unsigned long", frameAddress(pid, at) + BigInt(FRAME), into(functions[at + 1] ?? END)]);
    for (const [frame, offset, value] of words)
      put.push(["unsigned long", frameAddress(pid, frame) + BigInt(offset), value]);
  }
  const toy: ToyMachine = {
    cpus,
    taskMembers,
    tasks: [
      ...sleepers.map(({ pid, comm, with: others = {} }) => ({
        pid,
        comm,
        with: { __state: UNINTERRUPTIBLE, thread: { sp: stackAddress(pid) + 0x3000n }, ...others },
      })),
      ...tasks,
    ].sort((a, b) => a.pid - b.pid),
    more: {
      arch: x86_64,
      vmcoreinfo,
      types,
      symbols: { ...named, ...symbols },
      memory: [...put, ...memory],
      parts: {
        // The idle task of CPU 0 stands in the outermost function there is.
        cpuNotes: [{ registers: new Map([["rip", into(END)], ["rsp", IDLE_STACK + 0x3000n]]), pid: undefined }], // prettier-ignore
        code: {
          scopes: () => [],
          cfi: () => undefined,
          orc: (pc) => {
            if (!isText(pc)) return undefined;
            return pc >= (text.get(END) ?? 0n) ? endOfStack : { ...plainCall, spOffset: FRAME + 8 };
          },
          callSite: () => undefined,
          lineRange: () => undefined,
          statement: () => undefined,
          isText,
          bias: () => 0n,
        },
      },
    },
  };
  const kernel = toyTasks(toy);
  const idle = kernel.object("struct task_struct", taskAddress(0));
  if (cpus[0] === 0) kernel.put("unsigned long", idle.at("stack").address, IDLE_STACK);
  return kernel;
}

/** A ring of `list_head`s, linked both ways, as words to put. */
export function ring(...nodes: readonly bigint[]): (readonly [string, bigint, ToyValue])[] {
  return nodes.map((node, at) => {
    const [next, prev] = [nodes[(at + 1) % nodes.length] ?? node, nodes.at(at - 1) ?? node];
    return ["struct list_head", node, { next, prev }] as const;
  });
}
