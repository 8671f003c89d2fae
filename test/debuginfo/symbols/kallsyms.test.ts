import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/base/fault.ts";
import { readKallsyms } from "../../../src/debuginfo/symbols/kallsyms.ts";
import { findingKallsyms, findKallsyms } from "../../../src/debuginfo/symbols/kallsymsSearch.ts";
import { kallsymsImage, type KallsymsOptions, memoryOf } from "../../builders/kallsyms.ts";

const TEXT = 0xffffffff82000000n;

/** A per-CPU symbol, kernel text with aliases, data, and enough functions for a search to believe in. */
function symbolsFrom(text: bigint, percpu = true): (readonly [string, bigint])[] {
  return [
    ...(percpu ? [["D__per_cpu_start", 0n] as const, ["dcpu_number", 0x1000n] as const] : []),
    ["T_stext", text],
    ["t__pfx_sys_read", text + 0x10n],
    ["Tsys_read", text + 0x10n],
    ["Tsys_write", text + 0x50n],
    ["tinit_once", text + 0x80n],
    ["tinit_once", text + 0x90n],
    [`t${"very_long_".repeat(15)}`, text + 0xa0n],
    ...Array.from({ length: 1500 }, (_, i) => [`tfunction_${i}`, text + 0x100n + BigInt(i) * 16n] as const),
    ["D__init_task", text + 0x10000n],
    ["b__key.0", text + 0x10100n],
    ["d__stop___jump_table", text + 0x10100n],
    ["dmsi_dev_attrs", text + 0x10100n],
    ["D__stop_table", text + 0x10200n],
    ["B_end", text + 0x20000n],
  ];
}

const shapes: readonly (readonly [string, KallsymsOptions])[] = [
  ["absolute addresses with 64-bit markers", { encoding: "absolute", wide: false, wideMarkers: true }],
  ["absolute per-CPU addresses (x86_64 to 6.14)", { encoding: "absolutePercpu" }],
  ["addresses relative to a base, after the tokens", { encoding: "baseRelative", layout: "after" }],
  ["place-relative addresses (7.0)", { encoding: "placeRelative", layout: "after" }],
  ["big-endian tables", { encoding: "baseRelative", order: "big" }],
  ["addresses in the offsets of a 32-bit machine (7.0)", { encoding: "plain", layout: "after", wordSize: 4 }],
  ["32-bit tables", { encoding: "baseRelative", wordSize: 4 }],
];

for (const [name, options] of shapes) {
  const text = options.wordSize === 4 ? 0xc1000000n : TEXT;
  const image = kallsymsImage(longNames(symbolsFrom(text, options.encoding === "absolutePercpu"), options), options);

  test(`kallsyms reads ${name}`, () => {
    const symbols = readKallsyms(image.memory, image.tables, text);
    assert.deepEqual(symbols.named("sys_write"), [{ name: "sys_write", address: text + 0x50n, size: 0x30, type: "T" }]);
    assert.deepEqual(symbols.named("init_once").map(({ address }) => address), [text + 0x80n, text + 0x90n]); // prettier-ignore
    assert.equal(symbols.at(text + 0x10025n)?.name, "__init_task");
    assert.equal(symbols.at(text + 0x10108n)?.name, "msi_dev_attrs");
    assert.equal(symbols.at(text + 0x10200n)?.name, "__stop_table");
    assert.equal(symbols.at(text + 0x10208n), undefined);
    assert.equal(symbols.named("function_1499")[0]?.address, text + 0x100n + 1499n * 16n);
  });

  test(`kallsyms is found by search in ${name}`, () => {
    const symbols = findKallsyms(image.memory, image.start, image.end + 0x100000n);
    assert.equal(symbols?.named("sys_write")[0]?.address, text + 0x50n);
    assert.deepEqual([...symbols.all()], [...readKallsyms(image.memory, image.tables, text).all()]);
  });
}

/** Before 6.1 no name had more than 127 bytes. */
function longNames(
  symbols: (readonly [string, bigint])[],
  { wide = true }: KallsymsOptions,
): (readonly [string, bigint])[] {
  return wide ? symbols : symbols.filter(([name]) => name.length < 127);
}

test("of symbols at one address the global function answers, else the first", () => {
  const image = kallsymsImage(
    [
      ["T_stext", TEXT],
      ["t__pfx_f", TEXT + 0x10n],
      ["Tf", TEXT + 0x10n],
      ["tfirst", TEXT + 0x20n],
      ["tsecond", TEXT + 0x20n],
      ["t__schedule", TEXT + 0x30n],
      ["T__sched_text_start", TEXT + 0x30n],
      ["T__ia32_sys_vfork", TEXT + 0x40n],
      ["T__x64_sys_vfork", TEXT + 0x40n],
      ["T_end", TEXT + 0x50n],
    ],
    { encoding: "baseRelative" },
  );
  const symbols = readKallsyms(image.memory, image.tables, TEXT);
  assert.equal(symbols.at(TEXT + 0x30n)?.name, "__schedule", "where a section begins is no function");
  assert.equal(symbols.at(TEXT + 0x1fn)?.name, "f");
  assert.equal(symbols.at(TEXT + 0x2fn)?.name, "first");
  assert.equal(symbols.at(TEXT + 0x41n)?.name, "__x64_sys_vfork", "its name for 32-bit processes is not what ran");
});

test("an address before the first symbol, after the last, or in a hole has no symbol", () => {
  const image = kallsymsImage(symbolsFrom(TEXT), { encoding: "absolutePercpu" });
  const symbols = readKallsyms(image.memory, image.tables, TEXT);
  assert.equal(symbols.at(0x1000n)?.name, "cpu_number");
  assert.equal(symbols.at(0xffff888000000000n), undefined);
  assert.equal(symbols.at(TEXT + 0x20001n), undefined);
  assert.equal(readKallsyms(image.memory, image.tables, TEXT).at(-1n), undefined);
});

test("tables that put _stext elsewhere are refused", () => {
  const image = kallsymsImage(symbolsFrom(TEXT, false), { encoding: "baseRelative" });
  assert.throws(() => readKallsyms(image.memory, image.tables, TEXT + 0x1000n), corrupt(/no known encoding/));
});

test("impossible counts and tables are faults", () => {
  const image = kallsymsImage(symbolsFrom(TEXT, false), { encoding: "baseRelative" });
  const { memory, tables } = image;
  assert.throws(
    () => readKallsyms(memory, { ...tables, numSyms: tables.names }, TEXT),
    corrupt(/has \d+ symbols, not 1 to/),
  );
  assert.throws(
    () => readKallsyms(memory, { ...tables, names: tables.tokenIndex }, TEXT),
    corrupt(/^kallsyms_names does not end before its tokens$/),
  );
  const endless = {
    ...memory,
    read: (at: bigint, size: number) => memory.read(at, size).map((byte) => (at === tables.tokenTable ? 1 : byte)),
  };
  assert.throws(() => readKallsyms(endless, tables, TEXT), corrupt(/^a kallsyms token has no end within 512 bytes$/));
  assert.throws(() => readKallsyms(memory, { ...tables, tokenIndex: image.end }, TEXT), Fault);
});

test("a search of memory without kallsyms finds nothing", () => {
  const noise = Uint8Array.from({ length: 256 * 1024 }, (_, i) => (i % 7 === 0 ? 0 : (i * 31) & 0xff));
  assert.equal(findKallsyms(memoryOf(TEXT, noise), TEXT, TEXT + BigInt(noise.length)), undefined);
});

const corrupt = (message: RegExp) => (error: unknown) =>
  error instanceof Fault && error.kind === "corrupt" && message.test(error.message);

test("the search for kallsyms can pause at each MiB, and reports its progress", () => {
  const job = findingKallsyms(memoryOf(TEXT, new Uint8Array(4096)), TEXT, TEXT + 0x400000n);
  const done: number[] = [];
  for (let step = job.next(); !step.done; step = job.next()) done.push(step.value.done);
  assert.deepEqual(done, [0, 0x100000, 0x200000, 0x300000]);
});
