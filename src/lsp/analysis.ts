import { basename } from "node:path";
import { wholeFile } from "../base/file.ts";
import { fileUri, markdownBlock, markdownCode, markdownText } from "../base/markdown.ts";
import type { SourcePlace } from "../protocol/custom.ts";
import { causeOf, taintWords } from "./causes.ts";
import { type CodeLine, codeAround } from "./code.ts";
import type { KernelLog, Report, SymbolWord } from "./kernelLog.ts";
import type { Knowledge, Known } from "./knowledge.ts";
import { isDoubtful, readReport, type ReportFacts, waitingPlace } from "./report.ts";
import type { Told } from "./staticKernel.ts";
import type { LogText } from "./texts.ts";
import { wellKnown } from "./wellKnown.ts";

export interface Analysis {
  readonly title: string;
  readonly markdown: string;
}

/** More entries than a person reads. */
const MAX_ENTRIES = 100;
/** Lines of source around the site. */
const CONTEXT = 4;
/** The longest file of a kernel tree has some MiB. */
const MAX_SOURCE = 32 << 20;

/** What the report at a line says, explained: what happened, where, with which values. */
export async function analysis(
  { lines, log }: LogText,
  knowledge: Knowledge,
  line: number,
): Promise<Analysis | undefined> {
  const report = log.reports.find(({ start, end }) => start <= line && line < end);
  if (!report) return undefined;
  const facts = readReport(lines, report, log);
  const known = await knowledge.of(log);
  const place = report.site ? { word: report.site, returns: false } : waitingPlace(lines, report, log);
  const [site] = place ? await known.describe([place]) : [];
  const code = await codeAround(facts, report.site);
  const cause = causeOf(report.title);
  const parts = [
    `# ${markdownText(report.title)}`,
    ...(cause === undefined ? [] : [`> ${cause}`]),
    table(factRows(facts, place?.word, log, site ?? undefined)),
    ...codeParts(code, facts, report.title),
    ...sourceParts(site?.places[0]),
    ...(await registerParts(facts, known)),
    ...(await traceParts(report, { lines, log }, known)),
    `*${await origin(known, knowledge)}*`,
  ];
  return { title: report.title, markdown: `${parts.filter((part) => part !== "").join("\n\n")}\n` };
}

type Row = readonly [name: string, text: string | undefined];

const table = (rows: readonly Row[]): string => {
  const told = rows.filter(([, text]) => text !== undefined && text !== "");
  return told.length === 0
    ? ""
    : ["| | |", "|-|-|", ...told.map(([name, text]) => `| **${name}** | ${text} |`)].join("\n");
};

function factRows(facts: ReportFacts, site: SymbolWord | undefined, log: KernelLog, told: Told | undefined): Row[] {
  const { said, access, address, cpu, pid, comm, taint, hardware } = facts;
  const task = [
    comm === undefined ? "" : markdownText(comm),
    pid === undefined ? "" : `PID ${pid}`,
    cpu === undefined ? "" : `CPU ${cpu}`,
  ];
  const module = site?.module === undefined ? "" : ` of module ${markdownCode(site.module, true)}`;
  const siteText = site && `${markdownCode(`${site.name}+0x${site.offset.toString(16)}`, true)}${module}`;
  const words = taint === undefined ? [] : taintWords(taint);
  return [
    ["Says", said.map(markdownText).join("<br>")],
    ["Where", siteText && [siteText, ...(told?.places ?? []).map(placeText)].join("<br>")],
    ["Access", access.map(markdownText).join("<br>")],
    ["Address", address === undefined ? undefined : valueText(address)],
    ["Task", task.filter((part) => part !== "").join(", ")],
    ["Kernel", log.release === undefined ? undefined : markdownText(log.release)],
    ["Tainted", taint === undefined ? undefined : words.length > 0 ? words.join(", ") : "no"],
    ["Hardware", hardware === undefined ? undefined : markdownText(hardware)],
  ];
}

const hex = (value: bigint): string => `\`0x${value.toString(16)}\``;

/** Small numbers in registers are counts and flags; as the address of a fault they are members of a structure at NULL. */
const isSmall = (value: bigint): boolean => value > 0n && value < 4096n;

const valueText = (value: bigint, told?: Told | null): string =>
  [
    hex(value),
    wellKnown(value) ??
      (told?.symbol === undefined ? told?.what && markdownText(told.what) : markdownCode(told.symbol, true)),
  ]
    .filter((part) => part !== undefined && part !== "")
    .join(" ");

const registerText = (value: bigint, told?: Told | null): string =>
  isSmall(value) ? hex(value) : valueText(value, told);

const placeText = ({ function: name, file, line, path }: SourcePlace, i = 0): string => {
  const text = `${markdownText(basename(file))}:${line}`;
  return `${i > 0 ? "inlined into " : ""}${markdownCode(name, true)} ${path === undefined ? `${markdownText(file)}:${line}` : `[${text}](${fileUri(path)}#L${line})`}`;
};

/** Reports of a CPU that was looked at while it ran; the instruction did nothing wrong. */
const INTERRUPTED = /lock-?up|stall|self-detected|^Kernel panic/i;

/** The instructions, and the registers that the faulting one names. */
function codeParts(code: readonly CodeLine[], { registers }: ReportFacts, title: string): string[] {
  if (code.length === 0) return [];
  const rows = code.map(({ distance, text }) => {
    const place = distance === 0 ? "=>" : `${distance > 0 ? "+" : "-"}${Math.abs(distance).toString(16)}`;
    return `${place.padStart(4)}  ${text}`;
  });
  const faulting = code.find(({ distance }) => distance === 0)?.operands ?? "";
  const used = registers.filter(({ name }) => namesRegister(faulting, name));
  const values = used.map(({ name, value }) => `${name} = ${registerText(value)}`);
  return [
    INTERRUPTED.test(title) ? "## Where it was interrupted" : "## Faulting instruction",
    markdownBlock(rows, "asm"),
    ...(values.length > 0 ? [`In it ${values.join(", ")}.`] : []),
  ];
}

/** Whether operands use a register that the kernel prints as `RAX`, `R08`, `x0`, `r3`; or its lower half. */
function namesRegister(operands: string, name: string): boolean {
  const plain = name.toLowerCase().replace(/^r0(\d)$/, "r$1");
  const legacy = /^r([abcd]x|[sd]i|[sb]p)$/.exec(plain)?.[1];
  const halves =
    legacy === undefined
      ? [plain, `${plain}d`, plain.replace(/^x/, "w")]
      : [plain, `e${legacy}`, legacy, legacy.replace(/x$/, "l")];
  return new RegExp(`(?<!\\w)(?:${halves.join("|")})(?!\\w)`).test(operands);
}

function sourceParts(place: SourcePlace | undefined): string[] {
  if (place?.path === undefined) return [];
  const lines = sourceLines(place.path);
  const start = Math.max(1, place.line - CONTEXT);
  const shown = lines.slice(start - 1, place.line + CONTEXT);
  if (place.line > lines.length) return [];
  const width = String(place.line + CONTEXT).length;
  const rows = shown.map(
    (text, i) => `${start + i === place.line ? ">" : " "}${String(start + i).padStart(width)}  ${text}`,
  );
  return [`## ${placeText(place)}`, markdownBlock(rows, "c")];
}

function sourceLines(path: string): string[] {
  try {
    return wholeFile(path, MAX_SOURCE).toString("utf8").split(/\r?\n/);
  } catch {
    // It was there a moment ago; without it the rest holds.
    return [];
  }
}

async function registerParts({ registers }: ReportFacts, known: Known): Promise<string[]> {
  if (registers.length === 0) return [];
  const told = await known.describe(registers.map((word) => ({ word, returns: false })));
  const rows = registers.map(({ name, value }, i) => `| ${name} | ${registerText(value, told[i])} |`);
  return ["## Registers", ["| | |", "|-|-|", ...rows].join("\n")];
}

async function traceParts({ traces }: Report, { lines, log }: LogText, known: Known): Promise<string[]> {
  const [trace] = traces;
  if (!trace) return [];
  const entries = [...log.entries].filter(([at]) => at >= trace.start && at < trace.end).slice(0, MAX_ENTRIES);
  const told = await known.describe(entries.map(([, entry]) => entry));
  const rows = entries.map(([at, { word }], i) => {
    const name = word.kind === "address" ? hex(word.value) : markdownCode(`${word.name}+0x${word.offset.toString(16)}`);
    const module = word.kind === "symbol" && word.module !== undefined ? ` *${markdownText(word.module)}*` : "";
    const places = (told[i]?.places ?? []).map((place, depth) => `<br>${placeText(place, depth)}`).join("");
    return `1. ${isDoubtful(lines[at]) ? "? " : ""}${name}${module}${places}`;
  });
  return ["## Call trace", rows.join("\n")];
}

async function origin({ kinship, file }: Known, { session }: Knowledge): Promise<string> {
  if (file !== undefined) return `Lines are from ${markdownText(basename(file))}; no dump of this kernel is open.`;
  if (kinship === "none" || kinship === "stranger")
    return "From the log alone: open its dump, or name the kernel's vmlinux in the setting vmcore.vmlinux, for lines of source.";
  const dump = basename((await session.about())?.vmcore[0] ?? "the open dump");
  if (kinship === "boot") return `Values and lines are from ${markdownText(dump)}.`;
  return `Lines are from ${markdownText(dump)}, which is of the same kernel, but of another boot.`;
}
