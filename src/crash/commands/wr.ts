import { UsageError } from "../../base/usageError.ts";
import { command } from "../command.ts";

export const wr = command({
  name: "wr",
  summary: "write memory, which a dump does not allow",
  usage: "[-u|-k|-p] [-8|-16|-32|-64] [address | symbol] value",
  options: [],
  takesExpression: true,
  description: "On a live system crash writes memory with this. A dump is read-only: nothing is ever changed.",
  examples: [],
  *run() {
    throw new UsageError("not allowed on dumpfiles: a dump is read-only");
  },
});
