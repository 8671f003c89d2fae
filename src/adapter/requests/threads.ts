import { threadName } from "../threads.ts";
import type { Handlers } from "../handlers.ts";

/** Rows between two pauses. */
const STEP = 64;

/** Every task is a thread. */
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
