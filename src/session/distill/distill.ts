/** Writes a small dump that holds what some commands read of a large one. */
import { statSync } from "node:fs";
import manifest from "../../../package.json" with { type: "json" };
import { attempt, Fault } from "../../base/fault.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { UsageError } from "../../base/usageError.ts";
import type { Job } from "../../base/job.ts";
import { run } from "../../crash/language/language.ts";
import type { DumpFacts, DumpImage } from "../../dump/format.ts";
import { DISTILLED, SOURCE_PAGES } from "../../dump/kdump/distilled.ts";
import type { WritableFile } from "../../dump/kdump/bitmapWriter.ts";
import { writingKdump } from "../../dump/kdump/writeKdump.ts";
import { Recording } from "../../dump/recording.ts";
import { utsname } from "../../linux/utsname.ts";
import type { Kernel } from "../../model/kernel.ts";
import { type Piece, progress } from "../../say/piece.ts";
import { openingOver, type Session } from "../open/open.ts";
import type { OpenOptions } from "../open/openOptions.ts";
import { openNamedImage } from "../open/namedImage.ts";
import { namedDump } from "../find/namedDump.ts";
import { readingBaseSet } from "./baseSet.ts";
import { keep } from "./keep.ts";
import { scrub, type ScrubOptions } from "./scrub.ts";

/** Commands that every distilled dump can answer. */
export const BASE_COMMANDS = [
  "sys",
  "analyze -v",
  "waits",
  "health",
  "foreach bt",
  "bt -a",
  "log",
  "mod",
  "ps",
  "runq",
];

/** A range of kernel addresses with an exclusive end. */
export interface KeptRange {
  readonly start: bigint;
  readonly end: bigint;
}

export interface DistillOptions {
  readonly open: OpenOptions;
  /** Commands in addition to `BASE_COMMANDS`. */
  readonly commands: readonly string[];
  readonly keep: readonly KeptRange[];
  /** What is removed because it can be secret; undefined for nothing. */
  readonly scrub: ScrubOptions | undefined;
}

/** What was written. */
export interface Distilled {
  readonly pages: number;
  /** Size of the file in bytes. */
  readonly size: number;
  /** Size of the dump's files in bytes. */
  readonly sourceSize: number;
  /** Commands that gave no full answer on the dump, and so will give none on the file. */
  readonly unanswered: readonly string[];
}

/**
 * Runs commands on a dump and writes what they read. They run without a vmlinux first and then with it, because the
 * file is to answer in both cases.
 * @throws OpenError if the dump or the vmlinux cannot be used
 */
export function* distilling(output: () => WritableFile, options: DistillOptions): Job<Distilled, Piece> {
  const open = { ...options.open, vmcore: namedDump(options.open.vmcore, options.open.raw) };
  const source = openNamedImage(open);
  try {
    const distilled = yield* distillingFrom(source, output, { ...options, open });
    return { ...distilled, sourceSize: sizeOf(source) };
  } finally {
    source.close();
  }
}

/** Returns the bytes of a dump's files; 0 if it has none, as a running guest. */
function sizeOf({ file, facts }: DumpImage): number {
  const sizes = facts.files.map((path) => attemptSystem(() => statSync(path).size));
  const known = sizes.flatMap((size) => size ?? []);
  return known.length === sizes.length ? known.reduce((sum, size) => sum + size, 0) : (file?.size ?? 0);
}

/** As `distilling`, from a dump that is already open and is not closed. */
export function* distillingFrom(
  source: DumpImage,
  output: () => WritableFile,
  options: DistillOptions,
): Job<Omit<Distilled, "sourceSize">, Piece> {
  const recording = new Recording(source);
  const { vmlinux: _vmlinux, search: _search, preferredVmlinux: _preferred, ...alone } = options.open;
  yield* reading(recording, { ...options, open: alone });
  const read = yield* reading(recording, options);
  if (options.scrub) yield* scrub(read.kernel, recording, options.scrub);
  const size = yield* writing(output(), recording, read, options);
  return { pages: recording.pfns.length, size, unanswered: read.unanswered };
}

interface Read {
  readonly kernel: Kernel;
  /** VMCOREINFO, which can be in memory alone. */
  readonly vmcoreinfo: string | undefined;
  readonly unanswered: readonly string[];
}

/** Opens a session over the recorded dump and runs everything in it. */
function* reading(recording: Recording, options: DistillOptions): Job<Read, Piece> {
  const image = { ...recording.image, close() {} };
  const session = yield* openingOver(image, options.open);
  try {
    const unanswered: string[] = [];
    for (const line of BASE_COMMANDS) if (!(yield* answering(session, line))) unanswered.push(line);
    for (const line of options.commands) if (!(yield* answering(session, line, refuse))) unanswered.push(line);
    const { kernel } = session;
    yield* readingBaseSet(kernel, { recording, isScrubbed: options.scrub !== undefined });
    for (const { start, end } of options.keep) keep(kernel.memory, start, Number(end - start));
    const lines = session.memory.vmcoreinfo?.lines;
    const text = lines && [...lines].map(([key, value]) => `${key}=${value}\n`).join("");
    return { kernel, unanswered, vmcoreinfo: image.vmcoreinfo ?? text };
  } finally {
    session.close();
  }
}

/** Reports a mistake in a command of the user. @throws UsageError */
const refuse = (line: string, message: string): never => {
  throw new UsageError(`--for "${line}": ${message}`);
};

/**
 * Runs a command and reads all of its output. @param onMistake receives what is wrong with the command line @returns
 * whether it was answered completely
 */
function* answering(
  session: Session,
  line: string,
  onMistake: (line: string, message: string) => void = () => {},
): Job<boolean, Piece> {
  let isAnswered = true;
  for (const piece of run(session.context, line)) {
    if (piece.kind === "progress") yield piece;
    // The values of a record may be read when they are formatted.
    if (piece.kind === "record") JSON.stringify([piece.data, piece.lines], (_, value: unknown) => (typeof value === "bigint" ? "" : value)); // prettier-ignore
    if (piece.kind === "usage") onMistake(line, piece.message);
    if (piece.kind === "fault" || piece.kind === "usage" || (piece.kind === "record" && piece.unread))
      isAnswered = false;
  }
  return isAnswered;
}

function* writing(
  file: WritableFile,
  recording: Recording,
  { kernel, vmcoreinfo }: Read,
  options: DistillOptions,
): Job<number, Piece> {
  const { image } = recording;
  const { facts } = image;
  const pfns = recording.pfns;
  const job = writingKdump(file, {
    byteOrder: image.byteOrder,
    abi: {
      longSize: image.wordSize,
      align64: kernel.arch.longLongAlignment ?? 8,
      timevalSize: image.wordSize === 8 ? 16 : 8,
    },
    pageSize: image.pageSize,
    maxPfn: image.maxPfn,
    utsname: { ...(facts.utsname ?? namesOf(kernel)), ...(options.scrub?.names ? { nodename: "" } : {}) },
    timestamp: facts.timestamp ?? 0,
    cpus: facts.cpus ?? kernel.cpuNotes.length,
    physBase: physBase(kernel, facts),
    dumpLevel: facts.dumpLevel ?? 0,
    notes: image.notes,
    vmcoreinfo,
    eraseinfo: eraseinfo(facts, options),
    pfns,
    excluded: Float64Array.from(recording.excluded).sort(),
    source: pagesOfSource(image),
    page: (pfn) => recording.kept(pfn),
  });
  for (;;) {
    const step = job.next();
    if (step.done) return step.value;
    yield progress("Writing pages", step.value, pfns.length);
  }
}

/** Yields the numbers of the pages that the dump has, in ascending order. */
function* pagesOfSource(image: DumpImage): Generator<number> {
  // Use the pages of the first dump if this one is distilled; otherwise the reasons for absent pages would be wrong.
  const next = (pfn: number): number => image.sourceNext?.(pfn) ?? image.next(pfn);
  for (let pfn = next(0); pfn >= 0; pfn = next(pfn + 1)) yield pfn;
}

function namesOf(kernel: Kernel) {
  const names = attempt(() => utsname(kernel));
  const none = { sysname: "Linux", nodename: "", release: "", version: "", machine: "", domainname: "" };
  return names instanceof Fault ? none : { ...none, ...names };
}

/** Physical minus link address of the kernel image, for crash: from VMCOREINFO, or from the header. */
function physBase(kernel: Kernel, { physBase = 0n }: DumpFacts): bigint {
  const noted = kernel.vmcoreinfo("NUMBER(phys_base)");
  return noted !== undefined && /^-?\d+$/.test(noted) ? BigInt(noted) : physBase;
}

/** Returns the text about what is not in the file. */
function eraseinfo(facts: DumpFacts, { commands, scrub: removed }: DistillOptions): string {
  const lines = [
    `${DISTILLED} ${manifest.version}: kept what these commands read: ${[...BASE_COMMANDS, ...commands].join("; ")}`,
  ];
  if (removed) lines.push(...ERASED, ...(removed.names ? ERASED_NAMES : []));
  return `${ownEraseinfo(facts.eraseinfo ?? "")}${lines.map((line) => `${line.replaceAll("\n", " ")}\n`).join("")}`;
}

/** Returns the text without the lines of an earlier distillation, which are not true of the new file. */
const ownEraseinfo = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !line.startsWith(DISTILLED) && !line.startsWith(SOURCE_PAGES))
    .map((line) => (line === "" ? "" : `${line}\n`))
    .join("");

/** One line for each kind of erased data, in the form of makedumpfile. */
const ERASED = ["user_pages", "keys", "command_lines", "environments", "user_registers", "scanned_kernel_pages"].map(
  (what) => `erase ${what} nullify`,
);
const ERASED_NAMES = ["erase host_name nullify", "erase file_names nullify"];
