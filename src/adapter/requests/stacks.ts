/** The custom requests for what several tasks do: their stacks, or the functions in which they wait. */
import { hex0x } from "../../base/hex.ts";
import { withOffset } from "../../base/nameOffset.ts";
import { stackTrace } from "../../linux/sched/stackTrace.ts";
import { taskAt } from "../../linux/sched/task.ts";
import { waitFrameIndex } from "../../linux/sched/waitFrame.ts";
import type { TaskStack, ThreadState } from "../../protocol/custom.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { Handlers } from "../handlers.ts";
import { taskLabel, threadState } from "../threads.ts";

/** Maximum number of frames. Deeper stacks are damaged. */
const MAX_FRAMES = 200;

/** Returns the stacks or the states of some tasks. Clients request a few at a time, so that the user can stop it. */
export const stacks: Pick<Handlers, "vmcore/stacks" | "vmcore/threadStates"> = {
  *"vmcore/threadStates"({ kernel, threads }, { threadIds }) {
    const states: ThreadState[] = [];
    for (const threadId of threadIds) {
      const thread = threads.get(threadId);
      const { task } = thread;
      if (!task) continue;
      const { frames } = stackTrace(kernel, task);
      const symbol = frames[waitFrameIndex(kernel, frames)]?.symbol;
      states.push({
        threadId,
        name: taskLabel(task),
        state: threadState(thread),
        ...(symbol === undefined ? {} : { function: symbol.name }),
      });
      yield;
    }
    return { threads: states };
  },
  *"vmcore/stacks"({ kernel }, { tasks }) {
    const found: TaskStack[] = [];
    for (const text of tasks) {
      const task = /^0x[0-9a-f]{1,16}$/.test(text) ? taskAt(kernel, BigInt(text)) : undefined;
      if (!task) {
        found.push({ task: text, frames: [], at: 0, fault: "there is no task at this address" });
        continue;
      }
      const { frames, fault } = stackTrace(kernel, task);
      found.push({
        task: text,
        frames: frames.slice(0, MAX_FRAMES).map(frameName),
        at: waitFrameIndex(kernel, frames),
        ...(fault === undefined ? {} : { fault: fault.message }),
      });
      yield;
    }
    return { stacks: found };
  },
};

const frameName = ({ symbol, pc }: Frame): string =>
  symbol ? withOffset(symbol.name, pc - symbol.address, 16) : hex0x(pc);
