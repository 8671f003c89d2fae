import { UsageError } from "../../base/usageError.ts";
import type { Handlers } from "../handlers.ts";

function refuse(): never {
  throw new UsageError("A crash dump does not run: it is stopped at the panic for good.");
}

/** Continue and step: answered with a friendly no, and the session stays where it is. */
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
