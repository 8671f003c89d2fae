import { type KernelLog, message, type Report, type SymbolWord } from "./kernelLog.ts";
import { type Word, wordsOf } from "./word.ts";

type Register = Extract<Word, { kind: "register" }>;

/** What the lines of a report say, taken apart; texts are as the kernel printed them. */
export interface ReportFacts {
  /** What a warning says of itself, before its headline. */
  readonly said: readonly string[];
  /** What was done to which page: `supervisor write access in kernel mode`; several lines on arm64. */
  readonly access: readonly string[];
  /** The address that could not be reached. */
  readonly address: bigint | undefined;
  readonly cpu: string | undefined;
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  /** "G OE"; empty when the kernel was not tainted, undefined when nothing is said. */
  readonly taint: string | undefined;
  readonly hardware: string | undefined;
  /** Of the code at the report's site, in the order of the report. */
  readonly registers: readonly Register[];
  /** What stands behind `Code:` of the report's site. */
  readonly code: string | undefined;
  readonly machine: "x86_64" | "arm64" | "arm" | "s390x" | undefined;
}

/** Line of the report that names where it happened. */
const SITE = /^(RIP: (?!00[23]3:)|pc : |PC is at |Krnl PSW)/;
/** Another site, or the user program that called: the code segments of x86's ring 3 are 0033 and 0023. */
const NEXT_SITE = /^(RIP: |pc : |PC is at |Krnl PSW)/;
const MACHINES = new Map([
  ["RIP: ", "x86_64"],
  ["pc : ", "arm64"],
  ["PC is at ", "arm"],
  ["Krnl PSW", "s390x"],
] as const);

export function readReport(
  lines: readonly string[],
  { title, start, end, traces }: Report,
  { tasks }: KernelLog,
): ReportFacts {
  const texts = lines.slice(start, end).map((line) => message(line).text);
  const first = (pattern: RegExp): string | undefined => {
    for (const text of texts) {
      const match = pattern.exec(text);
      if (match) return match[1]?.trim();
    }
    return undefined;
  };
  const site = texts.findIndex((text) => SITE.test(text));
  const nextSite = texts.findIndex((text, i) => i > site && NEXT_SITE.test(text));
  // arm64 prints the code behind the call trace.
  const ofSite = site < 0 ? [] : texts.slice(site, nextSite < 0 ? undefined : nextSite);
  const trace = (traces[0]?.start ?? end) - start;
  const pid = first(/\bPID: (\d{1,10})\b/) ?? first(/\btask [^\s:]{1,64}:(\d{1,10})\b/);
  const address = first(/\baddress:? (?:0x)?([0-9a-f]{1,16})\b/);
  return {
    said: texts.slice(1, Math.max(1, texts.indexOf(title))),
    access: texts.flatMap(
      (text) => /^(?:#PF: |  (?:ESR|EC|FSC|ISV|Data abort) ?[=:]? ?)(.+)/.exec(text)?.slice(1, 2) ?? [],
    ),
    address: address === undefined ? undefined : BigInt(`0x${address}`),
    cpu: first(/\bCPU: (\d{1,5})\b/) ?? first(/\bCPU#(\d{1,5})\b/),
    pid: pid === undefined ? undefined : Number(pid),
    comm:
      first(/\bComm: (\S+)/) ??
      first(/\btask ([^\s:]{1,64}):\d/) ??
      (pid === undefined ? undefined : tasks.get(Number(pid))),
    taint:
      first(/\bTainted: ([A-Z][A-Z ]*?) +[\d[]/) ??
      (texts.some((text) => text.includes("Not tainted")) ? "" : undefined),
    hardware: first(/^Hardware name: (.+)/),
    registers: distinct(texts.slice(Math.max(0, site), site < 0 ? 0 : Math.max(trace, 0)).flatMap(registersOf)),
    code: ofSite.map((text) => /^Code: (.*[<(].*)/.exec(text)?.[1]).find((text) => text !== undefined),
    machine: MACHINES.get(SITE.exec(texts[site] ?? "")?.[1] as "RIP: "),
  };
}

const registersOf = (text: string): Register[] =>
  wordsOf(text).filter((word): word is Register => word.kind === "register");

const distinct = (registers: readonly Register[]): Register[] =>
  [...new Map(registers.toReversed().map((one) => [one.name, one])).values()].reverse();

/** Whether an entry is an address that was found on the stack, which nobody may return to any more. */
export const isDoubtful = (line: string | undefined): boolean => /\s\? /.test(line ?? "");

/** Functions that put a task to sleep, for whatever asked them to. */
const SLEEPS =
  /^_*(?:schedule|io_schedule|wait_for|wait_on|mutex_lock|ww_mutex|rt_mutex|rwsem_|down(?:_|$)|do_wait_|bit_wait|out_of_line_wait)/;

/** Where a hung task waits: the first function of its stack that is about something else than waiting. */
export function waitingPlace(
  lines: readonly string[],
  { title, traces }: Report,
  { entries }: KernelLog,
): { word: SymbolWord; returns: boolean } | undefined {
  const [trace] = traces;
  if (!trace || !/^INFO: task .* blocked for more than/.test(title)) return undefined;
  for (let line = trace.start; line < trace.end; line++) {
    const entry = entries.get(line);
    if (entry?.word.kind !== "symbol" || isDoubtful(lines[line]) || SLEEPS.test(entry.word.name)) continue;
    return { word: entry.word, returns: entry.returns };
  }
  return undefined;
}
