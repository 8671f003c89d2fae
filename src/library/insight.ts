/** Who waits for whom and what happened, as the library says it. */
import type { Verdict as EngineVerdict } from "../insight/analyze.ts";
import { sentenceText } from "../insight/finding.ts";
import type { KnownHolder, WaitGraph, WaitingTask } from "../insight/waits/waitGraph.ts";
import { waitType, waitWords } from "../insight/waits/words.ts";
import type { Holder, Verdict, Wait, Waits } from "./types.ts";

/** Returns the library's form of the graph of waits. */
export const libraryWaits = ({ blocked, cycles }: WaitGraph): Waits => ({
  waiting: blocked.map(libraryWait),
  cycles: cycles.map(({ tasks, certainty }) => ({ tasks: tasks.map(libraryWait), certainty })),
});

const libraryWait = (waiting: WaitingTask): Wait => ({
  pid: waiting.pid,
  comm: waiting.comm,
  task: waiting.task.address,
  type: waitType(waiting.wait),
  resource: waiting.wait.resource?.address,
  waitsFor: waitWords(waiting),
  holders: waiting.holders.map(libraryHolder),
});

const libraryHolder = ({ pid, comm, certainty, how }: KnownHolder): Holder => ({ pid, comm, certainty, how });

/** Returns the library's form of a verdict. */
export const libraryVerdict = ({ title, kind, key, findings }: EngineVerdict): Verdict => ({
  title,
  kind,
  key,
  findings: findings.map(({ id, severity, certainty, slots, text }) => ({
    id,
    severity,
    certainty,
    slots,
    text: sentenceText(text),
  })),
});
