/** Claims that a function on a stack was called by another. */
import { z } from "zod";
import { hex0x } from "../../base/hex.ts";
import { attempted } from "../../insight/values/calls.ts";
import { siteOf } from "../../insight/values/site.ts";
import { printedStack } from "../../linux/sched/stoppedStack.ts";
import { plainName } from "../../log/place.ts";
import { functionsOf, type NamedFrame } from "../../crash/language/frameScope.ts";
import { oneTask, taskInput } from "../task.ts";
import { type Judge, judged } from "./judgement.ts";

export const calledClaim = z.strictObject({
  callee: z.string().max(200),
  caller: z.string().max(200).describe("the function that called it directly"),
  task: taskInput,
});

export const called: Judge<z.infer<typeof calledClaim>> = function* (context, claim) {
  const task = oneTask(context, claim.task);
  const command = `bt -l ${hex0x(task.address)}`;
  const stack = printedStack(context.kernel, task);
  const functions = functionsOf(stack);
  const at = functions.flatMap(({ name }, index) => (isSame(name, claim.callee) ? [index] : []));
  const pair = at.find((index) => isSame(functions[index + 1]?.name ?? "", claim.caller));
  const callee = functions[pair ?? at[0] ?? -1];
  const caller = functions[(pair ?? at[0] ?? -1) + 1];
  const evidence = [callee, caller].flatMap((one) =>
    one && at.length > 0 ? [{ kind: "frame" as const, task: task.address, pc: one.frame.pc, text: one.name }] : [],
  );
  if (at.length === 0)
    return stack.fault || functions.some(({ place }) => !place)
      ? judged(
          "unknown",
          `${claim.callee} is not on the stack, which may be incomplete or have inlined functions.`,
          command,
        )
      : judged("false", `${claim.callee} is not on the stack.`, command);
  const doubt = callee?.frame.doubt ?? caller?.frame.doubt;
  if (doubt !== undefined)
    return judged("unknown", `The frames were found without an exact rule (${doubt}).`, command, evidence);
  if (!callee || !caller)
    return judged("unknown", `The stack does not show what called ${claim.callee}.`, command, evidence);
  if (caller.frame.trap && caller.frame !== callee.frame)
    return judged(
      "false",
      `${caller.name} did not call ${claim.callee}: a trap (${caller.frame.trap.type}) interrupted it and entered ${claim.callee}.`,
      command,
      evidence,
    );
  if (pair !== undefined) return judged("true", `${claim.caller} called ${claim.callee}.`, command, evidence);
  const isDirect = yield* calls(context.kernel, caller, callee);
  return isDirect
    ? judged("false", `${caller.name} called ${claim.callee}, not ${claim.caller}.`, command, evidence)
    : judged(
        "unknown",
        `The frame below ${claim.callee} is that of ${caller.name}, whose call does not name ${claim.callee}: a function between them may have ended with a jump (tail call), or is inlined.`,
        command,
        evidence,
      );
};

/** Whether a frame's call names the function of the next inner frame, or that function is inlined in the frame. */
function* calls(kernel: Parameters<typeof siteOf>[0], caller: NamedFrame, callee: NamedFrame) {
  // An inlined function has no call of its own.
  if (caller.frame === callee.frame) return true;
  const site = yield* attempted(siteOf(kernel, caller.frame, undefined));
  const target = site?.graph.effects[site.index]?.target;
  return target !== undefined && target === callee.frame.symbol?.address;
}

const isSame = (name: string, wanted: string): boolean => plainName(name) === plainName(wanted);
