/** The tool `evaluate`: the value of a C expression. */
import { z } from "zod";
import { withLocals, withTask } from "../crash/language/context.ts";
import { commandPieces } from "./commandPieces.ts";
import { frameNamed } from "./frame.ts";
import { frameScope } from "../crash/language/frameScope.ts";
import { stackTrace } from "../linux/sched/stackTrace.ts";
import { oneTask, taskInput } from "./task.ts";
import { said, tool } from "./tool.ts";

export const evaluate = tool({
  name: "evaluate",
  title: "Value of an Expression",
  description:
    "The value of a C expression on the dump: globals, casts to any type of the kernel, members, array elements, arithmetic, sizeof, `$rip` and locals with `frame`. `((struct task_struct *)0xffff...)->mm->mmap_lock`. A member whose page is not in the dump is a fault, not a zero.",
  input: z.strictObject({
    expression: z.string().min(1).max(1000),
    task: taskInput,
    frame: z
      .string()
      .optional()
      .describe("a function on the task's stack, or the index of a frame, whose locals and registers may be named"),
    hex: z.boolean().default(true).describe("numbers in hexadecimal in the text"),
  }),
  *run(context, { expression, task: word, frame, hex }) {
    const line = `p ${hex ? "-x " : ""}${expression}`;
    if (word === undefined && frame === undefined) {
      yield said("", line);
      return yield* commandPieces(context, line);
    }
    const task = oneTask(context, word);
    const own = withTask(context, task);
    const chosen = frame === undefined ? undefined : frameNamed(stackTrace(context.kernel, task), frame);
    yield said(chosen ? `In the frame of ${chosen.name}.` : "", line);
    yield* commandPieces(
      chosen ? withLocals(own, frameScope(context.kernel, chosen.frame, chosen.place, task)) : own,
      line,
    );
  },
});
