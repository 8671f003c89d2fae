import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteOrder } from "../../src/base/bytes.ts";
import { bytesFile } from "../../src/base/file.ts";
import type { Note } from "../../src/dump/format.ts";
import { eraseinfoOf, readNotes, vmcoreinfoOf, type FileRange } from "../../src/elf/notes.ts";
import { noteBytes } from "../builders/notes.ts";
import { stopwatch } from "../builders/stopwatch.ts";

const parseNotes = (bytes: Uint8Array, order: ByteOrder): Note[] =>
  readNotes(bytesFile("notes", bytes), [{ offset: 0, size: bytes.length }], order);

const some = [
  { name: "CORE", type: 1, desc: new Uint8Array([1, 2, 3, 4, 5]) },
  { name: "VMCOREINFO", type: 0, desc: "OSRELEASE=6.1\nPAGESIZE=4096\n" },
  { name: "ERASEINFO", type: 0, desc: "erase cred.uid" },
];

for (const order of ["little", "big"] as const) {
  test(`notes of a ${order}-endian machine are read with their padding left out`, () => {
    const notes = parseNotes(noteBytes(some, order), order);
    assert.deepEqual(
      notes.map(({ name, type, desc }) => [name, type, desc.length]),
      [
        ["CORE", 1, 5],
        ["VMCOREINFO", 0, 28],
        ["ERASEINFO", 0, 14],
      ],
    );
    assert.equal(vmcoreinfoOf(notes), "OSRELEASE=6.1\nPAGESIZE=4096\n");
    assert.equal(eraseinfoOf(notes), "erase cred.uid");
  });
}

test("the unused rest of a CPU's note buffer is passed over", () => {
  const one = noteBytes(some.slice(0, 1), "little");
  const notes = parseNotes(Buffer.concat([one, Buffer.alloc(400), one, Buffer.alloc(3)]), "little");
  assert.equal(notes.length, 2);
});

test("a note that overruns its bytes ends the list", () => {
  const bytes = noteBytes(some, "little");
  assert.equal(parseNotes(bytes.subarray(0, bytes.length - 10), "little").length, 2);
  const lying = bytes.slice();
  new DataView(lying.buffer).setUint32(4, 0xffffffff, true);
  assert.equal(parseNotes(lying, "little").length, 0);
});

test("megabytes of device dumps in front of all else are passed over, their beginning kept", () => {
  const device = { name: "LINUX", type: 0x700, desc: new Uint8Array(9_000_000).fill(5) };
  const notes = parseNotes(noteBytes([device, device, ...some, device], "little"), "little");
  assert.deepEqual(
    notes.map(({ name, desc }) => [name, desc.length]),
    [
      ["LINUX", 65536],
      ["LINUX", 65536],
      ["CORE", 5],
      ["VMCOREINFO", 28],
      ["ERASEINFO", 14],
      ["LINUX", 65536],
    ],
  );
});

test("notes on both sides of a reading window are whole", () => {
  const many = Array.from({ length: 9000 }, (_, i) => ({ name: "CORE", type: i, desc: new Uint8Array(336).fill(i) }));
  const notes = parseNotes(noteBytes(many, "little"), "little");
  assert.equal(notes.length, 9000);
  assert.ok(notes.every((note, i) => note.type === i && note.desc[335] === i % 256));
});

test("a million empty places and a place of zeros cost next to nothing", () => {
  const zeros = bytesFile("zeros", new Uint8Array(20 << 20));
  const elapsed = stopwatch();
  assert.equal(
    readNotes(zeros, new Array<FileRange>(1_000_000).fill({ offset: 0, size: zeros.size }), "little").length,
    0,
  );
  assert.ok(elapsed() < 2000);
});
