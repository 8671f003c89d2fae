/** The `tail` filter: passes the last lines. */
import { collect, filter, isLine, type Filtered, type Flow } from "../filter.ts";
import { count } from "../number.ts";

/** Default number of lines. */
const LINES = 10;

export const tail = filter({
  name: "tail",
  summary: "the last lines",
  usage: "[-n count | -count | -n +first]",
  options: [
    { flag: "-n", argument: "count", help: "number of lines (default 10); +first: all lines from that line on" },
  ],
  start(args) {
    const given = args.value("-n") ?? args.rest[0]?.replace(/^-/, "") ?? String(LINES);
    const wanted = count(given.replace(/^[-+]/, ""));
    return given.startsWith("+") ? (flow) => from(flow, wanted) : (flow) => last(flow, wanted);
  },
});

function* last(flow: Flow, wanted: number): Filtered {
  const lines = yield* collect(flow);
  if (wanted > 0) yield* lines.slice(-wanted);
}

function* from(flow: Flow, start: number): Filtered {
  let number = 0;
  for (const item of flow) if (!isLine(item) || ++number >= start) yield item;
}
