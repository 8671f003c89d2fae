import assert from "node:assert/strict";
import { test } from "node:test";
import { wordAt, wordsOf } from "../../src/log/words.ts";
import { moduleFlags, wellKnown } from "../../src/lsp/wellKnown.ts";
import { stopwatch } from "../builders/stopwatch.ts";

/** What is at the first place of `piece` in a line, without its columns. */
function under(line: string, piece: string): object | undefined {
  const word = wordAt(wordsOf(line), line.indexOf(piece));
  return word && Object.fromEntries(Object.entries(word).filter(([key]) => key !== "start" && key !== "end"));
}

const symbol = (name: string, offset: number, size?: number, module?: string): object => ({
  kind: "symbol",
  name,
  offset,
  size,
  module,
});

const address = (value: bigint): object => ({ kind: "address", value });
const task = (pid: number): object => ({ kind: "task", pid });
const source = (file: string, line: number): object => ({ kind: "source", file, line });

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
  // Registers as crash prints them on x86_64 and arm64, and as gdb does within crash.
  [
    "    RIP: ffffffffc0256056  RSP: ffffd11f40523cd8  RFLAGS: 00010246",
    "RSP",
    { kind: "register", name: "RSP", value: 0xffffd11f40523cd8n },
  ],
  [
    "    ORIG_RAX: ffffffffffffffff  CS: 0010  SS: 0018",
    "ORIG",
    { kind: "register", name: "ORIG_RAX", value: 0xffffffffffffffffn },
  ],
  [
    "     PC: ffff800008012345  LR: ffff800008012349  SP: ffff80000a5bbd60  PSTATE: 60400005",
    "LR",
    { kind: "register", name: "LR", value: 0xffff800008012349n },
  ],
  [
    "    X29: ffff80000a5bbd60  X28: ffff0000c0208000",
    "X28",
    { kind: "register", name: "X28", value: 0xffff0000c0208000n },
  ],
  [
    "rax            0xffff888012345678  -131391318731144",
    "0xffff",
    { kind: "register", name: "rax", value: 0xffff888012345678n },
  ],
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
  ["     PC: ffffd8ec7a6f8d2c  [sysrq_handle_crash+32]", "sysrq", symbol("sysrq_handle_crash", 32)],
  ["    ffffcd2300013b08: __crash_kexec+119 ffffcd2300013bc8", "__crash", symbol("__crash_kexec", 119)],
  ["    ffffcd2300013bb8: .LC3+673         panic+317        ", "panic", symbol("panic", 317)],
  ["[    6.9] clocksource: a+12 of 34", "a+12", undefined],
  [" #1 [ffffcd2300013b00] __crash_kexec at ffffffff815646b7", "__crash", address(0xffffffff815646b7n)],
  [" #1 [ffffcd2300013b00] __crash_kexec+0x77 at ffffffff815646b7", "__crash", address(0xffffffff815646b7n)],
  ["[    6.9] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [kworker/0:1:1234]", "1234", task(1234)],
  ["[    6.9] WARNING: kernel/foo.c:123 at f+0x1/0x20, CPU#1: kworker/0:1/77", "77", task(77)],
  ["[    6.9] Write of size 8 at addr ffff8880abcdef00 by task bash/1234", "1234", task(1234)],
  ["[    6.9] Freed by task 99:", "99", task(99)],
  ["[    6.9] Out of memory: Killed process 1234 (stress) total-vm:1000kB", "1234", task(1234)],
  ["[    6.9] task:khungd  state:D stack:0     pid:77    tgid:77   ppid:2", "77    tgid", task(77)],
  ["[    6.9][ T1234] usb 1-1: new", "1234", task(1234)],
  ["[    6.9] [    211]     0   198     1234      567    45056        0             0 cat", "211", task(211)],
  ["[    6.9] [    211]     0   198     1234      567    45056        0             0 cat", "198", undefined],
  [">     169     168   0  ffff8ef68526c180  RU   0.6     1096      576  insmod", "169", task(169)],
  [
    "    /build/linux-6.1.192/arch/x86/entry/entry_64.S: 121",
    "/b",
    source("/build/linux-6.1.192/arch/x86/entry/entry_64.S", 121),
  ],
  ["[    6.9] Bits 1234567890123456 of nothing", "1234", undefined],
];

for (const [line, piece, word] of cases) {
  test(`${JSON.stringify(piece)} of ${JSON.stringify(line)}`, () => assert.deepEqual(under(line, piece), word));
}

test("a hostile line is read quickly", () => {
  const spent = stopwatch();
  for (const piece of ["a.", "a/", "a+0x1/", "[<", "RAX: ", "PID: 1", "f+", "task x:", "[ 1] ", "by task a/", "#1 ["])
    wordsOf(piece.repeat(100_000));
  assert.ok(spent() < 1000);
});

test("well-known values are named", () => {
  assert.match(wellKnown(0xdead000000000122n) ?? "", /LIST_POISON2/);
  assert.match(wellKnown(0x6b6b6b6b6b6b6b6bn) ?? "", /POISON_FREE/);
  assert.match(wellKnown(0xfffffffffffffff4n) ?? "", /ENOMEM/);
  assert.match(wellKnown(0x20n) ?? "", /0x20 from NULL/);
  assert.equal(wellKnown(0xffff8ef6849a9800n), undefined);
  assert.deepEqual(moduleFlags("OE+"), ["out of tree", "unsigned", "being loaded"]);
});

test("hovers and explanations know the same marks: also those of powerpc, and members behind a mark", () => {
  assert.match(wellKnown(0x5deadbeef0000100n) ?? "", /^LIST_POISON1 \(powerpc\)/);
  assert.match(wellKnown(0xdead000000000108n) ?? "", /^LIST_POISON1 \+ 0x8: /);
  assert.match(wellKnown(0xffffffffffffffb9n) ?? "", /EPROTO/);
  assert.match(wellKnown(0x57ac6e9dn) ?? "", /STACK_END_MAGIC/);
});

test("a location in a source file of Rust is one", () => {
  assert.deepEqual(wordsOf("panicked at drivers/gpu/nova.rs:12").at(-1), {
    ...source("drivers/gpu/nova.rs", 12),
    start: 12,
    end: 34,
  });
});
