/** What a guest's kernel printed before it crashed: every task's stack (SysRq t) and tables of /proc, from its console. */

export interface PrintedTask {
  readonly comm: string;
  readonly pid: number;
  /** The kernel's letter: R, S, D, I, T, Z and others. */
  readonly state: string;
  /** Functions from the innermost frame to the outermost, without those that the kernel marks as uncertain. */
  readonly functions: readonly string[];
  /** arm: the kernel names a caller by the return address, which is the first byte of a function in its last frame. */
  readonly isCutBeforeEntry: boolean;
  /** When the kernel printed it, in seconds since the boot. */
  readonly printedAt: number;
}

export interface Reference {
  readonly tasks: readonly PrintedTask[];
  /** Messages of the log, without time stamps and callers. */
  readonly log: readonly string[];
  /** Names and addresses in hexadecimal, from /proc/modules. */
  readonly modules: readonly (readonly [name: string, address: string])[];
  /** Types and directories, from /proc/self/mounts. */
  readonly mounts: readonly (readonly [type: string, directory: string])[];
  readonly slabs: readonly PrintedSlab[];
  /** Kilobytes by name, from /proc/meminfo. */
  readonly memory: ReadonlyMap<string, number>;
}

export interface PrintedSlab {
  readonly name: string;
  /** All objects, allocated and free. */
  readonly total: number;
  /** Bytes of an object with what the allocator adds to it. */
  readonly size: number;
  readonly pagesPerSlab: number;
}

const TASK = /\btask:(.{1,15}?) +state:(\w)\b.*?\bpid: *(\d+)/;
/** A frame; on arm one line has a function and its caller. The kernel marks a guess by "?" or "(unreliable)". */
const FRAME = /^(?:\(?\[<?[\da-f]+>?\]\)? +){0,2}([\w.]+)\+0x([\da-f]+)\/0x[\da-f]+(.*)$/;
const FROM = /^([\w.]+) from ([\w.]+)\+0x([\da-f]+)\/0x[\da-f]+/;
const STAMP = /^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?/;
const END_OF_TASKS = /^(Showing|Sched Debug|sysrq:|Kernel panic|workqueue|lab[-:])/;

/** Parses the text of a console. */
export function reference(console: string): Reference {
  const stamped = console.split(/\r?\n/).filter((line) => STAMP.test(line));
  const log = stamped.map((line) => line.replace(STAMP, ""));
  const told = (table: string): string[][] =>
    log.flatMap((line) =>
      line.startsWith(`lab-${table} `)
        ? [
            line
              .slice(table.length + 5)
              .trim()
              .split(/\s+/),
          ]
        : [],
    );
  return {
    tasks: printedTasks(stamped),
    log,
    modules: told("modules").map(([name = "", , , , , address = ""]) => [name, address.replace(/^0x0*/, "")]),
    mounts: told("mounts").map(([, directory = "", type = ""]) => [type, directory]),
    slabs: told("slabinfo").flatMap(([name = "", , total, size, , pages]) =>
      /^\d+$/.test(total ?? "")
        ? [{ name, total: Number(total), size: Number(size), pagesPerSlab: Number(pages) }]
        : [],
    ),
    memory: new Map(told("meminfo").map(([name = "", value]) => [name.replace(":", ""), Number(value)])),
  };
}

function printedTasks(lines: readonly string[]): PrintedTask[] {
  const tasks: (PrintedTask & { functions: string[]; isCutBeforeEntry: boolean })[] = [];
  let isOpen = false;
  for (const line of lines) {
    const text = line.replace(STAMP, "").trim();
    const [, comm, state = "", pid] = TASK.exec(text) ?? [];
    if (comm !== undefined) {
      const printedAt = Number(/\[ *([\d.]+)\]/.exec(line)?.[1]);
      tasks.push({ comm, pid: Number(pid), state, functions: [], isCutBeforeEntry: false, printedAt });
      isOpen = true;
      continue;
    }
    if (END_OF_TASKS.test(text)) isOpen = false;
    const task = tasks.at(-1);
    if (!isOpen || task === undefined) continue;
    const [, callee, caller = "", offset = ""] = FROM.exec(text) ?? [];
    if (callee !== undefined) {
      if (task.functions.length === 0) task.functions.push(callee);
      if (Number.parseInt(offset, 16) === 0) task.isCutBeforeEntry = true;
      else task.functions.push(caller);
      continue;
    }
    const frame = FRAME.exec(text);
    if (frame && !text.includes("(unreliable)")) task.functions.push(frame[1] ?? "");
  }
  return tasks;
}

/** What starts other processes, or ends, between the printed list and the crash. */
export const CHANGING = new Set(["sleep", "init", "sh", "exe", "ext4lazyinit"]);
