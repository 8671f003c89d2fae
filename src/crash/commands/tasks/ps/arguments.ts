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
    const args = attempt(() => strings(task, "arg"));
    const env = attempt(() => strings(task, "env"));
    const data = { ...taskFacts(task), args: orFault(args), env: orFault(env) } satisfies Record<string, Json>;
    yield record(data, taskHeading(task), ...linesOf(args, env), []);
  }
}

const orFault = (texts: Texts): Json => (texts instanceof Fault ? faultJson(texts) : texts);

type Texts = readonly string[] | Fault;

/** Returns the lines of a command line and an environment; one fault if neither can be read. */
function linesOf(args: Texts, env: Texts): Line[] {
  if (args instanceof Fault && env instanceof Fault) return [["ps: ", faultSpan(args)]];
  const environment = env instanceof Fault ? [] : env.length > 0 ? env : [""];
  return [
    args instanceof Fault ? ["ARG: ", faultSpan(args)] : [`ARG: ${args.map((arg) => `${arg} `).join("")}`],
    ...(env instanceof Fault ? [["ENV: ", faultSpan(env)]] : []),
    ...environment.map((line, i): Line => [`${i === 0 ? "ENV: " : "     "}${line}`]),
  ];
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
