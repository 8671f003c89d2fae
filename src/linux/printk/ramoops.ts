/** Logs of earlier boots and crashes that ramoops keeps in memory which a reboot does not clear (fs/pstore/ram_core.c). */
import { attempt, Fault } from "../../base/fault.ts";
import { behindRamoopsHeader, unpackedRecord } from "../../base/pstoreRecord.ts";
import type { AddressSpace } from "../../memory/memory.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** A log in a zone of ramoops, or in the kernel's copy of what the zone contained when the kernel booted. */
export interface PersistentLog {
  /** Physical address of the `struct persistent_ram_buffer`; kernel address of the copy (`old_log`). */
  readonly address: bigint;
  readonly source: "zone" | "copy";
  /** A record is what the kernel saved at a crash; console is all that it printed. */
  readonly kind: "record" | "console";
  /** When a record was saved, in seconds since the Unix epoch. */
  readonly saved: number | undefined;
  readonly text: string;
}

/** PERSISTENT_RAM_SIG, "DBGC" in little-endian. Zones of ftrace have another one, and contain no text. */
const SIGNATURE = 0x43474244;
/** sizeof(struct persistent_ram_buffer): sig, start and size, each u32. */
const HEADER_BYTES = 12;
/** Zones begin at multiples of this: their sizes are powers of two, and that of the smallest is a page. */
const STEP = 4096;
/** Maximum size of a zone in bytes, and maximum numbers of zones and of records in the context of ramoops. */
const MAX_ZONE = 16 << 20;
const MAX_ZONES = 1024;
/** Number of bytes that decide whether a zone contains text. */
const SAMPLE = 256;
/** Number of pages between two steps of the search. */
const PAUSE_EVERY = 256;

/**
 * Reads the copies that the kernel made of zones of ramoops, and searches physical memory for the zones. Where it can
 * pause, yields the address that it reached.
 */
export function* persistentLogs(kernel: Kernel): Generator<PersistentLog | { readonly reached: bigint }> {
  yield* copies(kernel);
  const { physical } = kernel.memory;
  let zones = 0;
  let pages = 0;
  for (let page = physical.next(0n); page !== undefined; page = physical.next(page + BigInt(physical.pageSize))) {
    if (++pages % PAUSE_EVERY === 0) yield { reached: page };
    for (let at = 0; at < physical.pageSize; at += STEP) {
      const log = zoneAt(physical, page + BigInt(at));
      if (!log) continue;
      yield log;
      if (++zones >= MAX_ZONES) return;
    }
  }
}

/** Reads the zone at an address; undefined if there is none, or none with text. */
function zoneAt(physical: AddressSpace, address: bigint): PersistentLog | undefined {
  const log = attempt(() => {
    if (physical.u32(address) !== SIGNATURE) return undefined;
    const start = physical.u32(address + 4n);
    const size = physical.u32(address + 8n);
    // As persistent_ram_post_init() checks; the zone's size is not in memory.
    if (size === 0 || size > MAX_ZONE || start > size) return undefined;
    const bytes = Buffer.from(physical.read(address + BigInt(HEADER_BYTES), size));
    return logOf(Buffer.concat([bytes.subarray(start), bytes.subarray(0, start)]), { address, source: "zone" });
  });
  return log instanceof Fault ? undefined : log;
}

/** Yields the copies of zones in `oops_cxt`, if its type is known. */
function* copies(kernel: Kernel): Generator<PersistentLog> {
  const symbol = kernel.symbols.find("oops_cxt");
  if (symbol === undefined) return;
  const zones = attempt(() => zonesOf(kernel.object("struct ramoops_context", symbol.address)));
  for (const zone of zones instanceof Fault ? [] : zones) {
    const log = attempt(() => {
      const address = zone.at("old_log").value();
      const size = zone.at("old_log_size").number();
      if (address === 0n || !(size > 0) || size > MAX_ZONE) return undefined;
      return logOf(Buffer.from(kernel.memory.read(address, size)), { address, source: "copy" });
    });
    if (log && !(log instanceof Fault)) yield log;
  }
}

/** Returns the `struct persistent_ram_zone` of records and of the console. @param context `struct ramoops_context` */
function zonesOf(context: Obj): readonly Obj[] {
  const count = Math.min(context.at("max_dump_cnt").number(), MAX_ZONES);
  const records = context.at("dprzs");
  const zones = Array.from({ length: records.value() === 0n ? 0 : count }, (_, i) => records.index(i));
  return [...zones, context.at("cprz")].filter((zone) => zone.value() !== 0n).map((zone) => zone.deref());
}

/** Returns the log in the contents of a zone, oldest byte first; undefined if they are not text. */
function logOf(bytes: Buffer, place: Pick<PersistentLog, "address" | "source">): PersistentLog | undefined {
  const record = behindRamoopsHeader(bytes);
  const plain = record ?? bytes;
  const unpacked = isText(plain) ? plain : record && unpackedRecord(record);
  if (!unpacked) return undefined;
  const saved = record && Number(/^====(\d{1,12})/.exec(bytes.toString("latin1", 0, 16))?.[1]);
  return { ...place, kind: record ? "record" : "console", saved, text: unpacked.toString("utf8").replace(/\n$/, "") };
}

const isText = (bytes: Buffer): boolean =>
  /^[\t\n\r\x1b\x20-\x7e\x80-\xff]+$/.test(bytes.toString("latin1", 0, SAMPLE));
