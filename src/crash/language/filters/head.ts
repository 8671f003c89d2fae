/** The `head` filter: passes the first lines. */
import { filter, isLine, type Filtered, type Flow } from "../filter.ts";
import type { Line } from "../../../say/piece.ts";
import { count } from "../number.ts";

/** Default number of lines. */
const LINES = 10;

export const head = filter({
  name: "head",
  summary: "the first lines",
  usage: "[-n count | -count]",
  options: [
    { flag: "-n", argument: "count", help: "number of lines (default 10); -count: all but the last count lines" },
  ],
  start(args) {
    const given = count(args.value("-n") ?? args.rest[0]?.replace(/^-/, "") ?? String(LINES));
    return given < 0 ? (flow) => allButLast(flow, -given) : (flow) => first(flow, given);
  },
});

/** Stops reading as soon as it has enough lines: `log | head` reads only that part of the log. */
function* first(flow: Flow, wanted: number): Filtered {
  let left = wanted;
  if (left === 0) return;
  for (const item of flow) {
    yield item;
    if (isLine(item) && --left === 0) return;
  }
}

function* allButLast(flow: Flow, dropped: number): Filtered {
  const held: Line[] = [];
  for (const item of flow) {
    if (!isLine(item)) {
      yield item;
      continue;
    }
    held.push(item);
    const oldest = held.length > dropped ? held.shift() : undefined;
    if (oldest) yield oldest;
  }
}
