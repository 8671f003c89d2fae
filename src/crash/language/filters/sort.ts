/** The `sort` filter: sorts lines by key fields. */
import { UsageError } from "../../../base/usageError.ts";
import { collect, filter, type Filtered, type Flow } from "../filter.ts";
import { hexNumber } from "../number.ts";
import { lineText } from "../../../say/piece.ts";

export const sort = filter({
  name: "sort",
  summary: "sort lines",
  usage: "[-n|-x] [-r] [-u] [-f] [-t separator] [-k first[,last]]",
  options: [
    { flag: "-n", help: "compare by the number at the start" },
    { flag: "-x", help: "compare by the hexadecimal number at the start" },
    { flag: "-r", help: "reverse the order" },
    { flag: "-u", help: "print only the first of equal lines" },
    { flag: "-f", help: "ignore case" },
    { flag: "-t", argument: "separator", help: "field separator; default: blanks" },
    { flag: "-k", argument: "first[,last]", help: "compare by these fields, counted from 1; n, x or r may follow" },
  ],
  start(args) {
    const field = /^([1-9]\d*)([nrx]*)(?:,([1-9]\d*)([nrx]*))?$/.exec(args.value("-k") ?? "1");
    if (!field)
      throw new UsageError(
        `-k ${args.value("-k") ?? ""}: not a range of fields; they are counted from 1, as 2 or 2,3n`,
      );
    const flags = `${field[2] ?? ""}${field[4] ?? ""}`;
    const is = (letter: string): boolean => args.has(`-${letter}`) || flags.includes(letter);
    const separator = args.value("-t");
    const [first, last] = [Number(field[1]), Number(field[3] ?? Infinity)];
    const keyOf = (line: string): string => {
      if (!args.has("-k")) return line;
      const fields = separator === undefined ? line.trim().split(/\s+/) : line.split(separator);
      return fields.slice(first - 1, last).join(separator ?? " ");
    };
    const order: Order = {
      key: (line) => (args.has("-f") ? keyOf(line).toLowerCase() : keyOf(line)),
      compare: is("n") ? byNumber : is("x") ? byHex : byText,
      reverse: is("r"),
      unique: args.has("-u"),
    };
    return (flow) => sorted(flow, order);
  },
});

interface Order {
  readonly key: (line: string) => string;
  readonly compare: (a: string, b: string) => number;
  readonly reverse: boolean;
  readonly unique: boolean;
}

function* sorted(flow: Flow, { key, compare, reverse, unique }: Order): Filtered {
  const lines = (yield* collect(flow)).map((line) => {
    const text = lineText(line);
    return { line, text, key: key(text) };
  });
  type Entry = (typeof lines)[number];
  // Lines with equal keys are ordered by the whole line, as in sort(1); with -u they count as equal.
  const inOrder = (a: Entry, b: Entry): number => compare(a.key, b.key) || (unique ? 0 : byText(a.text, b.text));
  lines.sort((a, b) => (reverse ? inOrder(b, a) : inOrder(a, b)));
  let last: Entry | undefined;
  for (const entry of lines) {
    if (unique && last && compare(last.key, entry.key) === 0) continue;
    last = entry;
    yield entry.line;
  }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const leading = (text: string): number => Number(/^\s*([-+]?\d*\.?\d+)/.exec(text)?.[1] ?? 0);
const byNumber = (a: string, b: string): number => leading(a) - leading(b);

const leadingHex = (text: string): bigint => hexNumber(/^\s*(?:0x)?([0-9a-fA-F]+)/.exec(text)?.[1] ?? "") ?? -1n;
const byHex = (a: string, b: string): number => {
  const [left, right] = [leadingHex(a), leadingHex(b)];
  return left < right ? -1 : left > right ? 1 : 0;
};
