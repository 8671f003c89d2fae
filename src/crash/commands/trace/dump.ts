/** Implements `trace dump`: writes the ring buffers as they are in the dump, for other programs. */
import { attempt, Fault, faultLast } from "../../../base/fault.ts";
import { UsageError } from "../../../base/usageError.ts";
import { bufferPages } from "../../../linux/trace/ringBuffer.ts";
import { cpuBuffers, TOP_INSTANCE, type TraceArray } from "../../../linux/trace/traceArray.ts";
import { traceEvents } from "../../../linux/trace/traceEvent.ts";
import { formatFile, HEADER_EVENT, headerPage, printkFormats, savedCmdlines } from "../../../linux/trace/traceFiles.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { faultPiece, type Pieces, progress, text } from "../../../say/piece.ts";
import type { Context, OutputFile } from "../../language/command.ts";
import { type InstancePages, pageData, type UnreadPages, writeTraceDat } from "./traceDat.ts";

/** Names from the dump that can be parts of a path. */
const SAFE_NAME = /^[\w:+-][\w.:+-]*$/;
/** Number of pages between two steps. */
const STEP = 256;

/** The pages of instances, and what could not be followed. */
interface Found {
  readonly instances: readonly InstancePages[];
  readonly faults: readonly Fault[];
}

/** Lists the pages with entries. A list that breaks has the pages before. */
function pagesOf(kernel: Kernel, arrays: readonly TraceArray[]): Found {
  const faults: Fault[] = [];
  const instances = arrays.map((array): InstancePages => {
    const buffers = attempt(() => cpuBuffers(kernel, array));
    if (buffers instanceof Fault) {
      faults.push(buffers);
      return { name: array.name, cpus: [] };
    }
    const cpus = buffers.map((buffer) => {
      const pages: bigint[] = [];
      for (const page of faultLast(bufferPages(kernel, buffer))) {
        const address = page instanceof Fault ? page : attempt(() => page.at("page").value());
        if (address instanceof Fault) faults.push(address);
        else pages.push(address);
      }
      return { buffer, pages };
    });
    return { name: array.name, cpus };
  });
  return { instances, faults };
}

/**
 * Writes one file that trace-cmd reads. Instances whose pages have another size than those of the first one are left
 * out, because the file has one size.
 */
export function* dumpToFile({ kernel, createFile }: Context, arrays: readonly TraceArray[], path: string): Pieces {
  const { instances, faults } = pagesOf(kernel, arrays);
  const sizeOf = ({ cpus }: InstancePages): number | undefined => cpus[0]?.buffer.pageBytes;
  const [top] = instances;
  const pageBytes = top && sizeOf(top);
  if (!top || pageBytes === undefined) throw Fault.of("unknown", "the first instance of ftrace has no buffers");
  const written = instances.filter((one) => (sizeOf(one) ?? pageBytes) === pageBytes);
  const unread: UnreadPages = { count: 0, first: undefined };
  const file = opened(createFile, path);
  try {
    yield* writeTraceDat(kernel, file, [top, ...written.slice(1)], pageBytes, unread);
  } finally {
    file.close();
  }
  yield text(`${pagesWritten(written)} written to ${path}; "trace-cmd report ${path}" reads it`);
  for (const { name } of instances.filter((one) => !written.includes(one)))
    yield text(`not written: the instance ${name}, whose pages have another size`);
  yield* missing(unread, faults);
}

/** Writes the buffers as the files trace_pipe_raw of tracefs. @param hasFormats whether to write what describes them too */
export function* dumpToFolder(
  { kernel, createFile }: Context,
  arrays: readonly TraceArray[],
  folder: string,
  hasFormats: boolean,
): Pieces {
  const { instances, faults } = pagesOf(kernel, arrays);
  const write = function* (path: string, parts: Iterable<Uint8Array>): Pieces {
    const file = opened(createFile, `${folder}/${path}`);
    let done = 0;
    try {
      for (const part of parts) {
        file.write(part);
        if (++done % STEP === 0) yield progress(path, done, 0);
      }
    } finally {
      file.close();
    }
  };
  const unread: UnreadPages = { count: 0, first: undefined };
  const named = instances.filter(({ name }) => SAFE_NAME.test(name));
  const refused = instances.filter((one) => !named.includes(one)).map(({ name }) => name);
  for (const { name, cpus } of named)
    for (const { buffer, pages } of cpus) {
      const place = `${name === TOP_INSTANCE ? "" : `instances/${name}/`}per_cpu/cpu${buffer.cpu}/trace_pipe_raw`;
      yield* write(place, datas(kernel, pages, buffer.pageBytes, unread));
    }
  if (hasFormats) {
    const encoder = new TextEncoder();
    const size = instances[0]?.cpus[0]?.buffer.pageBytes ?? 0;
    for (const [path, contents] of descriptions(kernel, size))
      if (path.split("/").every((part) => SAFE_NAME.test(part))) yield* write(path, [encoder.encode(contents)]);
      else refused.push(path);
  }
  yield text(`${pagesWritten(named)} written to ${folder}`);
  for (const name of refused) yield text(`not written: ${name}, which is not a file name`);
  yield* missing(unread, faults);
}

/** Reports what the written files lack. @param faults why lists of pages could not be followed */
function* missing({ count, first }: UnreadPages, faults: readonly Fault[]): Pieces {
  if (first)
    yield faultPiece(first, `trace: pages that cannot be read were written as zeros: ${count}; the first fault: `);
  for (const fault of faults) yield faultPiece(fault, "trace: ");
}

function* datas(
  kernel: Kernel,
  pages: readonly bigint[],
  bytes: number,
  unread: UnreadPages,
): Generator<Uint8Array, void, void> {
  for (const page of pages) yield pageData(kernel, page, bytes, unread);
}

/** Yields path and contents of the files that describe the buffers. @throws Fault */
function* descriptions(kernel: Kernel, pageBytes: number): Generator<readonly [string, string], void, void> {
  yield ["events/header_page", headerPage(kernel, pageBytes)];
  yield ["events/header_event", HEADER_EVENT];
  for (const event of traceEvents(kernel).values())
    yield [`events/${event.system}/${event.name}/format`, formatFile(kernel, event)];
  yield ["printk_formats", printkFormats(kernel)];
  yield ["saved_cmdlines", savedCmdlines(kernel)];
}

/** Returns `3 pages of top were`. */
function pagesWritten(instances: readonly InstancePages[]): string {
  const count = instances.reduce((sum, { cpus }) => sum + cpus.reduce((pages, one) => pages + one.pages.length, 0), 0);
  const names = instances.map(({ name }) => name).join(", ");
  return `${count} page${count === 1 ? "" : "s"} of ${names} ${count === 1 ? "was" : "were"}`;
}

/** @throws UsageError if this front end writes no files */
function opened(createFile: Context["createFile"], path: string): OutputFile {
  if (!createFile) throw new UsageError("this front end writes no files; use the terminal");
  return createFile(path, { makesFolders: true });
}
