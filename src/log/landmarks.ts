/** What a whole log says about the kernel that wrote it: release, KASLR, modules, tasks. */
import { factsOf } from "./facts.ts";
import type { KernelLog } from "./kernelLog.ts";
import { columnOf } from "./lines.ts";
import { placeAt } from "./place.ts";
import { type ModuleWord, moreModules, type SymbolWord, wordsOf } from "./words.ts";

/**
 * `Kernel Offset: 0x1a000000 from 0xffffffff81000000`: by how much the kernel was moved; or `Kernel Offset: disabled`.
 */
export interface Kaslr {
  readonly offset: bigint;
  /** The link address of the kernel's text; undefined if the kernel was not moved. */
  readonly base: bigint | undefined;
}

/** `[<000003ffff4016de>] dump_stack_lvl+0x76/0xa0`: a place of the kernel itself, with its address. */
export interface Anchor {
  readonly address: bigint;
  readonly word: SymbolWord;
}

/** What a log says about the kernel that wrote it. */
export interface Landmarks {
  /** "6.1.0-56-cloud-amd64". */
  readonly release: string | undefined;
  readonly kaslr: Kaslr | undefined;
  readonly anchor: Anchor | undefined;
  /** The last list "Modules linked in": module name to taint flags. */
  readonly modules: ReadonlyMap<string, string>;
  /** The words of lines that continue such a list, by line. */
  readonly moreModules: ReadonlyMap<number, readonly ModuleWord[]>;
  /** Names of tasks by PID, from the reports. */
  readonly tasks: ReadonlyMap<number, string>;
}

const cache = new WeakMap<KernelLog, Landmarks>();

/** Returns the landmarks of a log, computed once. */
export function landmarksOf(log: KernelLog): Landmarks {
  let known = cache.get(log);
  if (!known) {
    known = read(log);
    cache.set(log, known);
  }
  return known;
}

const RELEASES: readonly RegExp[] = [
  /^Linux version (\S{1,120})/,
  /(?:Comm: .{1,60}|^\s{0,8})(?:Not tainted|Tainted: (?:\[[A-Z]\]=\w+,? ?|[A-Z ]){1,40}?) +(?:[a-z_]+ +)?(\d+\.\S{1,100})/,
  /^\s*RELEASE: (\S{1,120})/,
];
const TASK =
  /\bPID: (\d{1,10})\b.{0,80}?\b(?:Comm: (.{1,40}?) (?:Kdump: loaded )?(?:Not tainted|Tainted)|Comm: (\S+)|COMMAND: "([^"]*)")/;

/**
 * Number of reports that are read for names of tasks (the last ones), and that are searched first for an address next
 * to its symbol.
 */
const MAX_REPORTS = 50;

function read(log: KernelLog): Landmarks {
  let [release, kaslr]: [string | undefined, Kaslr | undefined] = [undefined, undefined];
  let modules = new Map<string, string>();
  const more = new Map<number, readonly ModuleWord[]>();
  const tasks = new Map<number, string>();
  for (const at of log.marks) {
    const text = log.lines[at]?.text ?? "";
    release ??= RELEASES.map((pattern) => pattern.exec(text)?.[1]).find((one) => one !== undefined);
    kaslr = kaslrOf(text) ?? kaslr;
    const task = TASK.exec(text);
    if (task) tasks.set(Number(task[1]), task[2] ?? task[3] ?? task[4] ?? "");
    if (text.includes("Modules linked in:")) modules = modulesAt(log, at, more);
  }
  for (const { pid, comm } of log.reports.slice(-MAX_REPORTS).map((report) => factsOf(log, report))) {
    if (pid !== undefined && comm !== undefined && !tasks.has(pid)) tasks.set(pid, comm);
  }
  return { release, kaslr, anchor: anchorOf(log), modules, moreModules: more, tasks };
}

function kaslrOf(text: string): Kaslr | undefined {
  const offset = /^Kernel Offset: 0x([0-9a-f]{1,16}) from 0x([0-9a-f]{1,16})/.exec(text);
  if (offset) return { offset: BigInt(`0x${offset[1]}`), base: BigInt(`0x${offset[2]}`) };
  return text.startsWith("Kernel Offset: disabled") ? { offset: 0n, base: undefined } : undefined;
}

function modulesAt(log: KernelLog, at: number, more: Map<number, readonly ModuleWord[]>): Map<string, string> {
  const modules = new Map<string, string>();
  let words = wordsOf(log.lines[at]?.text ?? "").filter((word) => word.kind === "module");
  for (let line = at; words.length > 0;) {
    for (const { name, flags } of words) modules.set(name, flags);
    const text = log.lines[line]?.text ?? "";
    const next = log.lines[++line];
    if (text.includes("[last unloaded: ") || !next) break;
    words = moreModules(next.text, 0);
    const shown = words.map((word) => ({ ...word, start: columnOf(next, word.start), end: columnOf(next, word.end) }));
    if (words.length > 0) more.set(line, shown);
  }
  return modules;
}

const ADDRESSED = /\[<([0-9a-f]{8,16})>\] (?=[A-Za-z_.])/;

function anchorOf(log: KernelLog): Anchor | undefined {
  for (const { start, end } of [...log.reports.slice(0, MAX_REPORTS), { start: 0, end: log.lines.length }]) {
    for (let at = start; at < end; at++) {
      const line = log.lines[at];
      const match = line?.text.includes("[<") === true && ADDRESSED.exec(line.text);
      const place = match && placeAt(line.text, match.index + match[0].length);
      if (!place || place.name === undefined || place.offset === undefined || place.module !== undefined) continue;
      const { name, offset, size, module } = place;
      const columns = { start: columnOf(line, place.start), end: columnOf(line, place.end) };
      const word = { kind: "symbol", name, offset, size, module, ...columns } as const;
      return { address: BigInt(`0x${match[1]}`), word };
    }
  }
  return undefined;
}
