/** The DAP `threads` request. */
import { threadName } from "../threads.ts";
import type { Handlers } from "../handlers.ts";

/** Number of threads per step of the job. */
const STEP = 64;

/** Lists all tasks as threads. */
export const threads: Pick<Handlers, "threads"> = {
  *threads(target) {
    const list = yield* target.threads.list();
    const rows = [];
    for (const thread of list) {
      rows.push({ id: thread.id, name: threadName(thread) });
      if (rows.length % STEP === 0) yield;
    }
    return { threads: rows };
  },
};
