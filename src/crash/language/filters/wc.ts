/** The `wc` filter: counts lines, words, bytes and characters. */
import { collect, filter, type Filtered, type Flow } from "../filter.ts";
import { column } from "../../../render/pad.ts";
import { lineText } from "../../../say/piece.ts";

export const wc = filter({
  name: "wc",
  summary: "count lines, words and bytes",
  usage: "[-l] [-w] [-c] [-m]",
  options: [
    { flag: "-l", help: "lines" },
    { flag: "-w", help: "words" },
    { flag: "-c", help: "bytes" },
    { flag: "-m", help: "characters" },
  ],
  start: (args) => (flow) => counts(flow, (flag) => args.has(flag)),
});

function* counts(flow: Flow, has: (flag: string) => boolean): Filtered {
  const lines = (yield* collect(flow)).map(lineText);
  const sum = (of: (line: string) => number): number => lines.reduce((total, line) => total + of(line), 0);
  const all: readonly (readonly [string, () => number])[] = [
    ["-l", () => lines.length],
    ["-w", () => sum((line) => line.match(/\S+/g)?.length ?? 0)],
    ["-m", () => sum((line) => [...line].length + 1)],
    ["-c", () => sum((line) => Buffer.byteLength(line) + 1)],
  ];
  const asked = all.filter(([flag]) => has(flag));
  const shown = asked.length > 0 ? asked : all.filter(([flag]) => flag !== "-m");
  const numbers = shown.map(([, of]) => String(of()));
  yield [numbers.length === 1 ? (numbers[0] ?? "") : numbers.map((number) => column(number, 7, "right")).join(" ")];
}
