import assert from "node:assert/strict";
import { test } from "node:test";
import { eraseinfoOf, parseNotes, vmcoreinfoOf } from "../../src/dump/notes.ts";
import { noteBytes } from "../builders/notes.ts";

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
