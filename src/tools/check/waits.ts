/** Claims that a task waits for a lock, and that a task holds it. */
import { z } from "zod";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { address } from "../../crash/language/address.ts";
import type { Context } from "../../crash/language/command.ts";
import type { Evidence } from "../../insight/evidence.ts";
import { resourceWords, taskName } from "../../insight/waits/words.ts";
import { waitGraph, type WaitingTask, waitingTask } from "../../insight/waits/waitGraph.ts";
import { taskActivity } from "../../linux/sched/sleeping.ts";
import { taskComm, taskPid } from "../../linux/sched/task.ts";
import type { Obj } from "../../model/object.ts";
import { oneTask } from "../task.ts";
import { type Judge, judged } from "./judgement.ts";

export const waitsClaim = z.strictObject({
  task: z.string().describe("pid, address or name of the waiting task"),
  lock: z.string().optional().describe("symbol or address of what it waits for"),
  owner: z.string().optional().describe("pid, address or name of the task that holds it"),
});

export const waits: Judge<z.infer<typeof waitsClaim>> = function* (context, claim) {
  const task = oneTask(context, claim.task);
  const command = `waits ${hex0x(task.address)}`;
  const graph = yield* waitGraph(context.kernel);
  const waiting = graph.tasks.get(task.address) ?? asleep(context, task);
  if (!waiting) return judged("false", `${named(task)} does not wait: it is ${taskActivity(task)}.`, command);
  const { resource, unknown, state } = waiting.wait;
  if (!resource)
    return judged(
      "unknown",
      `What ${named(task)} waits for is not known: ${unknown ?? "its stack does not show it"}.`,
      command,
    );
  const evidence: Evidence[] = waiting.wait.waiter
    ? [{ kind: "lock", address: waiting.wait.waiter.address, type: waiting.wait.waiter.type }]
    : [];
  const what = resourceWords(waiting);
  if (claim.lock !== undefined && address(context, claim.lock) !== resource.address)
    return judged("false", `${named(task)} waits for ${what}, not for ${claim.lock}.`, command, evidence);
  if (claim.owner === undefined) return judged("true", `${named(task)} waits for ${what}.`, command, evidence);
  return ownerJudgement({ context, waiting, what, command, evidence }, oneTask(context, claim.owner), state?.isFree);
};

interface Found {
  readonly context: Context;
  readonly waiting: WaitingTask;
  readonly what: string;
  readonly command: string;
  readonly evidence: readonly Evidence[];
}

/** Judges whether a task holds what another waits for. A holder that is not certain decides nothing. */
function ownerJudgement({ waiting, what, command, evidence }: Found, owner: Obj, free: boolean | undefined) {
  const fields: readonly Evidence[] = (waiting.wait.state?.fields ?? []).map((field) => ({ kind: "field", ...field }));
  const all = [...evidence, ...fields];
  const certain = waiting.holders.filter(({ certainty }) => certainty === "certain");
  if (certain.some(({ task }) => task === owner.address))
    return judged("true", `${what} is held by ${named(owner)} (${certain[0]?.how ?? ""}).`, command, all);
  if (certain.length > 0) {
    const holders = certain.map(taskName).join(", ");
    return judged("false", `${what} is held by ${holders}, not by ${named(owner)}.`, command, all);
  }
  if (free === true) return judged("false", `${what} is not held.`, command, all);
  const possible = waiting.holders.find(({ task }) => task === owner.address);
  return judged(
    "unknown",
    possible
      ? `${named(owner)} is only a ${possible.certainty} holder of ${what}: ${possible.how}.`
      : `${what} does not record its holder.`,
    command,
    all,
  );
}

/** Returns what a task that sleeps or is stopped waits for; undefined for another task. */
function asleep({ kernel }: Context, task: Obj): WaitingTask | undefined {
  const activity = taskActivity(task);
  return activity === "sleeping" || activity === "stopped" ? waitingTask(kernel, task.address) : undefined;
}

function named(task: Obj): string {
  const [comm, pid] = [attempt(() => taskComm(task)), attempt(() => taskPid(task))];
  return taskName({
    pid: pid instanceof Fault ? undefined : pid,
    comm: comm instanceof Fault ? undefined : comm,
  });
}
