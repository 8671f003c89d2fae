import type { Described, Opcode, Place } from "../protocol/custom.ts";
import type { Block, LogLine } from "./logLines.ts";
import { isAddress } from "./logText.ts";

/** What a report says in numbers, put into words: its registers, its code, the lines of its call traces. No DOM. */

/** What of a report to ask the dump, and of which line of the log each answer speaks. */
export interface Questions {
  readonly places: readonly (Place & { readonly line: number; readonly register: string | undefined })[];
  readonly codes: readonly { readonly line: number; readonly text: string; readonly at: string | undefined }[];
}

/** The answers by line: rows to show below it, and where its code was written. */
export interface Explanation {
  readonly rows: ReadonlyMap<number, readonly LogLine[]>;
  /** `file:line` of the function and of what is inlined there, innermost first. */
  readonly sources: ReadonlyMap<number, readonly string[]>;
}

/** The same of a log that has had so many lines put in front of it. */
export const moved = ({ rows, sources }: Explanation, lines: number): Explanation => ({
  rows: new Map([...rows].map(([line, added]) => [line + lines, added])),
  sources: new Map([...sources].map(([line, source]) => [line + lines, source])),
});

/** `RIP: 0010:f+0x1/0x2 [m]`, `RIP: 0033:0x47fbe9`, `pc : f+0x1/0x2 [m]`, `PC is at f+0x1/0x2`: where the code stood. */
const SITE =
  /^(?:RIP: (?:[0-9a-f]{4}:)?|pc : |PC is at |epc : )([\w.]+\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\w+\])?|0x[0-9a-f]+)/;
/** ` f+0x1/0x2 [m]`, ` ? f+0x1/0x2`, ` [<ffff...>] f+0x1/0x2`. */
const ENTRY = /^\s+(?:\? |\(?\[<[0-9a-f]+>\] (?:\(?\? )?)*\(?([\w.]+\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\w+\])?)/;
const CODE = /^Code: ([0-9a-f<>() ]+)$/;
const REGISTER = /\b([A-Z][A-Z0-9]{1,4}|[a-z]\d{1,2}|[sl][pr])\s?: ?(?:[0-9a-f]{4}:)?([0-9a-f]{16})\b/g;
/** Entries of exceptions on arm64: what follows is where the interrupted code stood, no return. */
const EXCEPTION_ENTRY = /^el1[ht]?_/;

/** Lines of a report that are read: more belong to no report that a person goes through. */
const MAX_LINES = 200;

export function questionsOf(lines: readonly LogLine[], { first, end }: Block): Questions {
  const places: Questions["places"][number][] = [];
  const codes: Questions["codes"][number][] = [];
  // x86 prints the registers once more after the end mark: once is enough.
  const seen = new Set<string>();
  let at: string | undefined;
  let before = "";
  for (let line = first; line < Math.min(end, first + MAX_LINES); line++) {
    const text = lines[line]?.text ?? "";
    const site = SITE.exec(text)?.[1];
    if (site !== undefined) {
      at = site;
      places.push({ line, text: site, returns: false, register: undefined });
    }
    const entry = ENTRY.exec(text)?.[1];
    if (entry !== undefined) {
      places.push({ line, text: entry, returns: !EXCEPTION_ENTRY.test(before), register: undefined });
      before = entry;
    }
    if (seen.has(text)) continue;
    const code = CODE.exec(text)?.[1];
    if (code !== undefined) codes.push({ line, text: code, at });
    const registers = entry === undefined ? [...text.matchAll(REGISTER)] : [];
    for (const [, register = "", value = ""] of registers) {
      if (isAddress(value)) places.push({ line, text: value, returns: false, register });
    }
    if (code !== undefined || registers.length > 0) seen.add(text);
  }
  return { places, codes };
}

/**
 * @param described answers to `places`, in their order
 * @param decoded answers to `codes`, in their order; undefined for what could not be decoded
 */
export function explanationOf(
  { places, codes }: Questions,
  described: readonly (Described | null)[],
  decoded: readonly (readonly Opcode[] | undefined)[],
): Explanation {
  const rows = new Map<number, LogLine[]>();
  const sources = new Map<number, readonly string[]>();
  const add = (line: number, text: string, aside: NonNullable<LogLine["aside"]>): void => {
    const row = { text, level: undefined, seconds: undefined, caller: undefined, continues: true, aside };
    rows.set(line, [...(rows.get(line) ?? []), row]);
  };
  for (const [i, { line, text, register }] of places.entries()) {
    const answer = described[i];
    if (register === undefined) {
      const chain = (answer?.places ?? []).map((place) => `${place.file}:${place.line}`);
      if (chain.length > 0) sources.set(line, chain);
    } else {
      const what = answer?.code ? `<${answer.symbol ?? "code"}>` : answer?.what;
      if (what !== undefined) add(line, `${register.padStart(4)}  ${text}  ${what}`, "register");
    }
  }
  for (const [i, { line }] of codes.entries()) {
    for (const row of codeRows(decoded[i] ?? [])) add(line, row.text, row.faulting ? "faulting" : "code");
  }
  return { rows, sources };
}

/** Instructions before the one that faulted, and after it, that a person looks at. */
const BEFORE = 8;
const AFTER = 4;

function codeRows(all: readonly Opcode[]): { readonly text: string; readonly faulting: boolean }[] {
  const mark = all.findIndex(({ faulting }) => faulting);
  const shown = all.slice(Math.max(0, mark - BEFORE), mark + AFTER + 1);
  const place = ({ symbol, address }: Opcode): string => symbol ?? address;
  const placeWidth = Math.max(0, ...shown.map((one) => place(one).length));
  const bytesWidth = Math.max(0, ...shown.map(({ bytes }) => bytes.length));
  return shown.map((one) => ({
    text: `${one.faulting ? "→" : " "} ${place(one).padEnd(placeWidth)}  ${one.bytes.padEnd(bytesWidth)}  ${one.text}`,
    faulting: one.faulting,
  }));
}
