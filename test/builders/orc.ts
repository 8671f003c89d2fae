import type { OrcMemory, OrcTable, OrcVersion } from "../../src/debuginfo/orc.ts";
import type { OrcEntry, OrcRegister } from "../../src/debuginfo/source.ts";
import { viewOf } from "../../src/base/bytes.ts";
import { memoryOf } from "./kallsyms.ts";

const before7_1: readonly OrcRegister[] = ["undefined", "prevSp", "dx", "di", "bp", "sp", "r10", "r13", "bpIndirect", "spIndirect"]; // prettier-ignore
const from7_1: readonly OrcRegister[] = ["undefined", "ax", "dx", "sp", "bp", "di", "r10", "r13", "prevSp", "spIndirect", "bpIndirect"]; // prettier-ignore

/** A plain call frame: the return address lies at sp, the caller's bp is untouched. */
export const plainCall: OrcEntry = {
  spRegister: "sp",
  spOffset: 8,
  bpRegister: "undefined",
  bpOffset: 0,
  type: "call",
  signal: false,
};

/** Both ORC tables at `ips`, for code at the given addresses in order. */
export function orcTable(
  rows: readonly (readonly [pc: bigint, entry: OrcEntry])[],
  version: OrcVersion,
  ips: bigint,
): { memory: OrcMemory; table: OrcTable } {
  const bytes = new Uint8Array(rows.length * 10);
  const view = viewOf(bytes);
  rows.forEach(([pc, entry], i) => {
    view.setInt32(i * 4, Number(pc - ips) - i * 4, true);
    const at = rows.length * 4 + i * 6;
    view.setInt16(at, entry.spOffset, true);
    view.setInt16(at + 2, entry.bpOffset, true);
    view.setUint16(at + 4, flagsOf(entry, version), true);
  });
  const image = memoryOf(ips, bytes);
  const memory: OrcMemory = {
    u16: (address) => viewOf(image.read(address, 2)).getUint16(0, true),
    u32: (address) => viewOf(image.read(address, 4)).getUint32(0, true),
  };
  return { memory, table: { ips, entries: ips + BigInt(rows.length * 4), count: rows.length } };
}

function flagsOf({ spRegister, bpRegister, type, signal }: OrcEntry, version: OrcVersion): number {
  const numbers = version === 4 ? from7_1 : before7_1;
  const registers = numbers.indexOf(spRegister) | (numbers.indexOf(bpRegister) << 4);
  const bit = (set: boolean, at: number): number => (set ? 1 << at : 0);
  if (version >= 3)
    return registers | (["undefined", "end", "call", "regs", "regsPartial"].indexOf(type) << 8) | bit(signal, 11);
  const kind = Math.max(0, ["call", "regs", "regsPartial"].indexOf(type)) << 8;
  return version === 1
    ? registers | kind | bit(type === "end", 10)
    : registers | kind | bit(signal, 10) | bit(type === "end", 11);
}
