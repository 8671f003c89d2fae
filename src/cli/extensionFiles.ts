/** Loads the user's own commands from files. */
import { isDirectory } from "../base/file.ts";
import { attemptSystem } from "../base/systemError.ts";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { UsageError } from "../base/usageError.ts";
import type { Command, Extensions } from "../crash/language/command.ts";

/**
 * Loads files with the user's own commands with Node itself; TypeScript needs a Node that strips types (22.18 and
 * later). A file runs only if the user names it in the terminal or in a command file.
 */
export class ExtensionFiles implements Extensions {
  readonly loaded = new Map<string, readonly Command[]>();
  private readonly directory: string;

  /** @param directory value of CRASH_EXTENSIONS; "" for none */
  constructor(directory: string) {
    this.directory = directory === "" ? "" : resolve(directory);
  }

  load(path: string): string {
    const full = this.find(path);
    const require = createRequire(full);
    let exported: unknown;
    try {
      exported = require(full);
    } catch (error) {
      const why = existsSync(full)
        ? error instanceof Error
          ? error.message.split("\n")[0]
          : String(error)
        : "no such file";
      throw new UsageError(
        `${path}: ${isDirectory(full) ? "is a directory; name a file of JavaScript or TypeScript" : why}`,
      );
    }
    const { default: main, commands } = Object(exported) as { readonly default?: unknown; readonly commands?: unknown };
    const found = [main, commands, exported].flat().filter(isCommand);
    if (found.length === 0)
      throw new UsageError(
        `${path}: exports no command; its default export or its export \`commands\` must have \`name\` and \`run\``,
      );
    this.loaded.delete(full);
    this.loaded.set(full, [...new Set(found)].map(complete));
    return full;
  }

  unload(path: string): string {
    const full = this.find(path);
    if (!this.loaded.delete(full)) throw new UsageError(`${path}: not loaded`);
    return full;
  }

  available(): readonly string[] {
    if (!this.directory) return [];
    return (attemptSystem(() => readdirSync(this.directory)) ?? [])
      .filter((name) => /\.[cm]?[jt]s$/.test(name))
      .sort()
      .map((name) => join(this.directory, name));
  }

  /** Finds a file in the working directory, then in CRASH_EXTENSIONS, like crash. */
  private find(path: string): string {
    const here = resolve(path);
    if (path.includes("/") || !this.directory || existsSync(here)) return here;
    const there = join(this.directory, path);
    return existsSync(there) ? there : here;
  }
}

type Given = Pick<Command, "name" | "run"> & Partial<Command>;

const isCommand = (one: unknown): one is Given => {
  const { name, run } = Object(one) as { readonly name?: unknown; readonly run?: unknown };
  return typeof name === "string" && /^[A-Za-z_]\w*$/.test(name) && typeof run === "function";
};

/** Fills in the parts of a manual page that a command lacks with empty ones. */
const complete = (given: Given): Command => ({
  summary: "",
  usage: "",
  options: [],
  description: "",
  examples: [],
  ...given,
  run: (context, args) => given.run(context, args),
});
