import assert from "node:assert/strict";
import { test } from "node:test";
import { openElf } from "../../../src/elf/elf.ts";
import { type ElfSymbols, elfSymbols } from "../../../src/debuginfo/symbols/elfSymbols.ts";
import { ALLOC, type BuiltElf, DATA, elfFile, LOCAL_FUNCTION, TEXT } from "../../builders/elf.ts";

const code = new Uint8Array(0x1000);
const base = 0xffffffff81000000n;
const kernel: BuiltElf = {
  sections: [
    { name: ".text", flags: TEXT, address: base, bytes: code },
    { name: ".data", flags: DATA, address: base + 0x10000n, bytes: code },
    { name: ".rodata", flags: ALLOC, address: base + 0x20000n, bytes: code },
    { name: ".data..percpu", flags: DATA, address: 0n, bytes: code },
  ],
  symbols: [
    { name: "panic", value: base + 0x100n, size: 0x80 },
    { name: "_stext", value: base, info: 0x10 },
    { name: "start", value: base, info: LOCAL_FUNCTION, size: 0x20 },
    { name: "startup_64", value: base, size: 0x20 },
    { name: "helper", value: base + 0x200n, info: LOCAL_FUNCTION },
    { name: "helper", value: base + 0x180n, info: LOCAL_FUNCTION },
    { name: "jiffies", value: base + 0x10000n, info: 0x11, section: 2, size: 8 },
    { name: "banner", value: base + 0x20000n, info: 0x01, section: 3 },
    { name: "this_cpu_off", value: 0x40n, info: 0x11, section: 4, size: 8 },
    { name: "weak", value: base + 0x300n, info: 0x22 },
    { name: "phys_startup", value: 0x1000000n, info: 0x10, section: 0xfff1 },
    { name: "printk", value: 0n, section: 0 },
    { name: "main.c", value: 0n, info: 0x04, section: 0xfff1 },
    { name: "", value: base, info: 0x03 },
  ],
};

test("symbols are in address order with the type letters of nm, without undefined, file and section symbols", () => {
  const symbols = elfSymbols(openElf(elfFile(kernel)));
  assert.deepEqual(
    Array.from(symbols.all(), ({ name, address, type }) => `${address.toString(16)} ${type} ${name}`),
    [
      "40 D this_cpu_off",
      "1000000 A phys_startup",
      "ffffffff81000000 T _stext",
      "ffffffff81000000 t start",
      "ffffffff81000000 T startup_64",
      "ffffffff81000100 T panic",
      "ffffffff81000180 t helper",
      "ffffffff81000200 t helper",
      "ffffffff81000300 W weak",
      "ffffffff81010000 D jiffies",
      "ffffffff81020000 r banner",
    ],
  );
});

test("labels belong to objects with a size, and end with them", () => {
  const data = base + 0x10000n;
  const symbols = elfSymbols(
    openElf(
      elfFile({
        ...kernel,
        symbols: [
          { name: "_stext", value: base, info: 0x10 },
          { name: "__key.0", value: data + 0x10n, info: 0x01, section: 2 },
          { name: "msi_dev_attrs", value: data + 0x10n, info: 0x01, section: 2, size: 16 },
          { name: "__stop___jump_table", value: data + 0x40n, info: 0x10, section: 2 },
          { name: "early_data", value: data + 0x80n, info: 0x10, section: 2 },
        ],
      }),
    ),
  );
  const label = (offset: bigint) => symbols.at(data + offset)?.name;
  assert.deepEqual([label(0x10n), label(0x1fn), label(0x20n)], ["msi_dev_attrs", "msi_dev_attrs", undefined]);
  assert.deepEqual([label(0x40n), label(0x48n)], ["__stop___jump_table", undefined]);
  assert.deepEqual([label(0x80n), label(0x88n)], ["early_data", "early_data"]);
});

test("an object with a second name from the linker script is labelled as in crash, one with an end mark before it is not", () => {
  const data = base + 0x10000n;
  const symbols = elfSymbols(
    openElf(
      elfFile({
        ...kernel,
        symbols: [
          { name: "jiffies", value: data, info: 0x11, section: 2 },
          { name: "jiffies_64", value: data, info: 0x11, section: 2, size: 8 },
          { name: "real_mode_blob_end", value: data + 0x40n, info: 0x11, section: 2 },
          { name: "real_mode_relocs", value: data + 0x40n, info: 0x11, section: 2, size: 160 },
        ],
      }),
    ),
  );
  assert.equal(symbols.at(data)?.name, "jiffies");
  assert.equal(symbols.at(data)?.object, "jiffies_64");
  assert.equal(symbols.at(data + 0x40n)?.name, "real_mode_relocs");
});

test("a name gives every symbol that has it", () => {
  const symbols = elfSymbols(openElf(elfFile(kernel)));
  assert.deepEqual(symbols.named("helper").map(({ address }) => address), [base + 0x180n, base + 0x200n]); // prettier-ignore
  assert.deepEqual(symbols.named("printk"), []);
  assert.deepEqual(symbols.named("help"), []);
});

test("an address belongs to the symbol at or below it, a global function first", () => {
  const symbols = elfSymbols(openElf(elfFile(kernel)));
  const nameAt = (address: bigint): string | undefined => symbols.at(address)?.name;
  assert.equal(nameAt(base), "startup_64");
  assert.equal(nameAt(base + 0x17fn), "panic");
  assert.equal(nameAt(base + 0x180n), "helper");
  assert.equal(nameAt(base + 0xfffn), "weak");
  assert.equal(nameAt(base - 1n), undefined);
});

test("an address beyond the section of the symbol below it belongs to none", () => {
  const symbols = elfSymbols(openElf(elfFile(kernel)));
  assert.equal(symbols.at(base + 0x1000n), undefined);
  assert.equal(symbols.at(0x401000n), undefined);
  assert.equal(symbols.at(0x1000001n), undefined);
});

test("a symbol without a size ends where the next one starts, the last one with its section", () => {
  const symbols = elfSymbols(openElf(elfFile(kernel)));
  assert.deepEqual(symbols.named("helper").map(({ size }) => size), [0x80, 0x100]); // prettier-ignore
  assert.equal(symbols.named("panic")[0]?.size, 0x80);
  assert.equal(symbols.named("banner")[0]?.size, 0x1000);
});

test("a module's symbols are at the addresses of its loaded sections, and are left out for others", () => {
  const module = openElf(
    elfFile({
      type: 1,
      sections: [
        { name: ".text", flags: TEXT, bytes: code },
        { name: ".init.text", flags: TEXT, bytes: code },
      ],
      symbols: [
        { name: "probe", value: 0x10n },
        { name: "init_module", value: 0n, section: 2 },
      ],
    }),
  );
  const symbols = elfSymbols(module, (section) => (section === ".text" ? 0xffffffffc0441000n : undefined));
  assert.deepEqual(Array.from(symbols.all(), ({ name, address }) => [name, address]), [["probe", 0xffffffffc0441010n]]); // prettier-ignore
  assert.equal(symbols.at(0xffffffffc0441fffn)?.name, "probe");
  assert.equal(symbols.at(0xffffffffc0442000n), undefined);
});

test("an Arm image hides mapping symbols and the Thumb bit", () => {
  const symbols = elfSymbols(
    openElf(
      elfFile({
        wordSize: 4,
        machine: 40,
        sections: [{ name: ".text", flags: TEXT, address: 0xc0300000n, bytes: code }],
        symbols: [
          { name: "$a", value: 0xc0300000n, info: 0 },
          { name: "$d.12", value: 0xc0300004n, info: 0 },
          { name: "thumb", value: 0xc0300009n },
          { name: "$dollar", value: 0xc0300020n },
        ],
      }),
    ),
  );
  assert.deepEqual(Array.from(symbols.all(), ({ name, address }) => [name, address]), [["thumb", 0xc0300008n], ["$dollar", 0xc0300020n]]); // prettier-ignore
});

test("a file without a symbol table has no symbols", () => {
  const symbols = elfSymbols(openElf(elfFile({ sections: [{ name: ".text", flags: TEXT, bytes: code }] })));
  assert.deepEqual([...symbols.all()], []);
  assert.equal(symbols.at(0n), undefined);
  assert.deepEqual(symbols.named("x"), []);
});

/** Everything that is told of a table: each symbol, found by name and by address, too. */
const told = (symbols: ElfSymbols) =>
  Array.from(symbols.all(), (symbol) => [symbol, symbols.named(symbol.name), symbols.at(symbol.address)]);

test("a saved table gives the same answers in the next session, and is not saved again", () => {
  const symbols = elfSymbols(openElf(elfFile(kernel)));
  const saved = symbols.save()!;
  assert.equal(symbols.save(), undefined);
  const restored = elfSymbols(openElf(elfFile(kernel)), undefined, saved);
  assert.deepEqual(told(restored), told(symbols));
  assert.deepEqual(restored.named("help"), []);
  assert.equal(restored.save(), undefined, "it came from what was saved");
  // Where it is not aligned it is moved.
  const odd = new Uint8Array(saved.length + 3).fill(0, 0, 3);
  odd.set(saved, 3);
  assert.deepEqual(told(elfSymbols(openElf(elfFile(kernel)), undefined, odd.subarray(3))), told(symbols));
});

test("a saved table of another file, or a truncated one, is not used", () => {
  const symbols = elfSymbols(openElf(elfFile(kernel)));
  const saved = elfSymbols(openElf(elfFile({ ...kernel, symbols: kernel.symbols!.slice(1) }))).save()!;
  const own = elfSymbols(openElf(elfFile(kernel))).save()!;
  for (const other of [saved, own.subarray(0, own.length - 1), own.subarray(0, 7), new Uint8Array(0)]) {
    const opened = elfSymbols(openElf(elfFile(kernel)), undefined, other);
    assert.deepEqual(told(opened), told(symbols));
    assert.deepEqual(opened.save(), own, "it was read from the file");
  }
});

test("damage in a saved table can at worst give a wrong name", () => {
  const saved = elfSymbols(openElf(elfFile(kernel))).save()!;
  for (let at = 0; at < saved.length; at++) {
    const damaged = saved.slice();
    damaged[at]! ^= 0xff;
    const symbols = elfSymbols(openElf(elfFile(kernel)), undefined, damaged);
    assert.ok(told(symbols).length <= kernel.symbols!.length);
  }
});
