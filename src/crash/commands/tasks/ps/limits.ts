import { attempt, Fault } from "../../../../base/fault.ts";
import type { Obj } from "../../../../model/object.ts";
import { faultText, type Json, type Line, type Piece, record } from "../../../say/piece.ts";
import { taskFacts, taskHeading } from "../../../say/taskHeading.ts";

/** RLIMIT_* by number (include/uapi/asm-generic/resource.h; the architectures we open all use it). */
const LIMITS = [
  "CPU",
  "FSIZE",
  "DATA",
  "STACK",
  "CORE",
  "RSS",
  "NPROC",
  "NOFILE",
  "MEMLOCK",
  "AS",
  "LOCKS",
  "SIGPENDING",
  "MSGQUEUE",
  "NICE",
  "RTPRIO",
  "RTTIME",
];

/** Resource limits of each task. */
export function* tasksLimits(tasks: Iterable<Obj>): Generator<Piece, void, void> {
  for (const task of tasks) {
    const data: Record<string, Json> = {};
    const lines: Line[] = [taskHeading(task), [{ as: "title", text: "      RLIMIT     CURRENT       MAXIMUM  " }]];
    for (const [i, name] of LIMITS.entries()) {
      const [current, maximum] = ["rlim_cur", "rlim_max"].map((which) => limit(task, i, which));
      if (!current || !maximum) continue;
      data[name] = { current: current.json, maximum: maximum.json };
      lines.push([`${name.padStart(12)}   ${center(current.text)}   ${center(maximum.text)}`]);
    }
    yield record({ ...taskFacts(task), limits: data }, ...lines, []);
  }
}

function limit(task: Obj, index: number, which: string): { readonly text: string; readonly json: Json } {
  const value = attempt(() => task.at(`signal.rlim[${index}].${which}`).value());
  if (value instanceof Fault) return { text: `<${faultText(value)}>`, json: { fault: faultText(value) } };
  // RLIM_INFINITY is all ones.
  const unlimited = value === (1n << BigInt(task.kernel.arch.wordSize * 8)) - 1n;
  return unlimited ? { text: "(unlimited)", json: "unlimited" } : { text: value.toString(), json: value.toString() };
}

const WIDTH = "(unlimited)".length;
const center = (text: string): string => text.padStart(Math.floor((WIDTH + text.length) / 2)).padEnd(WIDTH);
