/** ORC unwinding tables of x86_64 kernels and modules. */
import { Fault } from "../base/fault.ts";
import { padHex } from "../base/hex.ts";
import { partitionPoint } from "../base/search.ts";
import { bare, type CType } from "./ctype.ts";
import type { OrcEntry, OrcRegister, OrcSource } from "./source.ts";

/** Memory with ORC tables, of which a few words are read at a time. */
export interface OrcMemory {
  /** @throws Fault */
  u16(address: bigint): number;
  /** @throws Fault */
  u32(address: bigint): number;
}

/** Runtime addresses of `.orc_unwind_ip` and `.orc_unwind` of one image. */
export interface OrcTable {
  /** `__start_orc_unwind_ip` or `mod->arch.orc_unwind_ip`: sorted `int[count]`, each relative to its own address. */
  readonly ips: bigint;
  /** `__start_orc_unwind` or `mod->arch.orc_unwind`: `struct orc_entry[count]`. */
  readonly entries: bigint;
  readonly count: number;
}

/** Layouts of `struct orc_entry` in arch/x86/include/asm/orc_types.h: of 4.14, 6.3, 6.4 and 7.1. */
export type OrcVersion = 1 | 2 | 3 | 4;

/** Size of an entry in bytes. */
const ENTRY_BYTES = 6;
/** Maximum number of entries of a table. */
const MAX_ENTRIES = 64 * 1024 * 1024;

const registersBefore7_1: readonly (OrcRegister | undefined)[] = [
  ...["undefined", "prevSp", "dx", "di", "bp", "sp", "r10", "r13", "bpIndirect", "spIndirect"] as const,
]; // prettier-ignore
const registersFrom7_1: readonly (OrcRegister | undefined)[] = [
  ...["undefined", "ax", "dx", "sp", "bp", "di", "r10", "r13", "prevSp", "spIndirect", "bpIndirect"] as const,
]; // prettier-ignore

/**
 * Opens the ORC table of the kernel or of one module. Nothing is copied; a lookup reads about twenty words. @throws
 * Fault corrupt for an impossible count
 */
export function openOrc(memory: OrcMemory, table: OrcTable, version: OrcVersion): OrcSource {
  const { ips, entries, count } = table;
  if (!(count >= 0 && count <= MAX_ENTRIES))
    throw Fault.at("corrupt", ips, `the ORC table has ${count} entries; the limit is ${MAX_ENTRIES}`);
  /**
   * Returns the distance of an entry's code from the start of the table, as a number, which is faster than an address.
   */
  const distance = (i: number): number => i * 4 + (memory.u32(ips + BigInt(i * 4)) | 0);
  const decoded = new Map<number, OrcEntry | undefined>();
  return {
    find(pc) {
      const wanted = Number(pc - ips);
      if (count === 0 || wanted < distance(0)) return undefined;
      const last = partitionPoint(count, (i) => distance(i) <= wanted, 1) - 1;
      let entry = decoded.get(last);
      if (!entry) decoded.set(last, (entry = readEntry(memory, entries + BigInt(last * ENTRY_BYTES), version)));
      return entry;
    },
  };
}

function readEntry(memory: OrcMemory, address: bigint, version: OrcVersion): OrcEntry | undefined {
  const flags = memory.u16(address + 4n);
  const registers = version === 4 ? registersFrom7_1 : registersBefore7_1;
  const spRegister = registers[flags & 0xf];
  const bpRegister = registers[(flags >> 4) & 0xf];
  const kind = version === 1 || version === 2 ? kindBefore6_4(flags, version) : kindFrom6_4(flags);
  if (!spRegister || !bpRegister || !kind) return undefined;
  const signed = (value: number): number => (value << 16) >> 16;
  return {
    spRegister,
    spOffset: signed(memory.u16(address)),
    bpRegister,
    bpOffset: signed(memory.u16(address + 2n)),
    ...kind,
  };
}

type Kind = Pick<OrcEntry, "type" | "signal">;

/** Decodes three bits of type, then `signal`; undefined for an unknown type. */
function kindFrom6_4(flags: number): Kind | undefined {
  const type = (["undefined", "end", "call", "regs", "regsPartial"] as const)[(flags >> 8) & 7];
  return type && { type, signal: (flags & 0x800) !== 0 };
}

/**
 * Decodes two bits of type, then `end`; in 6.3 `signal` is before it. Code without a rule has no sp register. Returns
 * undefined for an unknown type.
 */
function kindBefore6_4(flags: number, version: 1 | 2): Kind | undefined {
  const end = (flags & (version === 1 ? 0x400 : 0x800)) !== 0;
  const isSignal = version === 2 && (flags & 0x400) !== 0;
  const type = (["call", "regs", "regsPartial"] as const)[(flags >> 8) & 3];
  if ((flags & 0xf) === 0) return { type: end ? "end" : "undefined", signal: isSignal };
  // In layouts before 6.3, which lack the bit, a frame with registers is that of interrupted code.
  return type && { type: end ? "end" : type, signal: version === 1 ? type !== "call" : isSignal };
}

/**
 * Determines the layout: by the hash in `.orc_header` (6.3 on), by the bit-fields of `struct orc_entry` (some
 * distributions have a later layout without a header), or by the contents of the entries.
 */
export function orcVersion(
  memory: OrcMemory,
  table: OrcTable,
  known: { header?: Uint8Array; entry?: CType | undefined },
): OrcVersion {
  return versionOfHeader(known.header) ?? versionOfStruct(known.entry) ?? versionOfEntries(memory, table);
}

/** First bytes of the hash over orc_types.h. */
const headerHashes = new Map<string, OrcVersion>([
  ["db84aed4", 2],
  ["fe5d32bf", 3],
  ["137c36ad", 4],
]);

function versionOfHeader(header: Uint8Array | undefined): OrcVersion | undefined {
  return header && headerHashes.get(Array.from(header.subarray(0, 4), (byte) => padHex(byte, 2)).join(""));
}

function versionOfStruct(type: CType | undefined): OrcVersion | undefined {
  const entry = type && bare(type);
  if (entry?.kind !== "struct") return undefined;
  const names = entry.members.map(({ name }) => name);
  if (names.includes("end")) return names.includes("signal") ? 2 : 1;
  // 7.1 renumbered the registers, which the members do not show.
  return undefined;
}

/**
 * Determines the layout by the most frequent entry, a plain call frame with sp as its base: it shows the position of
 * the type and the number of sp.
 */
function versionOfEntries(memory: OrcMemory, { entries, count }: OrcTable): OrcVersion {
  const step = Math.max(1, Math.floor(count / 256));
  const seen = { sp: 0, spFrom7_1: 0, call: 0, callFrom6_4: 0, bit11: 0 };
  for (let i = 0; i < count; i += step) {
    const flags = memory.u16(entries + BigInt(i * ENTRY_BYTES) + 4n);
    if ((flags & 0xf) === 5) seen.sp++;
    if ((flags & 0xf) === 3) seen.spFrom7_1++;
    if ((flags & 0x300) === 0) seen.call++;
    if ((flags & 0x700) === 0x200) seen.callFrom6_4++;
    if (flags & 0x800) seen.bit11++;
  }
  if (seen.callFrom6_4 > seen.call) return seen.spFrom7_1 > seen.sp ? 4 : 3;
  return seen.bit11 > 0 ? 2 : 1;
}
