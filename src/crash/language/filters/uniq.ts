/** The `uniq` filter: drops or counts repeated neighbouring lines. */
import { filter, isLine, type Filtered, type Flow } from "../filter.ts";
import { column } from "../../../render/pad.ts";
import { lineText, type Line } from "../../../say/piece.ts";

export const uniq = filter({
  name: "uniq",
  summary: "equal neighbouring lines as one",
  usage: "[-c] [-d|-u]",
  options: [
    { flag: "-c", help: "print the number of repeats before each line" },
    { flag: "-d", help: "only lines that are repeated" },
    { flag: "-u", help: "only lines that are not repeated" },
  ],
  start(args) {
    const shows = (times: number): boolean => (args.has("-d") ? times > 1 : args.has("-u") ? times === 1 : true);
    const shown = (line: Line, times: number): Line =>
      args.has("-c") ? [`${column(String(times), 7, "right")} `, ...line] : line;
    return (flow) => folded(flow, (line, times) => (shows(times) ? shown(line, times) : undefined));
  },
});

function* folded(flow: Flow, say: (line: Line, times: number) => Line | undefined): Filtered {
  let last: Line | undefined;
  let times = 0;
  for (const item of flow) {
    if (!isLine(item)) {
      yield item;
      continue;
    }
    if (last && lineText(last) === lineText(item)) {
      times++;
      continue;
    }
    const line = last && say(last, times);
    if (line) yield line;
    last = item;
    times = 1;
  }
  const line = last && say(last, times);
  if (line) yield line;
}
