/** The tool `evaluate`: the value of a C expression. */
import { z } from "zod";
import { commandPieces } from "./commandPieces.ts";
import { inFrame } from "./frame.ts";
import { taskInput } from "./task.ts";
import { conclusion, tool } from "./tool.ts";

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
  *run(context, { expression, task, frame, hex }) {
    const line = `p ${hex ? "-x " : ""}${expression}`;
    const { context: contextOfFrame, name } = inFrame(context, task, frame);
    yield conclusion(name === undefined ? "" : `In the frame of ${name}.`, line);
    yield* commandPieces(contextOfFrame, line);
  },
});
