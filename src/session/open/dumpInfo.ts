/** Describes a dump file by its headers, without its kernel. */
import { Fault } from "../../base/fault.ts";
import { type Job } from "../../base/job.ts";
import type { DumpImage } from "../../dump/format.ts";
import { leftOut } from "../../linux/kdump/dumpLevel.ts";
import { type Piece, progress } from "../../say/piece.ts";
import { namedDump } from "../find/namedDump.ts";
import { openNamedImage } from "./namedImage.ts";
import type { OpenOptions } from "./openOptions.ts";

/** Numbers of pages, up to the highest page frame number of the dump. */
export interface PageCounts {
  readonly present: number;
  /** Pages of memory that were left out; undefined if there are too many absent pages to look at each. */
  readonly excluded: number | undefined;
  /** Pages that do not exist, or that are in a part of the dump that was not given or not written. */
  readonly missing: number | undefined;
}

/** The facts in the headers, and the pages that the file contains. Absent facts are undefined. */
export type DumpInfo = ReturnType<typeof headerOf> & { readonly pages: PageCounts };

/** Number of pages that are counted between two pauses. */
const PAUSE_EVERY = 1 << 14;
/** Maximum number of absent pages that are looked at: 64 GiB of memory. */
const MAX_ABSENT = 1 << 24;

/** Opens a dump and describes it. @throws OpenError if it cannot be opened */
export function* readingDumpInfo(options: Pick<OpenOptions, "vmcore" | "raw" | "live">): Job<DumpInfo, Piece> {
  const image = openNamedImage({ ...options, vmcore: namedDump(options.vmcore, options.raw) });
  try {
    return { ...headerOf(image), pages: yield* pageCounts(image) };
  } finally {
    image.close();
  }
}

/** Returns the facts in the headers of a dump. */
export function headerOf({ facts, notes, vmcoreinfo, ...image }: DumpImage) {
  return {
    files: facts.files,
    format: image.format,
    headerVersion: facts.headerVersion,
    compression: facts.compression,
    dumpLevel: facts.dumpLevel,
    leftOut: facts.dumpLevel === undefined ? undefined : leftOut(facts.dumpLevel).map(({ name }) => name),
    byteOrder: image.byteOrder,
    wordSize: image.wordSize,
    pageSize: image.pageSize,
    maxPfn: image.maxPfn,
    timestamp: facts.timestamp,
    utsname: facts.utsname,
    cpus: facts.cpus,
    currentCpu: facts.currentCpu,
    physBase: facts.physBase === undefined ? undefined : `0x${BigInt.asUintN(64, facts.physBase).toString(16)}`,
    writtenPages: facts.writtenPages,
    incomplete: facts.incomplete !== undefined,
    incompleteBecause: facts.incomplete,
    cut: facts.cut,
    notes: notes.map(({ name, type, desc, place }) => ({ name, type, size: place?.size ?? desc.length })),
    erased: facts.eraseinfo,
    vmcoreinfo,
  };
}

function* pageCounts(image: DumpImage): Job<PageCounts, Piece> {
  let [present, excluded, absent] = [0, 0, 0];
  for (let pfn = 0; pfn < image.maxPfn;) {
    const held = image.next(pfn);
    const end = held < 0 ? image.maxPfn : held;
    for (; pfn < end && absent <= MAX_ABSENT; pfn++, absent++) {
      const why = image.page(pfn);
      if (why instanceof Fault && why.kind === "excluded") excluded++;
      if (absent % PAUSE_EVERY === 0) yield progress("Counting pages", pfn, image.maxPfn);
    }
    pfn = end + 1;
    if (held >= 0 && ++present % PAUSE_EVERY === 0) yield progress("Counting pages", pfn, image.maxPfn);
  }
  const isWhole = absent <= MAX_ABSENT;
  return {
    present,
    excluded: isWhole ? excluded : undefined,
    missing: isWhole ? image.maxPfn - present - excluded : undefined,
  };
}

/** Returns the header as rows of a name and a value; VMCOREINFO and erased data follow as lines without a name. */
export function infoRows(
  info: ReturnType<typeof headerOf> & { readonly pages?: PageCounts },
): (readonly [string, string])[] {
  const { pages, utsname, cut } = info;
  const row = (name: string, value: string | number | undefined): [string, string][] =>
    value === undefined || value === "" ? [] : [[name, String(value)]];
  const text = (name: string, lines: string | undefined): [string, string][] =>
    (lines ?? "")
      .trimEnd()
      .split("\n")
      .flatMap((line, i) => (line === "" ? [] : [[i === 0 ? name : "", line]]));
  const level = info.leftOut?.join(", ") ?? "";
  const count = (value: number | undefined): string => value?.toLocaleString("en") ?? "(not counted)";
  return [
    ...info.files.map((file): [string, string] => ["file", file]),
    ...row("format", info.format),
    ...row("header version", info.headerVersion),
    ...row("compression", info.compression),
    ...row(
      "dump level",
      info.dumpLevel === undefined ? undefined : `${info.dumpLevel}${level && ` (left out: ${level})`}`,
    ),
    ...row("machine", `${info.byteOrder}-endian, ${info.wordSize * 8} bits`),
    ...row("page size", info.pageSize),
    ...row("highest page", Math.max(0, info.maxPfn - 1)),
    ...(pages
      ? row(
          "pages",
          `${count(pages.present)} present, ${count(pages.excluded)} excluded, ${count(pages.missing)} missing`,
        )
      : []),
    ...row("time", info.timestamp === undefined ? undefined : new Date(info.timestamp * 1000).toUTCString()),
    ...row("kernel", utsname && `${utsname.sysname} ${utsname.release} ${utsname.version} ${utsname.machine}`),
    ...row("node", utsname?.nodename),
    ...row("CPUs", info.cpus),
    ...row("dumping CPU", info.currentCpu),
    ...row("phys_base", info.physBase),
    ...row("pages written", info.writtenPages),
    ...row(
      "complete",
      cut
        ? `no: ${cut.size} of at least ${cut.expected} bytes`
        : info.incompleteBecause
          ? `no: ${info.incompleteBecause}`
          : "yes",
    ),
    ...info.notes.map(({ name, type, size }): [string, string] => [
      "note",
      `${name}, type 0x${type.toString(16)}, ${size} bytes`,
    ]),
    ...text("erased", info.erased),
    ...text("VMCOREINFO", info.vmcoreinfo),
  ];
}
