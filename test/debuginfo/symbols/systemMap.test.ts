import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/base/fault.ts";
import { bytesFile } from "../../../src/base/file.ts";
import { openSystemMap } from "../../../src/debuginfo/symbols/systemMap.ts";

const open = (text: string) => openSystemMap(bytesFile("System.map", Buffer.from(text)));

const MAP = `0000000000000000 A fixed_percpu_data
ffffffff81000000 T _text
ffffffff81000000 T startup_64
ffffffff81000040 t helper
ffffffff81000060 T panic
ffffffff81000100 t helper
ffffffff82000000 D _end
`;

test("a System.map gives symbols by name and by address", () => {
  const map = open(MAP);
  assert.deepEqual(
    map.named("helper").map(({ address, size }) => [address, size]),
    [
      [0xffffffff81000040n, 0x20],
      [0xffffffff81000100n, 0xffff00],
    ],
  );
  assert.deepEqual(map.named("absent"), []);
  assert.equal(map.at(0xffffffff81000063n)?.name, "panic");
  assert.equal(map.at(0xffffffff81000010n)?.name, "_text");
  assert.equal(map.at(0xfffffffff0000000n), undefined);
  assert.equal(map.at(0x1000n), undefined);
  assert.equal([...map.all()].length, 7);
});

test("lines out of order, of other forms and cut off are met", () => {
  const map = open("\nnonsense\nffffffff81000010 T b\r\nffffffff81000000 T a\nffffffffc0000000 t m\t[module]\nffffff");
  assert.deepEqual(
    [...map.all()].map(({ name }) => name),
    ["a", "b"],
  );
});

test("a file that is not a System.map is refused", () => {
  for (const text of ["", "\x7fELF\x02\x01", "hello\nworld\n"]) assert.throws(() => open(text), Fault);
  const huge = { ...bytesFile("System.map", new Uint8Array(0)), size: 2 ** 30 };
  assert.throws(() => openSystemMap(huge), {
    message: "System.map has 1073741824 bytes; a System.map has at most 268435456",
  });
});
