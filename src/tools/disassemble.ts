/** The tool `disassemble`: the instructions at an address. */
import { z } from "zod";
import { address } from "../crash/language/address.ts";
import type { Context } from "../crash/language/command.ts";
import { commandPieces, quoted } from "./commandPieces.ts";
import { conclusion, tool } from "./tool.ts";

export const disassemble = tool({
  name: "disassemble",
  title: "Disassemble",
  description:
    "Instructions of the kernel with symbols. Source lines need debuginfo. The code is read from the dump, so live patches and probes are in it.",
  input: z.strictObject({
    at: z.string().min(1).max(200).describe("function, function+offset or address"),
    which: z
      .enum(["function", "before", "from"])
      .default("function")
      .describe(
        "function: the whole function that `at` names; before: from the start of the function to `at`; from: `count` instructions from `at`. Not used with source",
      ),
    count: z.number().int().min(1).max(2000).default(20).describe("with from: number of instructions"),
    lines: z.boolean().default(true).describe("with lines of source"),
    source: z.boolean().default(false).describe("the source text instead, if the kernel tree is on this machine"),
  }),
  elements: "lines",
  *run(context, { at, which, count, lines, source }) {
    const options = source ? "-s" : `${which === "before" ? "-r" : ""}${lines ? "l" : ""}`;
    const flags = options === "" ? "" : ` ${options.startsWith("-") ? options : `-${options}`}`;
    const line = `dis${flags} ${quoted(which === "function" ? functionAt(context, at) : at)}${which === "from" && !source ? ` ${count}` : ""}`;
    yield conclusion("", line);
    yield* commandPieces(context, line);
  },
});

/** Returns the name of the function that contains an address; the words themselves if there is none. @throws UsageError, Fault */
const functionAt = (context: Context, at: string): string =>
  context.kernel.symbols.at(address(context, at))?.name ?? at;
