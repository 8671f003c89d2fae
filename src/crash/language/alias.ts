/** Expands aliases at the start of a command line. */
import type { Context } from "./command.ts";

/** The aliases that crash defines. The user's aliases take precedence. */
export const builtinAliases: ReadonlyMap<string, string> = new Map([
  ["man", "help"],
  ["?", "help"],
  ["quit", "q"],
  ["sf", "set scroll off"],
  ["sn", "set scroll on"],
  ["hex", "set radix 16"],
  ["dec", "set radix 10"],
  ["g", "gdb"],
  ["px", "p -x"],
  ["pd", "p -d"],
  ["for", "foreach"],
  ["size", "*"],
  ["dmesg", "log"],
  ["lsmod", "mod"],
  ["last", "ps -l"],
]);

/**
 * Replaces the alias at the start of the line, repeatedly. Each alias is replaced at most once, so that it cannot loop.
 */
export function expandAlias(context: Context, line: string): string {
  const used = new Set<string>();
  let text = line.trim();
  for (;;) {
    const name = /^[^\s|<>]+/.exec(text)?.[0] ?? "";
    const meaning = used.has(name) ? undefined : (context.aliases.get(name) ?? builtinAliases.get(name));
    if (meaning === undefined) return text;
    used.add(name);
    text = `${meaning}${text.slice(name.length)}`;
  }
}

/** Returns the name of the command that a word runs: the word itself, or the first word of what its alias stands for. */
export const commandOfAlias = (context: Context, word: string): string =>
  expandAlias(context, word).split(/\s/, 1)[0] ?? word;
