/** The `cut` filter: selects fields or characters of each line. */
import { UsageError } from "../../../base/usageError.ts";
import { filter, isLine, type Filtered, type Flow } from "../filter.ts";
import { lineText } from "../../../say/piece.ts";

export const cut = filter({
  name: "cut",
  summary: "fields or characters of each line",
  usage: "-f list [-d separator] [-s] | -c list",
  options: [
    { flag: "-f", argument: "list", help: "fields counted from 1, as 1,3-5,7-" },
    { flag: "-d", argument: "separator", help: "field separator; default: a tab" },
    { flag: "-c", argument: "list", help: "characters instead of fields" },
    { flag: "-s", help: "leave out lines without a separator" },
  ],
  start(args) {
    const characters = args.value("-c");
    const list = characters ?? args.value("-f");
    if (list === undefined) throw new UsageError("a list of fields (-f) or characters (-c) is missing");
    const isWanted = parseList(list);
    if (args.value("-d") === "") throw new UsageError("-d needs a separator: an empty text separates nothing");
    const separator = characters === undefined ? (args.value("-d") ?? "\t") : "";
    return (flow) => cutLines(flow, separator, isWanted, args.has("-s"));
  },
});

/** Parses a list of positions such as `1,3-5,7-`. @throws UsageError */
function parseList(list: string): (position: number) => boolean {
  const ranges = list.split(",").map((part) => {
    const range = /^(\d+)?(-)?(\d+)?$/.exec(part);
    const first = Number(range?.[1] ?? 1);
    const last = range?.[2] ? Number(range[3] ?? Infinity) : first;
    if (!range || part === "" || part === "-" || first < 1 || last < first)
      throw new UsageError(`not a list of fields or characters: ${list}; they are counted from 1, as 1,3-5,7-`);
    return { first, last };
  });
  return (position) => ranges.some(({ first, last }) => position >= first && position <= last);
}

function* cutLines(
  flow: Flow,
  separator: string,
  isWanted: (position: number) => boolean,
  onlyDelimited: boolean,
): Filtered {
  for (const item of flow) {
    if (!isLine(item)) {
      yield item;
      continue;
    }
    const fields = lineText(item).split(separator);
    if (fields.length > 1 || separator === "") yield [fields.filter((_, i) => isWanted(i + 1)).join(separator)];
    else if (!onlyDelimited) yield item;
  }
}
