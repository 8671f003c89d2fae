import assert from "node:assert/strict";
import { test } from "node:test";
import { addressText, byteRows, cArray, hexDump, overlayOf, searchLine } from "../../../src/panels/bytes/byteRows.ts";
import type { MemoryWords } from "../../../src/protocol/memory.ts";
import type { Grid } from "../../../src/protocol/grid.ts";

const START = 0xffff888000001000n;
const MEMORY: MemoryWords = {
  address: "0xffff888000001000",
  wordSize: 8,
  byteOrder: "little",
  words: [
    { bytes: "0030008088ffffff", symbol: "lab+0x0", target: "kmalloc-64 object" },
    { bytes: "4c696e7578000102" },
    { bytes: "", fault: "page excluded from dump" },
    { bytes: "0000000000000000" },
  ],
};

test("words of the size of a pointer have a row each, with what they are part of and what they point at", () => {
  assert.deepEqual(byteRows(MEMORY, { size: 8 }), [
    ["0xffff888000001000", "ffffff8880003000", ".0......", "lab+0x0", "kmalloc-64 object"],
    ["0xffff888000001008", "02010078756e694c", "Linux...", "", null],
    ["0xffff888000001010", { fault: "unknown", address: null, message: "page excluded from dump" }, "", "", null],
    ["0xffff888000001018", "0000000000000000", "........", "", null],
  ]);
});

test("smaller words are 16 bytes a row, each in the byte order of the machine", () => {
  const readable = { ...MEMORY, words: MEMORY.words.slice(0, 2) };
  const value = (size: 1 | 2 | 4, of = readable) => byteRows(of, { size })[0]?.[1];
  assert.equal(value(4), "80003000 ffffff88 756e694c 02010078");
  assert.equal(value(2), "3000 8000 ff88 ffff 694c 756e 0078 0201");
  assert.equal(value(1), "00 30 00 80 88 ff ff ff 4c 69 6e 75 78 00 01 02");
  assert.equal(value(4, { ...readable, byteOrder: "big" }), "00300080 88ffffff 4c696e75 78000102");
});

test("words of 8 bytes are whole on a machine whose pointers have 4", () => {
  const words = ["00300080", "88ffffff", "4c696e75", "78000102"].map((bytes) => ({ bytes }));
  assert.equal(byteRows({ ...MEMORY, wordSize: 4, words }, { size: 8 })[0]?.[1], "ffffff8880003000 02010078756e694c");
});

test("an address has the digits of the machine, and wraps around at both ends", () => {
  assert.equal(addressText(-1n, 8), "0xffffffffffffffff");
  assert.equal(addressText(0xc0001000n, 4), "0xc0001000");
  assert.equal(addressText(-1n, 4), "0xffffffff");
  assert.equal(addressText(0x1_0000_0000n, 4), "0x00000000");
});

test("a search is for a number of the chosen size, or for a text in quotes", () => {
  assert.equal(searchLine(" ffff888000001000 ", 8), "search -k ffff888000001000");
  assert.equal(searchLine("dead4ead", 4), "search -k -w dead4ead");
  assert.equal(searchLine("beef", 2), "search -k -h beef");
  assert.equal(searchLine('"Kernel panic"', 8), 'search -k -c "Kernel panic"');
  assert.equal(searchLine("  ", 8), undefined);
});

const TABLE: Grid = {
  tables: [
    {
      columns: ["offset", "type", "member"].map((name) => ({ name, kind: "text" })),
      rows: [
        [0, "struct lab *", "next"],
        [8, "char", "name"],
        [12, "unsigned int", "a"],
        [12, "unsigned int", "b"],
        [16, "", ""],
      ],
    },
  ],
  remarks: [],
  omissions: [],
  more: false,
};

test("a struct laid over names the members of each row instead of the symbol", () => {
  const overlay = { start: START, members: overlayOf(TABLE) };
  assert.deepEqual(
    byteRows(MEMORY, { size: 8, overlay }).map(([, , , part]) => part),
    ["struct lab * next", "char name, unsigned int a, unsigned int b", "", ""],
  );
  const later = { ...overlay, start: START + 8n };
  assert.equal(byteRows(MEMORY, { size: 8, overlay: later })[0]?.[3], "lab+0x0");
});

test("memory is copied as a dump of bytes and as an array of C, without what cannot be read", () => {
  assert.equal(
    hexDump(MEMORY).split("\n")[1],
    "ffff888000001010  ?? ?? ?? ?? ?? ?? ?? ?? 00 00 00 00 00 00 00 00  |????????........|",
  );
  assert.match(
    cArray(MEMORY),
    /^\/\* 0xffff888000001000 \*\/\nstatic const unsigned char bytes\[24\] = \{\n\t0x00, 0x30,/,
  );
});
