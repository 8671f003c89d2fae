/** The tool `stack`: the kernel stack of a task, and what one of its frames contains. */
import { z } from "zod";
import { addressJson, faultPiece, type Json, type Piece, record } from "../say/piece.ts";
import { backtraceJson } from "../crash/commands/tasks/bt/json.ts";
import { valueJson } from "../crash/say/valueJson.ts";
import { hex0x } from "../base/hex.ts";
import { attempt, Fault } from "../base/fault.ts";
import { printedStack } from "../linux/sched/stoppedStack.ts";
import { taskComm, taskPid } from "../linux/sched/task.ts";
import { typeName } from "../model/typeName.ts";
import { frameVariables } from "../unwind/locals.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { crashFacts } from "../insight/crashFacts.ts";
import { crashSite } from "../linux/printk/crashSite.ts";
import { isMachinery, SLEEPS } from "../log/machinery.ts";
import type { Stack } from "../unwind/frame.ts";
import { functionsOf, type NamedFrame } from "../crash/language/frameScope.ts";
import { frameNamed } from "./frame.ts";
import { pointedAt } from "./pointed.ts";
import { oneTask, taskInput } from "./task.ts";
import { conclusion, tool } from "./tool.ts";

export const stack = tool({
  name: "stack",
  title: "Stack of a Task",
  description:
    "The kernel stack of a task, innermost frame first, inlined functions as frames of their own. `role` says which functions only reported the crash and which are generic code of their callers: the first function without a role is the one to look at. With `frame`, the registers that are known in that frame, what they point at, and its parameters and locals. A frame with `doubt` was found without an exact rule: conclude nothing from it alone.",
  input: z.strictObject({
    task: taskInput,
    frame: z
      .string()
      .optional()
      .describe("a function on the stack, or the index of a frame: adds registers and variables"),
  }),
  *run(context, { task: word, frame }) {
    const task = oneTask(context, word);
    const { kernel } = context;
    const trace = printedStack(kernel, task);
    const { frames, userTrap, error } = backtraceJson(task, trace) as {
      frames: readonly Json[];
      userTrap: Json;
      error: Json;
    };
    if (trace.fault) yield faultPiece(trace.fault);
    const [name, pid] = [attempt(() => taskComm(task)), attempt(() => taskPid(task))];
    yield conclusion(
      `Task ${text(pid)} (${text(name)}) has ${trace.frames.length} frames.`,
      `bt -l ${hex0x(task.address)}`,
    );
    if (frame !== undefined) {
      return yield* frameContents(kernel, frameNamed(trace, frame));
    }
    const roles = rolesOf(kernel, trace);
    for (const [i, one] of frames.entries())
      yield record({ ...(one as object), role: roles[i] ?? null }, frameLine(one, roles[i]));
    if (userTrap !== null || error !== null) yield record({ userTrap, error });
  },
});

const text = (value: string | number | Fault): string => (value instanceof Fault ? "?" : String(value));

/**
 * Why a function is not the one at fault: it only stopped the machine or reported the crash, or it is generic code that
 * all callers use, such as a lock, a list or an allocator.
 */
type Role = "report" | "generic" | null;

/** Returns the role of each function of a stack, inlined ones too. */
function rolesOf(kernel: Kernel, stack: Stack): readonly Role[] {
  const { frames } = stack;
  const reporting = new Set(frames.slice(0, frames.length === 0 ? 0 : crashSite(frames)));
  const kind = attempt(() => crashFacts(kernel).kind);
  const of = kind instanceof Fault || kind === undefined ? "oops" : kind;
  return functionsOf(stack).map(({ frame, name }): Role => {
    if (reporting.has(frame)) return "report";
    return isMachinery(name, of) || (of === "hung-task" && SLEEPS.test(name)) ? "generic" : null;
  });
}

function frameLine(frame: Json, role: Role | undefined): string {
  const {
    function: name,
    pc,
    file,
    line,
    module,
    trap,
  } = frame as {
    [Key in "function" | "pc" | "file" | "line" | "module"]: string | number | null;
  } & { readonly trap: { readonly type: string } | null };
  return [
    `${name ?? "?"} at ${pc ?? "?"}`,
    module === null ? "" : ` [${module}]`,
    file === null ? "" : ` (${file}:${line ?? ""})`,
    role ? ` (${role})` : "",
    trap ? ` <- ${trap.type}` : "",
  ].join("");
}

/** Yields the registers and the variables of a frame. */
function* frameContents(kernel: Kernel, { frame, place, name }: NamedFrame): Generator<Piece, void, void> {
  const registers = [...frame.registers].map(([register, value]) => ({
    register,
    value: addressJson(value),
    pointed: pointedAt(kernel, value),
  }));
  yield record(
    {
      function: name,
      pc: addressJson(frame.pc),
      doubt: frame.doubt ?? null,
      registers: Object.fromEntries(registers.map(({ register, value }) => [register, value])),
      pointsAt: Object.fromEntries(
        registers.flatMap(({ register, pointed }) => (pointed ? [[register, pointed.data]] : [])),
      ),
    },
    `${name}: ${registers
      .map(({ register, value, pointed }) => `${register}=${value}${pointed ? ` (${pointed.text})` : ""}`)
      .join(" ")}`,
  );
  for (const { name: variable, parameter, type, value, inferred } of place
    ? frameVariables(kernel, frame, place)
    : []) {
    const shown = value instanceof Fault ? undefined : attempt(() => shortValue(value));
    const fault = value instanceof Fault ? value : shown instanceof Fault ? shown : undefined;
    yield record(
      {
        variable,
        parameter,
        type: typeName(type),
        value: fault ? null : (shown as Json),
        fault: fault?.message ?? null,
        fromCaller: inferred,
      },
      `${typeName(type)} ${variable} = ${fault ? `<${fault.message}>` : JSON.stringify(shown)}`,
    );
  }
}

/** Returns a value as JSON; for a struct or an array its address, because it can be large. */
function shortValue(value: Obj): Json {
  const data = valueJson(value);
  return typeof data === "object" && data !== null && value.storage.kind === "memory"
    ? { address: addressJson(value.address) }
    : data;
}
