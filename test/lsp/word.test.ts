import assert from "node:assert/strict";
import { test } from "node:test";
import { wordAt, wordsOf } from "../../src/lsp/word.ts";
import { moduleFlags, wellKnown } from "../../src/lsp/wellKnown.ts";
import { stopwatch } from "../builders/stopwatch.ts";

/** What is at the first place of `piece` in a line, without its columns. */
function under(line: string, piece: string): object | undefined {
  const word = wordAt(line, line.indexOf(piece));
  return word && Object.fromEntries(Object.entries(word).filter(([key]) => key !== "start" && key !== "end"));
}

const symbol = (name: string, offset: number, size?: number, module?: string): object => ({
  kind: "symbol",
  name,
  offset,
  size,
  module,
});

const cases: readonly (readonly [line: string, piece: string, word: object | undefined])[] = [
  ["[    6.9]  hello_init+0xb8/0x1000 [lab]", "hello", symbol("hello_init", 0xb8, 0x1000, "lab")],
  ["[    6.9]  hello_init+0xb8/0x1000 [lab]", "[lab]", symbol("hello_init", 0xb8, 0x1000, "lab")],
  ["[    6.9]  f+0xb8/0x1000 [lab e2f1bc0a9d8e7f60a1b2c3d4e5f60718293a4b5c]", "f+", symbol("f", 0xb8, 0x1000, "lab")],
  ["[    6.9]  ? el0_svc_common.constprop.0+0x48/0xf0", "el0", symbol("el0_svc_common.constprop.0", 0x48, 0xf0)],
  ["[    6.9] RIP: 0010:lab_apply+0x2f/0x43 [lab]", "lab_apply", symbol("lab_apply", 0x2f, 0x43, "lab")],
  ["    [exception RIP: lab_apply+47]", "lab_apply", symbol("lab_apply", 47)],
  [
    "[    6.9] RSP: 0018:ffffd11f40523cd8 EFLAGS: 00000246",
    "ffffd",
    { kind: "register", name: "RSP", value: 0xffffd11f40523cd8n },
  ],
  [
    "[    6.9] RAX: 0000000000000000 RBX: ffff8ef6849a9800",
    "RBX",
    { kind: "register", name: "RBX", value: 0xffff8ef6849a9800n },
  ],
  [
    "[    6.9] x29: ffff80008000bd60 x28: ffff0000c0208000",
    "x28",
    { kind: "register", name: "x28", value: 0xffff0000c0208000n },
  ],
  ["[    6.9] sp : ffff80008000bd60", "ffff8", { kind: "register", name: "sp", value: 0xffff80008000bd60n }],
  ["[    6.9] CPU: 0 PID: 169 Comm: insmod", "169", { kind: "task", pid: 169 }],
  ["[    6.9] INFO: task lab_left:278 blocked for more than 6 seconds.", "278", { kind: "task", pid: 278 }],
  [
    "[    6.9] Modules linked in: lab(OE+) virtio [last unloaded: old]",
    "lab",
    { kind: "module", name: "lab", flags: "OE+" },
  ],
  [
    "[    6.9] Modules linked in: lab(OE+) virtio [last unloaded: old]",
    "virtio",
    { kind: "module", name: "virtio", flags: "" },
  ],
  ["[    6.9] Modules linked in: lab(OE+) virtio [last unloaded: old]", "old", undefined],
  ["[    6.9] kernel BUG at mm/slub.c:4321!", "mm/", { kind: "source", file: "mm/slub.c", line: 4321 }],
  ["[    6.9]  ? 0xffffffffc0256000", "0xf", { kind: "address", value: 0xffffffffc0256000n }],
  ["[    7.6]  [<000003ffff4016de>] f+0x76/0xa0", "00000", { kind: "address", value: 0x3ffff4016den }],
  ["PID: 169      TASK: ffff8ef68526c180  CPU: 0", "ffff8", { kind: "address", value: 0xffff8ef68526c180n }],
  ["[    6.9] Bits 1234567890123456 of nothing", "1234", undefined],
];

for (const [line, piece, word] of cases) {
  test(`${JSON.stringify(piece)} of ${JSON.stringify(line)}`, () => assert.deepEqual(under(line, piece), word));
}

test("a hostile line is read in no time", () => {
  const spent = stopwatch();
  for (const piece of ["a.", "a/", "a+0x1/", "[<", "RAX: ", "PID: 1", "f+", "task x:"]) wordsOf(piece.repeat(100_000));
  assert.ok(spent() < 1000);
});

test("values that mean something by themselves are named", () => {
  assert.match(wellKnown(0xdead000000000122n) ?? "", /LIST_POISON2/);
  assert.match(wellKnown(0x6b6b6b6b6b6b6b6bn) ?? "", /POISON_FREE/);
  assert.match(wellKnown(0xfffffffffffffff4n) ?? "", /ENOMEM/);
  assert.match(wellKnown(0x20n) ?? "", /0x20 from NULL/);
  assert.equal(wellKnown(0xffff8ef6849a9800n), undefined);
  assert.deepEqual(moduleFlags("OE+"), ["out of tree", "unsigned", "being loaded"]);
});
