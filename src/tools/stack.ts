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
import { frameNamed, type NamedFrame } from "./frame.ts";
import { oneTask, taskInput } from "./task.ts";
import { said, tool } from "./tool.ts";

export const stack = tool({
  name: "stack",
  title: "Stack of a Task",
  description:
    "The kernel stack of a task, innermost frame first, inlined functions as frames of their own. With `frame`, also the registers that are known in that frame and its parameters and locals. A frame with `doubt` was found without an exact rule: conclude nothing from it alone.",
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
    yield said(`Task ${text(pid)} (${text(name)}) has ${trace.frames.length} frames.`, `bt -l ${hex0x(task.address)}`);
    if (frame !== undefined) {
      return yield* frameContents(kernel, frameNamed(trace, frame));
    }
    for (const one of frames) yield record(one, frameLine(one));
    if (userTrap !== null || error !== null) yield record({ userTrap, error });
  },
});

const text = (value: string | number | Fault): string => (value instanceof Fault ? "?" : String(value));

function frameLine(frame: Json): string {
  const { function: name, pc, file, line } = frame as Record<string, string | number | null>;
  return `${name ?? "?"} at ${pc ?? "?"}${file === null ? "" : ` (${file ?? ""}:${line ?? ""})`}`;
}

/** Yields the registers and the variables of a frame. */
function* frameContents(kernel: Kernel, { frame, place, name }: NamedFrame): Generator<Piece, void, void> {
  const registers = Object.fromEntries([...frame.registers].map(([register, value]) => [register, addressJson(value)]));
  yield record(
    { function: name, pc: addressJson(frame.pc), doubt: frame.doubt ?? null, registers },
    `${name}: ${Object.entries(registers)
      .map(([register, value]) => `${register}=${value}`)
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
