/** Requests that would resume or pause the kernel. */
import { UsageError } from "../../base/usageError.ts";
import type { Handlers } from "../handlers.ts";

function refuse(): never {
  throw new UsageError("A crash dump does not run: it stays at the point of the crash.");
}

/**
 * Refuses to continue and to step: the session stays at its current stop. `pause` succeeds, because the session is
 * always stopped.
 */
export const execution: Pick<Handlers, "continue" | "next" | "stepIn" | "stepOut" | "pause"> = {
  *continue() {
    return refuse();
  },
  *next() {
    return refuse();
  },
  *stepIn() {
    return refuse();
  },
  *stepOut() {
    return refuse();
  },
  *pause() {
    return {};
  },
};
