/** Parses command lines with Node's own parser. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "./usageError.ts";

/** Parses a command line as `parseArgs` of node:util does. @throws UsageError with the first sentence of its message */
export function parseArguments<Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error));
  }
}
