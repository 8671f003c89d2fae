/** Command lines and environments of tasks: `ps -a`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import type { Obj } from "../../../../model/object.ts";
import { taskMemory } from "../../../../linux/mm/mm.ts";
import { faultJson, faultSpan, type Json, type Line, type Piece, record } from "../../../../say/piece.ts";
import type { Fields } from "../../../../say/table.ts";
import { taskColumns, taskFacts, taskHeading } from "../../../say/taskHeading.ts";

/** Maximum size of either text in bytes: ARG_MAX of most systems. A longer text is treated as damage. */
const MAX_BYTES = 2 << 20;

export const argumentsFields: Fields = {
  ...taskColumns,
  args: { kind: "data", about: "texts" },
  env: { kind: "data", about: "texts" },
};

/**
 * Yields a record for each task: its command line and environment from its user stack, or the fault, as for a kernel
 * thread.
 */
export function* tasksArguments(tasks: Iterable<Obj>): Generator<Piece, void, void> {
  for (const task of tasks) {
    const parts = attempt(() => ({ args: strings(task, "arg"), env: strings(task, "env") }));
    if (parts instanceof Fault) {
      const unread = faultJson(parts);
      yield record(
        { ...taskFacts(task), args: unread, env: unread },
        taskHeading(task),
        ["ps: ", faultSpan(parts)],
        [],
      );
      continue;
    }
    const { args, env } = parts;
    const environment = env.length > 0 ? env : [""];
    const lines: Line[] = [[`ARG: ${args.map((arg) => `${arg} `).join("")}`]];
    lines.push(...environment.map((line, i): Line => [`${i === 0 ? "ENV: " : "     "}${line}`]));
    yield record({ ...taskFacts(task), args, env } satisfies Record<string, Json>, taskHeading(task), ...lines, []);
  }
}

/**
 * Reads the NUL-terminated strings between `mm->arg_start` and `arg_end`, or `env_start` and `env_end`. @throws Fault
 * when they cannot be read, or their length exceeds `MAX_BYTES`
 */
function strings(task: Obj, which: "arg" | "env"): string[] {
  const mm = task.at("mm");
  if (mm.value() === 0n) throw Fault.of("unmapped", "no user stack");
  const start = mm.at(`${which}_start`).value();
  const length = Number(mm.at(`${which}_end`).value() - start);
  if (length < 0 || length > MAX_BYTES)
    throw Fault.at(
      "corrupt",
      start,
      `mm->${which}_end is ${length} bytes after mm->${which}_start; 0 to ${MAX_BYTES} are possible`,
    );
  if (length === 0) return [];
  const text = new TextDecoder().decode(taskMemory(task).read(start, length));
  return text.replace(/\0+$/, "").split("\0");
}
