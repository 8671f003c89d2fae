/** The `grep` filter: selects lines that match a pattern, with POSIX regular expressions. */
import { regularExpression } from "../../../base/regularExpression.ts";
import { UsageError } from "../../../base/usageError.ts";
import type { Parsed } from "../command.ts";
import { filter, isLine, type Filtered, type Flow } from "../filter.ts";
import { count } from "../number.ts";
import { lineText, type Line } from "../../../say/piece.ts";

export const grep = filter({
  name: "grep",
  summary: "lines that match a pattern",
  usage: "[-E|-F] [-i] [-v] [-w] [-x] [-c] [-n] [-o] [-A n] [-B n] [-C n] [-m n] [-e pattern | pattern]",
  options: [
    { flag: "-E", help: "extended regular expression" },
    { flag: "-F", help: "fixed text" },
    { flag: "-i", help: "ignore case" },
    { flag: "-v", help: "lines that do not match" },
    { flag: "-w", help: "whole words" },
    { flag: "-x", help: "whole lines" },
    { flag: "-c", help: "print only the number of matching lines" },
    { flag: "-n", help: "print the line number before each line" },
    { flag: "-o", help: "print only the matching text" },
    { flag: "-A", argument: "n", help: "n lines after each match" },
    { flag: "-B", argument: "n", help: "n lines before each match" },
    { flag: "-C", argument: "n", help: "n lines around each match" },
    { flag: "-m", argument: "n", help: "stop after n matching lines" },
    { flag: "-e", argument: "pattern", help: "pattern; can be repeated" },
  ],
  start(args) {
    const pattern = patternOf(args);
    const search: Search = {
      matches: (line) => pattern.test(line) !== args.has("-v"),
      before: count(args.value("-B") ?? args.value("-C") ?? "0"),
      after: count(args.value("-A") ?? args.value("-C") ?? "0"),
      limit: args.has("-m") ? count(args.value("-m") ?? "") : Infinity,
      numbers: args.has("-n"),
    };
    if (args.has("-c")) return (flow) => counted(flow, search);
    if (args.has("-o") && !args.has("-v"))
      return (flow) => onlyMatching(flow, new RegExp(pattern, `${pattern.flags}g`), search);
    return (flow) => selected(flow, search);
  },
});

interface Search {
  readonly matches: (line: string) => boolean;
  readonly before: number;
  readonly after: number;
  readonly limit: number;
  readonly numbers: boolean;
}

function* counted(flow: Flow, { matches, limit }: Search): Filtered {
  let found = 0;
  for (const item of flow) {
    if (!isLine(item)) yield item;
    else if (found >= limit) break;
    else if (matches(lineText(item))) found++;
  }
  yield [String(found)];
}

function* onlyMatching(flow: Flow, pattern: RegExp, { limit, numbers }: Search): Filtered {
  let number = 0;
  let found = 0;
  for (const item of flow) {
    if (!isLine(item)) {
      yield item;
      continue;
    }
    if (found >= limit) return;
    number++;
    const matches = [...lineText(item).matchAll(pattern)];
    if (matches.length > 0) found++;
    for (const [match] of matches) if (match !== "") yield numbers ? [`${number}:`, match] : [match];
  }
}

function* selected(flow: Flow, { matches, before, after, limit, numbers }: Search): Filtered {
  const numbered = (line: Line, number: number, mark: string): Line => (numbers ? [`${number}${mark}`, ...line] : line);
  const waiting: { line: Line; number: number }[] = [];
  let number = 0;
  let found = 0;
  let trailing = 0;
  let lastShown = 0;
  for (const item of flow) {
    if (!isLine(item)) {
      yield item;
      continue;
    }
    number++;
    if (found < limit && matches(lineText(item))) {
      const first = number - waiting.length;
      // As in grep, a line with `--` separates groups of context lines that are not adjacent.
      if ((before > 0 || after > 0) && lastShown > 0 && first > lastShown + 1) yield ["--"];
      for (const one of waiting.splice(0)) yield numbered(one.line, one.number, "-");
      yield numbered(item, number, ":");
      lastShown = number;
      trailing = after;
      found++;
    } else if (trailing > 0) {
      yield numbered(item, number, "-");
      lastShown = number;
      trailing--;
    } else if (found >= limit) {
      return;
    } else if (before > 0) {
      waiting.push({ line: item, number });
      if (waiting.length > before) waiting.shift();
    }
  }
}

/** Builds the regular expression from the pattern arguments. @throws UsageError */
function patternOf(args: Parsed): RegExp {
  const patterns = args.has("-e") ? args.values("-e") : args.rest.slice(0, 1);
  if (patterns.length === 0) throw new UsageError("a pattern is missing");
  const one = (pattern: string): string => {
    if (args.has("-F")) return pattern.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    return fromPosix(args.has("-E") ? pattern : extended(pattern));
  };
  let source = patterns.map((pattern) => `(?:${one(pattern)})`).join("|");
  if (args.has("-w")) source = `(?<!\\w)(?:${source})(?!\\w)`;
  if (args.has("-x")) source = `^(?:${source})$`;
  const pattern = regularExpression(source, args.has("-i") ? "i" : "");
  if (!pattern) throw new UsageError(`not a regular expression: ${patterns.join(" ")}`);
  return pattern;
}

/** Converts a basic regular expression to an extended one: swaps the escaped and plain forms of | + ? ( ) { }. */
const extended = (pattern: string): string =>
  pattern.replace(/\\?[|+?(){}]|\\./g, (token) => {
    if (token.length === 1) return `\\${token}`;
    return "|+?(){}".includes(token.charAt(1)) ? token.charAt(1) : token;
  });

const classes: Readonly<Record<string, string>> = {
  alnum: "A-Za-z0-9",
  alpha: "A-Za-z",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9A-Fa-f",
};

/** Converts POSIX syntax to JavaScript's: `[[:digit:]]`, `\<`, `\>`. @throws UsageError for an unknown class */
const fromPosix = (pattern: string): string =>
  pattern
    .replace(/\[:(\w+):\]/g, (all, name: string) => {
      const members = Object.hasOwn(classes, name) ? classes[name] : undefined;
      if (members === undefined)
        throw new UsageError(`${all} is not a class of characters: there are ${Object.keys(classes).join(", ")}`);
      return members;
    })
    .replaceAll("\\<", "(?<!\\w)(?=\\w)")
    .replaceAll("\\>", "(?<=\\w)(?!\\w)");
