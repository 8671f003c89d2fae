import { UsageError } from "../../../base/usageError.ts";
import { demangleRust } from "../../../base/rust/demangle.ts";
import { command } from "../../language/command.ts";
import { record } from "../../../say/piece.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const rustfilt = command({
  name: "rustfilt",
  readsOnly: true,
  summary: "Rust symbols as the source names them",
  usage: "symbol ...",
  options: [],
  description:
    "Shows what Rust's compiler mangled into a symbol, in its newer form (_R...) or its older one (_ZN...17h...E). The hashes that tell crates and instances apart are left out.",
  examples: [
    { line: "rustfilt _RNvNtCshc5sK6KjdJJ_6kernel5print11call_printk", shows: "A function of the kernel crate." },
  ],
  *run(_context, { rest }) {
    if (rest.length === 0) throw new WrongUse("a symbol is missing");
    for (const symbol of rest) {
      const name = demangleRust(symbol);
      if (name === undefined) throw new UsageError(`not a Rust symbol: ${symbol}`);
      yield record({ symbol, name }, name);
    }
  },
});
