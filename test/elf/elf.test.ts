import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, zstdCompressSync } from "node:zlib";
import { bytesFile } from "../../src/base/file.ts";
import { Fault } from "../../src/base/fault.ts";
import { openElf } from "../../src/elf/elf.ts";
import { ByteWriter } from "../builders/byteWriter.ts";
import { elfBytes, elfFile, TEXT } from "../builders/elf.ts";

const SHT_NOTE = 7;
const SHT_NOBITS = 8;
const SHF_COMPRESSED = 0x800;
const text = (string: string): Uint8Array => new TextEncoder().encode(string);
const isFault = (kind: string, message: RegExp) => (error: unknown) =>
  error instanceof Fault && error.kind === kind && message.test(error.message);

for (const wordSize of [4, 8] as const) {
  for (const order of ["little", "big"] as const) {
    test(`a ${order}-endian ELF${wordSize * 8} file tells its headers, sections and build ID`, () => {
      const note = new ByteWriter(order).u32(4).u32(3).u32(3).text("GNU").u8(0xab, 0xcd, 0x01).align(4); // prettier-ignore
      const other = new ByteWriter(order).u32(6).u32(8).u32(1).text("Linux").align(4).u64(0); // prettier-ignore
      const elf = openElf(
        elfFile({
          wordSize,
          order,
          machine: 40,
          sections: [
            { name: ".text", flags: TEXT, address: 0xc0300000n, bytes: text("code") },
            {
              name: ".notes",
              type: SHT_NOTE,
              bytes: new ByteWriter(order).append(other.done()).append(note.done()).done(),
            },
            { name: ".bss", type: SHT_NOBITS, size: 0x7fffffff },
          ],
        }),
      );
      assert.equal(elf.wordSize, wordSize);
      assert.equal(elf.byteOrder, order);
      assert.equal(elf.machine, 40);
      assert.equal(elf.buildId, "abcd01");
      const section = elf.section(".text")!;
      assert.deepEqual([section.address, section.size, section.flags], [0xc0300000n, 4, TEXT]);
      assert.deepEqual(elf.contents(section).read(1, 100), text("ode"));
      assert.equal(elf.contents(elf.section(".bss")!).read(0, 100).length, 0);
      assert.equal(elf.section(".data"), undefined);
    });
  }
}

test("a section compressed by zlib, zstd or the old GNU way reads as what it was", () => {
  const plain = text("debug information ".repeat(1000));
  const chdr = (type: number, bytes: Uint8Array): Uint8Array =>
    new ByteWriter().u32(type).u32(0).u64(plain.length).u64(1).append(bytes).done();
  const zdebug = new ByteWriter("big").append(text("ZLIB")).u64(plain.length).append(deflateSync(plain)).done();
  const elf = openElf(
    elfFile({
      sections: [
        { name: ".debug_info", flags: SHF_COMPRESSED, bytes: chdr(1, deflateSync(plain)) },
        { name: ".debug_line", flags: SHF_COMPRESSED, bytes: chdr(2, zstdCompressSync(plain)) },
        { name: ".zdebug_str", bytes: zdebug },
      ],
    }),
  );
  for (const name of [".debug_info", ".debug_line", ".zdebug_str"]) {
    const contents = elf.contents(elf.section(name)!);
    assert.equal(contents.size, plain.length, name);
    assert.deepEqual(contents.read(0, plain.length), plain, name);
    assert.deepEqual(contents.read(18, 5), text("debug"), name);
  }
});

test("a compressed section that lies about its size is a fault, not a gigabyte", () => {
  const stream = deflateSync(text("small"));
  const claiming = (size: number | bigint) =>
    openElf(
      elfFile({
        sections: [
          {
            name: ".d",
            flags: SHF_COMPRESSED,
            bytes: new ByteWriter().u32(1).u32(0).u64(size).u64(1).append(stream).done(),
          },
        ],
      }),
    );
  const read = (size: number | bigint) => () => {
    const elf = claiming(size);
    return elf.contents(elf.section(".d")!).read(0, 10);
  };
  assert.throws(read(1n << 40n), isFault("corrupt", /size 1099511627776 exceeds the limit of 1073741824 bytes/));
  assert.throws(read(0xffffffffffffffffn), isFault("corrupt", /exceeds the limit/));
  assert.throws(read(6), isFault("corrupt", /decompresses to 5 bytes instead of 6/));
  assert.throws(read(4), isFault("corrupt", /\.d: /));
});

test("what is no ELF file says so", () => {
  assert.throws(() => openElf(bytesFile("notes.txt", text("hello"))), isFault("corrupt", /notes.txt: not an ELF file/));
  assert.throws(() => openElf(bytesFile("empty", new Uint8Array(0))), isFault("corrupt", /empty: not an ELF file/));
});

test("an ELF file cut off in its headers is truncated", () => {
  const bytes = elfBytes({ sections: [{ name: ".text", bytes: text("code") }] });
  assert.throws(() => openElf(bytesFile("cut", bytes.subarray(0, 40))), isFault("truncated", /ELF header/));
  assert.throws(
    () => openElf(bytesFile("cut", bytes.subarray(0, bytes.length - 1))),
    isFault("truncated", /header table/),
  );
});

test("a section that reaches past the end of the file holds what the file has", () => {
  const elf = openElf(elfFile({ sections: [{ name: ".debug_str", bytes: text("abc"), size: 1 << 30 }] }));
  const contents = elf.contents(elf.section(".debug_str")!);
  assert.ok(contents.size < 1000);
  assert.deepEqual(contents.read(0, 3), text("abc"));
});

test("section numbers too large for the header are taken from the first section header", () => {
  const bytes = elfBytes({ sections: [{ name: ".text", flags: TEXT, bytes: text("x") }] });
  const view = new DataView(bytes.buffer);
  const table = Number(view.getBigUint64(40, true));
  view.setBigUint64(table + 32, BigInt(view.getUint16(60, true)), true); // sh_size: e_shnum
  view.setUint32(table + 40, view.getUint16(62, true), true); // sh_link: e_shstrndx
  view.setUint16(60, 0, true);
  view.setUint16(62, 0xffff, true);
  assert.equal(openElf(bytesFile("many", bytes)).section(".text")?.size, 1);
  view.setBigUint64(table + 32, 1n << 40n, true);
  assert.throws(() => openElf(bytesFile("many", bytes)), isFault("corrupt", /1099511627776 sections exceed the limit/));
});
