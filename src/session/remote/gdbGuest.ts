/** Opens a QEMU guest over its gdbstub as a dump. */
import type { DumpImage } from "../../dump/format.ts";
import { memoryImage } from "../../dump/memoryImage.ts";
import { type ProcessorRegisters, processorNotes } from "../../dump/processorNotes.ts";
import { Ranges } from "../../dump/ranges.ts";
import { OpenError } from "../open/openError.ts";
import { remoteFile, RemoteSource } from "./answers.ts";
import type { GuestAbout } from "./gdbSource.ts";

const PAGE_BYTES = 4096;
/** Registers by their names in gdb, with their names in the notes that QEMU's cores have. */
const RENAMED: Readonly<Record<string, string>> = { eflags: "rflags", k_gs_base: "kernel_gs_base" };

/** Returns the address of a gdbstub, `HOST:PORT` or `unix:PATH`, if a path names one; undefined for a file. */
export function gdbStubOf(path: string): string | undefined {
  const [, address] = /^gdb:(.+)$/.exec(path) ?? [];
  return address ?? (path.startsWith("unix:") ? path : undefined);
}

/**
 * Connects to a gdbstub.
 * @param isLive whether the guest runs on between reads; otherwise it is stopped until the image is closed
 * @throws OpenError
 */
export function openGuest(address: string, isLive: boolean): DumpImage {
  const name = `gdb:${address}`;
  const source = new RemoteSource(name, { kind: "gdb", address, isLive });
  const about = describe(source, name);
  const ranges = new Ranges();
  let offset = 0;
  for (const { first, last } of about.ranges) {
    ranges.add({ physical: first, offset, fileSize: last + 1 - first });
    offset += last + 1 - first;
  }
  const file = remoteFile(source, { name, size: offset, readsAround: false });
  const cpus = about.cpus.map(registersOf).filter((one) => one["rip"] !== undefined && one["cr3"] !== undefined);
  return memoryImage("QEMU guest", [file], ranges.pages(file, PAGE_BYTES, {}), {
    notes: processorNotes(cpus),
    live: isLive ? "running" : "paused",
    ...(about.cpus.length > 0 ? { cpus: about.cpus.length } : {}),
  });
}

function describe(source: RemoteSource, name: string): GuestAbout {
  try {
    return source.open() as GuestAbout;
  } catch (error) {
    source.close();
    if (!(error instanceof Error && "code" in error)) throw error;
    const what = { ECONNREFUSED: "nothing listens there", ENOENT: "there is no such socket" }[String(error.code)];
    const reason = error.message.startsWith(name) ? error.message.slice(name.length + 2) : error.message;
    const [, path] = /^gdb:(unix:.*)/.exec(name) ?? [];
    const option = path === undefined ? "-gdb tcp::PORT or -s" : `-gdb ${path},server=on,wait=off`;
    throw new OpenError(`${name}: ${what === undefined ? reason : `${what}: start QEMU with ${option}`}`);
  }
}

const registersOf = (values: Readonly<Record<string, string>>): ProcessorRegisters =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [RENAMED[name] ?? name, BigInt(value)]));
