/**
 * Writes the file that trace-cmd reads, in version 6 of its format (trace-cmd.dat.v6(5)): formats of events, symbols and
 * names, then the pages of the ring buffers as they are in the dump.
 */
import { attempt, Fault } from "../../../base/fault.ts";
import { hex } from "../../../base/hex.ts";
import type { CpuBuffer } from "../../../linux/trace/traceArray.ts";
import { type TraceEvent, traceEvents } from "../../../linux/trace/traceEvent.ts";
import { formatFile, HEADER_EVENT, headerPage, printkFormats, savedCmdlines } from "../../../linux/trace/traceFiles.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { type Pieces, progress } from "../../../say/piece.ts";
import type { OutputFile } from "../../language/command.ts";

/** The pages of the buffers of an instance, by CPU. */
export interface InstancePages {
  readonly name: string;
  readonly cpus: readonly { readonly buffer: CpuBuffer; readonly pages: readonly bigint[] }[];
}

const MAGIC = [0x17, 0x08, 0x44];
/** Options of the file (trace-cmd: TRACECMD_OPTION_*). */
const OPTION_DONE = 0;
const OPTION_BUFFER = 3;
/** Size in bytes of a CPU's offset and size. */
const CPU_HEADER = 16;
/** Number of symbols between two steps. */
const STEP = 4096;

/** The integers and texts of a section in the byte order of the dump. */
class Section {
  private readonly parts: Uint8Array[] = [];
  private readonly isLittle: boolean;
  length = 0;

  constructor(kernel: Kernel) {
    this.isLittle = kernel.arch.byteOrder === "little";
  }

  bytes(bytes: Uint8Array): this {
    this.parts.push(bytes);
    this.length += bytes.length;
    return this;
  }

  text(text: string): this {
    return this.bytes(new TextEncoder().encode(text));
  }

  number(size: 1 | 2 | 4 | 8, value: number): this {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt(value), this.isLittle);
    return this.bytes(new Uint8Array(view.buffer, this.isLittle ? 0 : 8 - size, size));
  }

  /** Writes a text after its size in bytes. @param size bytes of the size */
  sized(size: 4 | 8, text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.number(size, bytes.length).bytes(bytes);
  }

  /** Fills up to a multiple of `unit` bytes. */
  aligned(unit: number): this {
    return this.bytes(new Uint8Array((unit - (this.length % unit)) % unit));
  }

  writeTo(file: OutputFile): void {
    for (const part of this.parts) file.write(part);
  }
}

/**
 * Writes the file. All instances have pages of the same size.
 * @param instances the first one is the top instance
 * @param unread receives the pages that cannot be read
 * @throws Fault if formats of events cannot be read
 */
export function* writeTraceDat(
  kernel: Kernel,
  file: OutputFile,
  instances: readonly [InstancePages, ...InstancePages[]],
  pageBytes: number,
  unread: UnreadPages,
): Pieces {
  const [top, ...others] = instances;
  const head = new Section(kernel)
    .bytes(Uint8Array.from(MAGIC))
    .text("tracing6\0")
    .number(1, kernel.arch.byteOrder === "little" ? 0 : 1)
    .number(1, kernel.arch.wordSize)
    .number(4, pageBytes)
    .text("header_page\0")
    .sized(8, headerPage(kernel, pageBytes))
    .text("header_event\0")
    .sized(8, HEADER_EVENT);
  writeEvents(kernel, head);
  head
    .sized(4, yield* kallsyms(kernel))
    .sized(4, printkFormats(kernel))
    .sized(8, savedCmdlines(kernel));
  const cpus = 1 + Math.max(0, ...instances.flatMap((one) => one.cpus.map(({ buffer }) => buffer.cpu)));
  head.number(4, cpus).text("options  \0");
  // The options tell where the sections of the other instances begin, so their length must be known before.
  const names = others.map(({ name }) => new TextEncoder().encode(`${name}\0`));
  const optionBytes = names.reduce((sum, name) => sum + 2 + 4 + 8 + name.length, 2);
  let next = sectionEnd(head.length + optionBytes, cpus, top, pageBytes);
  for (const [at, name] of names.entries()) {
    head
      .number(2, OPTION_BUFFER)
      .number(4, 8 + name.length)
      .number(8, next)
      .bytes(name);
    next = sectionEnd(next, cpus, others[at] ?? top, pageBytes);
  }
  head.number(2, OPTION_DONE);
  let offset = 0;
  const parts = [[head, top], ...others.map((one) => [new Section(kernel), one] as const)] as const;
  for (const [section, instance] of parts) offset = yield* writePages(kernel, file, { section, instance, cpus, offset, pageBytes, unread }); // prettier-ignore
}

const FLYRECORD = "flyrecord\0";

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

/** Returns where the section of an instance ends that begins with "flyrecord" at `start`. */
const sectionEnd = (start: number, cpus: number, { cpus: buffers }: InstancePages, pageBytes: number): number =>
  roundUp(start + FLYRECORD.length + cpus * CPU_HEADER, pageBytes) +
  buffers.reduce((sum, { pages }) => sum + pages.length * pageBytes, 0);

interface Part {
  /** What precedes the places of the pages. */
  readonly section: Section;
  readonly instance: InstancePages;
  readonly cpus: number;
  /** Where the section begins in the file. */
  readonly offset: number;
  readonly pageBytes: number;
  readonly unread: UnreadPages;
}

/** Writes the places of an instance's pages, and the pages. @returns the offset after them */
function* writePages(
  kernel: Kernel,
  file: OutputFile,
  { section, instance, cpus, offset, pageBytes, unread }: Part,
): Generator<ReturnType<typeof progress>, number, void> {
  section.text(FLYRECORD);
  let at = roundUp(offset + section.length + cpus * CPU_HEADER, pageBytes);
  for (let cpu = 0; cpu < cpus; cpu++) {
    const count = instance.cpus.find(({ buffer }) => buffer.cpu === cpu)?.pages.length ?? 0;
    section.number(8, at).number(8, count * pageBytes);
    at += count * pageBytes;
  }
  const gap = roundUp(offset + section.length, pageBytes) - (offset + section.length);
  section.bytes(new Uint8Array(gap)).writeTo(file);
  for (const { buffer, pages } of [...instance.cpus].sort((a, b) => a.buffer.cpu - b.buffer.cpu))
    for (const [done, page] of pages.entries()) {
      file.write(pageData(kernel, page, buffer.pageBytes, unread));
      if (done % 256 === 0) yield progress("pages", done, pages.length);
    }
  return at;
}

/** The pages that were written as zeros because they cannot be read. */
export interface UnreadPages {
  count: number;
  /** Why the first of them cannot be read. */
  first: Fault | undefined;
}

/** Returns the bytes of a page; zeros, which a reader takes for a page without entries, if it cannot be read. */
export function pageData(kernel: Kernel, address: bigint, bytes: number, unread: UnreadPages): Uint8Array {
  const data = attempt(() => kernel.memory.read(address, bytes));
  if (!(data instanceof Fault)) return data;
  unread.count++;
  unread.first ??= data;
  return new Uint8Array(bytes);
}

/** Appends the formats of ftrace's own events, then those of each system. */
function writeEvents(kernel: Kernel, head: Section): void {
  const systems = new Map<string, TraceEvent[]>([["ftrace", []]]);
  for (const event of traceEvents(kernel).values()) {
    const known = systems.get(event.system);
    if (known) known.push(event);
    else systems.set(event.system, [event]);
  }
  for (const [system, events] of systems) {
    if (system !== "ftrace") head.text(`${system}\0`);
    head.number(4, events.length);
    for (const event of events) head.sized(8, formatFile(kernel, event));
    if (system === "ftrace") head.number(4, systems.size - 1);
  }
}

/** Returns the lines of /proc/kallsyms. */
function* kallsyms(kernel: Kernel): Generator<ReturnType<typeof progress>, string, void> {
  const lines: string[] = [];
  for (const { address, type, name, module } of kernel.symbols.all()) {
    lines.push(`${hex(address)} ${type} ${name}${module === undefined ? "" : `\t[${module}]`}\n`);
    if (lines.length % STEP === 0) yield progress("symbols", lines.length, 0);
  }
  return lines.join("");
}
