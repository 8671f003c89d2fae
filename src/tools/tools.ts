/** The table of tools: one line for each. */
import { check } from "./check/check.ts";
import { describeAddress } from "./describeAddress.ts";
import { disassemble } from "./disassemble.ts";
import { evaluate } from "./evaluate.ts";
import { find } from "./find.ts";
import { log } from "./log.ts";
import { run } from "./run.ts";
import { stack } from "./stack.ts";
import { tasks } from "./tasks.ts";
import type { Tool } from "./tool.ts";
import { verdict } from "./verdict.ts";
import { waits } from "./waits.ts";

/** The tools in the order in which an engineer uses them. */
export const tools = [
  verdict,
  stack,
  tasks,
  waits,
  log,
  evaluate,
  describeAddress,
  find,
  disassemble,
  run,
  check,
] as readonly Tool[];
