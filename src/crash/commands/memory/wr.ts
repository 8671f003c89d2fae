/** The `wr` command, which reports that a dump cannot be written. */
import { UsageError } from "../../../base/usageError.ts";
import { command } from "../../language/command.ts";

export const wr = command({
  name: "wr",
  summary: "write memory, which a dump does not allow",
  usage: "[-u|-k|-p] [-8|-16|-32|-64] [address | symbol] value",
  options: [
    { flag: "-u", help: "a user address" },
    { flag: "-k", help: "a kernel address" },
    { flag: "-p", help: "a physical address" },
    { flag: "-8", help: "8 bits" },
    { flag: "-16", help: "16 bits" },
    { flag: "-32", help: "32 bits" },
    { flag: "-64", help: "64 bits" },
  ],
  takesExpression: true,
  description:
    "In crash, this command writes to the memory of a live system. Here it always fails, because a dump is read-only.",
  examples: [],
  *run() {
    throw new UsageError("not allowed on dumpfiles: a dump is read-only");
  },
});
