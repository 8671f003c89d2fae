/**
 * Explanations of the numbers in a report: its registers, its code, the lines of its call traces. It does not use the
 * DOM.
 */
import { padHex } from "../../base/hex.ts";
import type { Described, PlaceQuery } from "../../protocol/custom.ts";
import type { Opcode } from "../../protocol/opcodes.ts";
import type { LogContext } from "../../log/context.ts";
import { entryAt, type LineEntry } from "../../log/entries.ts";
import { type Machine, machineOf, registersOf, siteOf } from "../../log/machines.ts";
import { questionsOf as asked } from "../../log/instruction.ts";
import type { PrintedPlace as LogPlace } from "../../log/place.ts";
import type { Summary } from "../../log/summary.ts";
import { type LogReport, kernelLogOf, type LogLine } from "./logLines.ts";
import { isAddress } from "./logText.ts";

/** What to look up in the dump for a report, and the line of the log that each answer explains. */
export interface Questions {
  readonly places: readonly (PlaceQuery & { readonly line: number; readonly register: string | undefined })[];
  readonly codes: readonly { readonly line: number; readonly text: string; readonly at: string | undefined }[];
}

/** The answers by line number: the rows to show below a line, and the source of its code. */
export interface Explanation {
  readonly rows: ReadonlyMap<number, readonly LogLine[]>;
  /** `file:line` of the function and of the calls inlined there, innermost first. */
  readonly sources: ReadonlyMap<number, readonly string[]>;
}

/** Returns an explanation for a log that has `lines` more lines before the ones that it explains. */
export const moved = ({ rows, sources }: Explanation, lines: number): Explanation => ({
  rows: new Map([...rows].map(([line, added]) => [line + lines, added])),
  sources: new Map([...sources].map(([line, source]) => [line + lines, source])),
});

/** Maximum number of lines of a report that are looked up. Longer reports are unlikely to be read in full. */
const MAX_LINES = 200;

export function questionsOf(lines: readonly LogLine[], { first, end }: LogReport): Questions {
  const log = kernelLogOf(lines.slice(first, Math.min(end, first + MAX_LINES)));
  const places: Questions["places"][number][] = [];
  const codes: Questions["codes"][number][] = [];
  // x86 prints the registers a second time after the end mark; skip them.
  const seen = new Set<string>();
  let at: string | undefined;
  let machine: Machine | undefined;
  log.lines.forEach(({ text }, i) => {
    const line = first + i;
    const site = siteOf(text);
    machine = machineOf(site?.machine) ?? machine;
    const entry = entryAt(log, i);
    if (entry) {
      const asked = wordText(entry.word);
      if (site?.role === "pc") at = asked;
      places.push({ line, text: asked, returns: entry.returns, register: undefined });
    }
    if (seen.has(text) || !machine) return;
    const code = machine.code?.exec(text)?.[1];
    if (code !== undefined && /^[0-9a-f<>() ]+$/.test(code)) codes.push({ line, text: code, at });
    const registers = entry ? [] : registersOf(text, machine).filter(({ name }) => name !== "EFLAGS");
    for (const { name, value } of registers) {
      const digits = padHex(value, 16);
      if (isAddress(digits)) places.push({ line, text: digits, returns: false, register: name });
    }
    if (code !== undefined || registers.length > 0) seen.add(text);
  });
  return { places, codes };
}

/** Returns `f+0x1/0x2 [module]` or an address: the text to look up in the dump. */
const wordText = (word: LineEntry["word"]): string =>
  word.kind === "address" ? `0x${word.value.toString(16)}` : placeName(word);

function placeName({ name = "", offset = 0, size, module }: Omit<LogPlace, "address" | "start" | "end">): string {
  const of = size === undefined ? "" : `/0x${size.toString(16)}`;
  return `${name}+0x${offset.toString(16)}${of}${module === undefined ? "" : ` [${module}]`}`;
}

/** Width of the meaning of a report in characters. */
const MEANING_WIDTH = 110;

/** Returns the meaning of a report as rows for below its headline. */
export function meaningRows(summary: Summary | undefined): LogLine[] {
  if (!summary) return [];
  const lines = [""];
  for (const word of summary.explanation.replaceAll("`", "").split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + word.length >= MEANING_WIDTH) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  const facts = summary.rows.map(({ label, text }) => `${label}: ${text}`);
  return [...lines, ...facts].map((text) => ({
    text: `  ${text}`,
    level: undefined,
    seconds: undefined,
    caller: undefined,
    continues: true,
    aside: "meaning",
  }));
}

/** Returns the disassembler for a report's code, which uses the instructions that the dump decoded. */
export const decodedBy =
  (decoded: readonly (readonly Opcode[] | undefined)[]): NonNullable<LogContext["disassemble"]> =>
  () => {
    const code = decoded.find((one) => one?.some(({ faulting }) => faulting)) ?? [];
    const site = code.find(({ faulting }) => faulting);
    return code.map(({ address, text }) => {
      const [, mnemonic = "", operands = ""] = /^(\S+)\s*(.*)$/.exec(text) ?? [];
      return { distance: Number(BigInt(address) - BigInt(site?.address ?? 0)), mnemonic, operands };
    });
  };

/**
 * Returns the places to look up for a report's summary: where it happened, and the structure member that it accessed.
 */
export function contextPlaces({ facts }: LogReport, disassemble: LogContext["disassemble"]): ContextPlaces {
  const { guilty, member } = facts ? asked(facts, disassemble ? { disassemble } : {}) : NOTHING;
  return {
    where: guilty && { text: placeName(guilty.place), returns: guilty.returns },
    member: member && { text: placeName(member.place), returns: false, access: member.based },
  };
}

interface ContextPlaces {
  readonly where: PlaceQuery | undefined;
  readonly member: PlaceQuery | undefined;
}

const NOTHING = { guilty: undefined, member: undefined };

/**
 * Returns the explanation of a report from the answers to its questions.
 * @param described answers to `places`, in their order
 * @param decoded answers to `codes`, in their order; undefined for code that could not be decoded
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

/** Number of instructions that are shown before and after the faulting one. */
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
