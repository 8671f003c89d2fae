/** Wait queues of objects of which the type says what a task waits for. */
import { attempt, Fault } from "../../../base/fault.ts";
import type { Obj } from "../../../model/object.ts";
import type { Found } from "../resource.ts";
import { callers } from "../sleeper.ts";
import type { QueuedEntry } from "./queueResource.ts";

interface EventSource {
  /** Names of functions that wait. */
  readonly functions: RegExp;
  /** The struct that contains the queue, without `struct`. */
  readonly type: string;
  /** Path of the queue in it. */
  readonly member: string;
  /** What the task waits for. */
  readonly phrase: string | ((object: Obj) => string);
}

const SOURCES: readonly EventSource[] = [
  { functions: /^eventfd_(read|write)$/, type: "eventfd_ctx", member: "wqh", phrase: "the count of an eventfd" },
  { functions: /^timerfd_read(_iter)?$/, type: "timerfd_ctx", member: "wqh", phrase: "the timer of a timerfd" },
  {
    functions: /^(inotify|fanotify)_read$/,
    type: "fsnotify_group",
    member: "notification_waitq",
    phrase: "events of watched files",
  },
  { functions: /^signalfd_\w+$/, type: "sighand_struct", member: "signalfd_wqh", phrase: "a signal of a signalfd" },
  {
    functions: /^n_tty_read$/,
    type: "tty_struct",
    member: "read_wait",
    phrase: (tty) => `input of terminal ${tty.at("name").text()}`,
  },
  {
    functions: /^(n_tty_write|tty_wait_until_sent|tty_write)$/,
    type: "tty_struct",
    member: "write_wait",
    phrase: (tty) => `output to terminal ${tty.at("name").text()}`,
  },
  { functions: /^(io_cqring_wait|\w*io_uring_enter)$/, type: "io_ring_ctx", member: "cq_wait", phrase: "completions of an io_uring" }, // prettier-ignore
  { functions: /^(read_events|\w*io_p?getevents(_time\d+)?)$/, type: "kioctx", member: "wait", phrase: "completions of asynchronous I/O" }, // prettier-ignore
  { functions: /^fuse_dev_(do_)?read$/, type: "fuse_iqueue", member: "waitq", phrase: "requests from the kernel (FUSE)" }, // prettier-ignore
];

/** Number of frames that are searched for the functions. */
const FRAMES = 4;

/**
 * Returns the object whose queue this is, by the function that waits; undefined for other functions, and if the type or
 * the name of the object is not known. @throws Fault
 */
export function eventWait({ sleeper, queue }: QueuedEntry): Found | undefined {
  const { kernel } = sleeper;
  const names = callers(sleeper, FRAMES);
  const source = SOURCES.find(({ functions }) => names.some((name) => functions.test(name)));
  if (!source || !kernel.types.find("struct", source.type)) return undefined;
  const type = `struct ${source.type}`;
  const object = kernel.object(type, queue - kernel.object(type, 0n).at(source.member).address);
  const { phrase } = source;
  const words = typeof phrase === "string" ? phrase : attempt(() => phrase(object));
  if (words instanceof Fault) return undefined;
  return { resource: { kind: "event", type, address: object.address, phrase: words } };
}
