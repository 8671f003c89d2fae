import { createRequire } from "node:module";
import { resolve } from "node:path";
import { UsageError } from "../base/usageError.ts";
import type { Command, Extensions } from "../crash/command.ts";

/**
 * Files with commands of the user's own, loaded by Node itself; TypeScript where Node strips types (22.18 and later).
 * A file is run only when the user names it in the terminal or in a file of commands of theirs: nothing is searched.
 */
export class ExtensionFiles implements Extensions {
  readonly loaded = new Map<string, readonly Command[]>();

  load(path: string): string {
    const full = resolve(path);
    const require = createRequire(full);
    let exported: unknown;
    try {
      exported = require(full);
    } catch (error) {
      throw new UsageError(`${path}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
    }
    const { default: main, commands } = Object(exported) as { readonly default?: unknown; readonly commands?: unknown };
    const found = [main, commands, exported].flat().filter(isCommand);
    if (found.length === 0) throw new UsageError(`${path}: exports no commands`);
    this.loaded.delete(full);
    this.loaded.set(full, [...new Set(found)].map(complete));
    return full;
  }

  unload(path: string): void {
    if (!this.loaded.delete(resolve(path))) throw new UsageError(`${path}: not loaded`);
  }
}

type Given = Pick<Command, "name" | "run"> & Partial<Command>;

const isCommand = (one: unknown): one is Given => {
  const { name, run } = Object(one) as { readonly name?: unknown; readonly run?: unknown };
  return typeof name === "string" && /^[A-Za-z_]\w*$/.test(name) && typeof run === "function";
};

/** What a manual page needs besides a name and a function. */
const complete = (given: Given): Command => ({
  summary: "",
  usage: "",
  options: [],
  description: "",
  examples: [],
  ...given,
  run: (context, args) => given.run(context, args),
});
