/** The `refresh` command: reads memory that changes anew. */
import { UsageError } from "../../../base/usageError.ts";
import { command } from "../../language/command.ts";
import { changed } from "../../language/context.ts";

export const refresh = command({
  name: "refresh",
  readsOnly: true,
  summary: "read the memory of a running kernel or guest anew",
  usage: "",
  takesOnlyOptions: true,
  options: [],
  description:
    "Forgets all that was read, and opens the running kernel or guest again; a paused guest runs until it is opened again. Settings stay. A dump does not change.",
  examples: [],
  *run({ session }) {
    if (session.live === undefined) throw new UsageError("a dump does not change: refresh is for running kernels and guests"); // prettier-ignore
    yield changed({ refresh: true });
  },
});
