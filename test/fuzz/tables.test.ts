/** Damaged tables that a kernel has in its memory: BTF, ORC, kallsyms, its configuration; and System.map. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { attempt, Fault } from "../../src/base/fault.ts";
import { bytesFile } from "../../src/base/file.ts";
import { openBtf } from "../../src/debuginfo/btf/btf.ts";
import { bare, type CType } from "../../src/debuginfo/ctype.ts";
import { ikconfig } from "../../src/debuginfo/ikconfig.ts";
import { openOrc, orcVersion, type OrcVersion } from "../../src/debuginfo/orc.ts";
import type { SymbolSource } from "../../src/debuginfo/source.ts";
import { readKallsyms } from "../../src/debuginfo/symbols/kallsyms.ts";
import { findKallsyms } from "../../src/debuginfo/symbols/kallsymsSearch.ts";
import { openSystemMap } from "../../src/debuginfo/symbols/systemMap.ts";
import type { ByteOrder } from "../../src/base/bytes.ts";
import { BtfBuilder } from "../builders/btf.ts";
import { kallsymsImage, type KallsymsOptions, memoryOf } from "../builders/kallsyms.ts";
import { orcTable, plainCall } from "../builders/orc.ts";
import { survives } from "./fuzzing.ts";
import { mutated } from "./mutate.ts";

const MEBIBYTE = 1 << 20;
const TEXT = 0xffffffff82000000n;
const IPS = 0xffffffff82c00000n;

/** Every kind of type, some of which refer to themselves and to later ones. */
function btfImage(order: ByteOrder): Uint8Array {
  const btf = new BtfBuilder({ order });
  const int = btf.int("int", 4, 1);
  const char = btf.int("char", 1, 1, 8);
  const task = 4;
  const pointer = btf.pointer(task);
  btf.struct("task_struct", 64, [["pid", int, 0], ["next", pointer, 64], ["comm", task + 1, 128]]); // prettier-ignore
  btf.array(char, int, 16);
  btf.union("u", 8, [["a", int, 0], ["b", pointer, 0]]); // prettier-ignore
  btf.raw(8, "pid_t", 0, false, int);
  btf.raw(10, "", 0, false, pointer);
  btf.raw(6, "state", 2, false, 4, [btf.string("RUNNING"), 0, btf.string("STOPPED"), 4]);
  btf.raw(13, "", 1, false, int, [btf.string("task"), pointer]);
  btf.raw(12, "schedule", 0, false, 11);
  btf.raw(14, "jiffies", 0, false, int, [1]);
  btf.raw(15, ".data..percpu", 1, false, 8, [13, 0, 4]);
  return btf.bytes();
}

/** Follows a type some levels deep. */
function askType(type: CType, depth = 0): void {
  const at = bare(type);
  if (depth > 8) return;
  if (at.kind === "struct" || at.kind === "union")
    for (const member of at.members.slice(0, 50)) attempt(() => askType(member.type, depth + 1));
  else if (at.kind === "pointer") attempt(() => askType(at.target, depth + 1));
  else if (at.kind === "array") attempt(() => askType(at.element, depth + 1));
}

for (const order of ["little", "big"] as const) {
  const whole = btfImage(order);
  survives(`BTF, ${order}-endian`, {
    cases: 1500,
    make: (below) => mutated(whole, below),
    read: (bytes) => {
      const btf = openBtf(bytes);
      let count = 0;
      for (const { kind, name } of btf.names()) {
        attempt(() => {
          const type = btf.find(kind, name);
          if (type) askType(type);
        });
        if (++count > 100) break;
      }
      for (let id = 0; id < 20; id++) attempt(() => askType(btf.type(id)));
      attempt(() => btf.function("schedule"));
      attempt(() => btf.variable("jiffies"));
      attempt(() => btf.perCpuOffsets().size);
      return true;
    },
    accepted: 0.2,
  });
}

for (const version of [1, 2, 3, 4] as OrcVersion[]) {
  const rows = Array.from({ length: 120 }, (_, i) => [TEXT + BigInt(i * 16), plainCall] as const);
  const built = orcTable(rows, version, IPS);
  const bytes = new Uint8Array(rows.length * 10);
  for (let at = 0; at < bytes.length; at += 2) {
    const value = built.memory.u16(IPS + BigInt(at));
    bytes.set([value & 0xff, value >>> 8], at);
  }
  survives(`ORC version ${version}`, {
    cases: 1000,
    make: (below) => mutated(bytes, below),
    read: (damaged, below) => {
      const image = memoryOf(IPS, damaged);
      const view = (address: bigint, size: number): DataView => new DataView(image.read(address, size).buffer);
      const memory = {
        u16: (address: bigint) => view(address, 2).getUint16(0, true),
        u32: (address: bigint) => view(address, 4).getUint32(0, true),
      };
      attempt(() => orcVersion(memory, built.table, {}));
      const orc = openOrc(memory, built.table, version);
      for (let i = 0; i < 20; i++) attempt(() => orc.find(TEXT + BigInt(below(4000) - 1000)));
      return true;
    },
    accepted: 0.9,
  });
}

const symbols = [
  ["T_stext", TEXT],
  ["Tsys_read", TEXT + 0x10n],
  ...Array.from({ length: 1500 }, (_, i) => [`tfunction_${i}`, TEXT + 0x100n + BigInt(i) * 16n] as const),
  ["B_end", TEXT + 0x20000n],
] as const;

/** Asks for all symbols, and for some by name and by address. */
function askSymbols(source: SymbolSource, start: bigint): void {
  let count = 0;
  for (const { name, size } of source.all()) {
    assert.ok(name.length < MEBIBYTE && Number.isSafeInteger(size));
    if (++count > 3000) break;
  }
  for (let i = 0n; i < 10n; i++) source.at(start + i * 100n);
  source.named("sys_read");
}

const shapes: readonly KallsymsOptions[] = [
  { encoding: "absolute", wide: false, wideMarkers: true },
  { encoding: "absolutePercpu" },
  { encoding: "baseRelative", layout: "after" },
  { encoding: "placeRelative", layout: "after" },
  { encoding: "baseRelative", order: "big" },
];
for (const shape of shapes) {
  const image = kallsymsImage(symbols, shape);
  const { start, end, tables } = image;
  const bytes = image.memory.read(start, Number(end - start));
  survives(`kallsyms ${JSON.stringify(shape)}`, {
    cases: 150,
    make: (below) => mutated(bytes, below),
    read: (damaged) => {
      const memory = memoryOf(start, damaged, shape.order, shape.wordSize);
      const read = attempt(() => readKallsyms(memory, tables, TEXT));
      if (!(read instanceof Fault)) attempt(() => askSymbols(read, TEXT));
      const found = attempt(() => findKallsyms(memory, start, start + BigInt(damaged.length)));
      if (found !== undefined && !(found instanceof Fault)) attempt(() => askSymbols(found, TEXT));
      return !(read instanceof Fault);
    },
    accepted: 0.2,
  });
}

const config = Buffer.concat([
  Buffer.from("....IKCFG_ST"),
  gzipSync("CONFIG_BTF=y\n".repeat(200)),
  Buffer.from("IKCFG_ED...."),
]);
survives("the kernel's configuration", {
  cases: 500,
  make: (below) => mutated(config, below),
  read: (bytes) => ikconfig(bytes) !== undefined,
  accepted: 0.01,
});

const map = Buffer.from(
  symbols.map(([name, address]) => `${address.toString(16)} ${name[0] ?? ""} ${name.slice(1)}\n`).join(""),
);
survives("System.map", {
  cases: 150,
  make: (below) => mutated(map, below),
  read: (bytes) => {
    askSymbols(openSystemMap(bytesFile("System.map", bytes)), TEXT);
    return true;
  },
  accepted: 0.2,
});
