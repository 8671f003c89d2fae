/** The DAP requests `scopes` and `variables`. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { UsageError } from "../../base/usageError.ts";
import type { Handlers } from "../handlers.ts";
import { isHex, row } from "../values/rows.ts";
import { scopesOf } from "../values/scopes.ts";
import { type VariableEntry, type Unfolding, untilFault } from "../values/unfolding.ts";

/** Maximum number of elements for a client that does not page. */
const MAX_UNPAGED = 10_000;

/** Returns the contents of the Variables view. */
export const variables: Pick<Handlers, "scopes" | "variables"> = {
  *scopes(target, { frameId }) {
    return { scopes: scopesOf(target, target.frames.get(frameId)) };
  },

  *variables(target, args) {
    const unfolding = target.unfoldings.get(args.variablesReference);
    if (!unfolding) throw new UsageError(`there is no variable with children ${args.variablesReference}`);
    const list: DebugProtocol.Variable[] = [];
    for (const entry of untilFault(requestedEntries(unfolding, args))) {
      list.push(row(target, entry, { hex: isHex(target, args.format) }));
      yield;
    }
    return { variables: list };
  },
};

function* requestedEntries(unfolding: Unfolding, args: DebugProtocol.VariablesArguments): Generator<VariableEntry> {
  if (args.filter !== "indexed") yield* unfolding.named();
  if (args.filter === "named" || !unfolding.indexed) return;
  const { start = 0, count = 0 } = args;
  // DAP: "If the value is missing or 0, all variables are returned."
  const most = count > 0 ? count : MAX_UNPAGED;
  yield* unfolding.indexed(start, most);
  const left = (unfolding.count ?? 0) - start - most;
  if (count === 0 && left > 0) yield { name: "…", value: `${left} more elements` };
}
