/** Claims that a register has a value in a frame. */
import { z } from "zod";
import { hex0x } from "../../base/hex.ts";
import { UsageError } from "../../base/usageError.ts";
import { numberIn } from "./number.ts";
import { printedStack } from "../../linux/sched/stoppedStack.ts";
import { frameNamed } from "../frame.ts";
import { oneTask, taskInput } from "../task.ts";
import { type Judge, judged } from "./judgement.ts";

export const registerClaim = z.strictObject({
  task: taskInput,
  frame: z.string().describe("a function on the stack, or the index of a frame"),
  name: z.string().max(16).describe("such as rax, x0, r3"),
  equals: z.string().max(200).describe("a number or an expression of C; & gives an address"),
});

export const register: Judge<z.infer<typeof registerClaim>> = function* (context, claim) {
  yield* [];
  const task = oneTask(context, claim.task);
  const command = `bt -l ${hex0x(task.address)}`;
  const { frame, name: functionName } = frameNamed(printedStack(context.kernel, task), claim.frame);
  const name = claim.name.toLowerCase().replace(/^[$%]/, "");
  const wanted = numberIn(context, claim.equals);
  const is = frame.registers.get(name);
  if (is === undefined) {
    if (!context.kernel.arch.registers.some((one) => one === name))
      throw new UsageError(`${claim.name}: no such register`);
    return judged(
      "unknown",
      `The value of ${name} in ${functionName} was not saved by the functions that it called.`,
      command,
    );
  }
  const evidence = [{ kind: "register", task: task.address, pc: frame.pc, name, value: is }] as const;
  if (frame.doubt !== undefined)
    return judged(
      "unknown",
      `The frame of ${functionName} was found without an exact rule (${frame.doubt}).`,
      command,
      evidence,
    );
  return is === wanted
    ? judged("true", `${name} is ${hex0x(is)} in ${functionName}.`, command, evidence)
    : judged("false", `${name} is ${hex0x(is)} in ${functionName}, not ${hex0x(wanted)}.`, command, evidence);
};
