/** The `rustfilt` command: demangles Rust symbols. */
import { UsageError } from "../../../base/usageError.ts";
import { demangleRust } from "../../../base/rust/demangle.ts";
import { command } from "../../language/command.ts";
import { record } from "../../../say/piece.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const rustfilt = command({
  name: "rustfilt",
  readsOnly: true,
  summary: "demangle Rust symbols",
  usage: "symbol ...",
  options: [],
  description:
    "Shows the source name of a mangled Rust symbol, in the v0 form (_R...) or the legacy form (_ZN...17h...E). The hashes of crates and instances are left out.",
  examples: [
    { line: "rustfilt _RNvNtCshc5sK6KjdJJ_6kernel5print11call_printk", shows: "A function of the kernel crate." },
  ],
  records: () => [{ line: "rustfilt _RNvC6kernel4name", fields: { symbol: { kind: "text" }, name: { kind: "text" } } }],
  *run(_context, { rest }) {
    if (rest.length === 0) throw new WrongUse("a symbol is missing");
    for (const symbol of rest) {
      const name = demangleRust(symbol);
      if (name === undefined) throw new UsageError(`not a Rust symbol: ${symbol}`);
      yield record({ symbol, name }, name);
    }
  },
});
