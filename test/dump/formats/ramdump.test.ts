import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { bytesFile } from "../../../src/base/file.ts";
import type { DumpImage } from "../../../src/dump/format.ts";
import { openDump } from "../../../src/dump/formats.ts";
import { markedPage } from "../../builders/image.ts";
import { answers } from "../../builders/opened.ts";

const open = (files: Readonly<Record<string, Uint8Array | string>>): DumpImage =>
  openDump(Object.entries(files).map(([name, bytes]) => bytesFile(name, Buffer.from(bytes))));
const refused = (files: Readonly<Record<string, Uint8Array | string>>): string => {
  const result = attempt(() => open(files));
  return result instanceof Fault ? result.message : "opened";
};
const first = Buffer.concat([markedPage(0), markedPage(1)]);

test("the files that load.cmm names are memory at its addresses", () => {
  const list =
    'title "set"\nd.load.binary OCIMEM.BIN 0x6680000 /noclear\ndata.load.binary ".\\DDRCS0_0.BIN" 0x80000\nd.load.b DDRCS0_1.BIN 0x100000\n';
  const image = open({ "/x/DDRCS0_1.BIN": markedPage(2), "/x/load.cmm": list, "/x/ddrcs0_0.bin": first });
  assert.equal(image.format, "Qualcomm ramdump");
  assert.deepEqual(answers(image, [0x80, 0x81, 0x82, 0x100]), [
    "page 0",
    "page 1",
    "missing: page not in dump",
    "page 2",
  ]);
  // OCIMEM.BIN was not given.
  assert.equal(image.facts.incomplete, "missing file");
});

test("the files that dump_info.txt names are memory at its addresses", () => {
  const list = "    1  0x0000000000080000          8192        DDR CS0 Memory        DDRCS0_0.BIN\n";
  const image = open({ "dump_info.txt": list, "DDRCS0_0.BIN": first });
  assert.deepEqual([answers(image, [0x80, 0x81]), image.facts.incomplete], [["page 0", "page 1"], undefined]);
});

test("the files that a list in JSON names are memory at its addresses", () => {
  const regions = [
    { name: "DDR CS0", file: "dump\\DDRCS0_0.BIN", base_address: "0x80000", size: 8192 },
    { base: 0x100 * 4096, length: 4096, "file name": "ddrcs1_0.bin" },
    { start: "1048577", note: "no file" },
    { file: "OCIMEM.BIN", size: 4096 },
  ];
  for (const list of [
    JSON.stringify(regions),
    `\n${JSON.stringify({ soc: "x", regions: { all: regions } }, null, 2)}`,
  ]) {
    const image = open({ "DDRCS1_0.BIN": markedPage(2), "dump.json": list, "DDRCS0_0.BIN": first });
    assert.deepEqual(
      [image.format, answers(image, [0x80, 0x81, 0x82, 0x100]), image.facts.incomplete],
      ["Qualcomm ramdump", ["page 0", "page 1", "missing: page not in dump", "page 2"], undefined],
    );
  }
  assert.match(refused({ "a.json": '[{"file": "DDRCS0_0.BIN"}]' }), /a\.json is not a dump: it is text$/);
});

test("a list without its files is refused, and a file that it does not name", () => {
  const list = "d.load.binary DDRCS0_0.BIN 0x80000000\n";
  assert.match(refused({ "load.cmm": list }), /none of the files that it lists was given: put DDRCS0_0\.BIN and/);
  assert.match(refused({ "load.cmm": list, "DDRCS1_0.BIN": first }), /load\.cmm does not list DDRCS1_0\.BIN/);
});
