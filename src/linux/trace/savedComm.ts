/** Names of tasks that ftrace keeps for the PIDs in its buffers (kernel/trace/trace_sched_switch.c). */
import { attempt, Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { findTask, taskComm } from "../sched/task.ts";
import { globalWord } from "../vmcoreinfo.ts";

/** NO_CMDLINE_MAP: the PID has no name. */
const NO_NAME = 0xffff_ffff;
/** Maximum number of names that are read, against damage; ftrace keeps at most PID_MAX_DEFAULT, which is 32,768. */
const MAX_NAMES = 1 << 20;
/** Size of a name in bytes: TASK_COMM_LEN. */
const COMM_BYTES = 16;

/**
 * Returns the function that gives the name which the trace file prints for a PID. Unlike in the trace file, a PID
 * without a kept name gets the name of the task that has it in the dump; without such a task "<...>".
 */
export const savedComm = derived("names of traced tasks", (kernel): ((pid: number) => string) => {
  const saved = attempt(() => savedNames(kernel));
  const known = new Map<number, string>();
  return (pid) => {
    if (pid === 0) return "<idle>";
    let name = known.get(pid);
    if (name === undefined) {
      const kept = saved instanceof Fault ? undefined : attempt(() => saved.of(pid));
      name = typeof kept === "string" ? kept : nameInDump(kernel, pid);
      known.set(pid, name);
    }
    return name;
  };
});

function nameInDump(kernel: Kernel, pid: number): string {
  const name = attempt(() => {
    const task = findTask(kernel, pid);
    return task && taskComm(task);
  });
  return typeof name === "string" ? name : "<...>";
}

/** Returns the names that ftrace keeps, by PID. @throws Fault if it keeps none */
export function namesOfPids(kernel: Kernel): ReadonlyMap<number, string> {
  const { of, pids, count } = savedNames(kernel);
  const names = new Map<number, string>();
  for (let at = 0; at < Math.min(count, MAX_NAMES); at++) {
    const pid = kernel.memory.u32(pids + BigInt(at * 4));
    const name = pid === NO_NAME ? undefined : of(pid);
    if (name !== undefined) names.set(pid, name);
  }
  return names;
}

interface SavedNames {
  readonly of: (pid: number) => string | undefined;
  /** Address of the array of PIDs. */
  readonly pids: bigint;
  /** Number of PIDs in the array. */
  readonly count: number;
}

function savedNames(kernel: Kernel): SavedNames {
  const address = globalWord(kernel, "savedcmd");
  if (address === undefined || address === 0n) throw Fault.of("unknown", "no symbol savedcmd, or it is NULL");
  const saved = kernel.object("struct saved_cmdlines_buffer", address);
  const map = saved.at("map_pid_to_cmdline");
  const type = bare(map.type);
  const count = type.kind === "array" ? (type.count ?? 0) : 0;
  if (count === 0) throw Fault.of("unknown", "the number of elements of map_pid_to_cmdline is not known");
  // The kernel takes the lower bits of a PID, of PID_MAX_DEFAULT; the array has one element more than that.
  const mask = 2 ** Math.floor(Math.log2(count)) - 1;
  const [names, pids] = [saved.at("saved_cmdlines"), saved.at("map_cmdline_to_pid").value()];
  const first = bare(names.type).kind === "pointer" ? names.value() : names.address;
  const limit = saved.at("cmdline_num").number();
  const of = (pid: number): string | undefined => {
    const at = kernel.memory.u32(map.address + BigInt((pid & mask) * 4));
    if (at === NO_NAME || at >= limit || kernel.memory.u32(pids + BigInt(at * 4)) !== pid) return undefined;
    return kernel.memory.cString(first + BigInt(at * COMM_BYTES), COMM_BYTES);
  };
  return { of, pids, count: limit };
}
