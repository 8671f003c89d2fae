import assert from "node:assert/strict";
import { test } from "node:test";
import { ringbuffer, type LogMessage } from "../../../builders/log.ts";
import { toyKernel, type Toy } from "../../../builders/kernel.ts";
import { data, toyContext, transcript } from "../../../builders/transcript.ts";

const messages: readonly LogMessage[] = [
  { text: "Linux version 6.1.0", level: 5 },
  {
    text: "pci 0000:00:1f.0: enabled\nsecond line",
    nanoseconds: 1_500_000_000n,
    caller: 42,
    subsystem: "pci",
    device: "+pci:0000:00:1f.0",
  },
  { text: "it burns in _RNvC4lava4flow+0x10", nanoseconds: 12_345_678_901n, level: 0, caller: 0x8000_0003 },
];

function context(toy: Toy = {}) {
  const { memory, vmcoreinfo } = ringbuffer(messages);
  const types = `struct timekeeper { unsigned long long xtime_sec; unsigned long ktime_sec; }; ${toy.types ?? ""}`;
  const symbols = { tk_core: 0x5000n, jiffies_64: 0x5100n, ...toy.symbols };
  const clock: NonNullable<Toy["memory"]> = [
    ["struct timekeeper", 0x5008n, { xtime_sec: 1_795_255_164n, ktime_sec: 12 }],
    ["unsigned long", 0x5100n, BigInt.asUintN(32, -300n * 250n) + 250n * 12n],
  ];
  return toyContext(toyKernel({ types, symbols, vmcoreinfo, memory: [...memory, ...clock, ...(toy.memory ?? [])] }));
}

const shown: readonly (readonly [string, readonly string[]])[] = [
  ["log", ["[    0.000000] Linux version 6.1.0", "[    1.500000] pci 0000:00:1f.0: enabled", "               second line", "[   12.345678] it burns in _RNvC4lava4flow+0x10"]],
  ["log -t", ["Linux version 6.1.0", "pci 0000:00:1f.0: enabled", "second line", "it burns in _RNvC4lava4flow+0x10"]],
  ["log -m | tail -n 1", ["[   12.345678] <0>it burns in _RNvC4lava4flow+0x10"]],
  ["log -tm | head -n 1", ["<5>Linux version 6.1.0"]],
  ["log -c | tail -n 1", ["[   12.345678] [    C3] it burns in _RNvC4lava4flow+0x10"]],
  ["log -d | tail -n 3", ["               SUBSYSTEM=pci", "               DEVICE=+pci:0000:00:1f.0", "[   12.345678] it burns in _RNvC4lava4flow+0x10"]],
  ["log -tR | tail -n 1", ["it burns in lava::flow+0x10"]],
  ["log -T | tail -n 1", ["[Sat Nov 21 09:59:24 UTC 2026] it burns in _RNvC4lava4flow+0x10"]],
]; // prettier-ignore

test("the log is shown as crash shows it, with each of its options", () => {
  for (const [line, lines] of shown) assert.equal(transcript(context(), line), lines.join("\n"), line);
});

test("programs get each message whole", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(data(context(), "log")[1])), {
    seq: 1,
    time_ns: "1500000000",
    level: 6,
    facility: 0,
    caller: "T42",
    text: "pci 0000:00:1f.0: enabled\nsecond line",
    dictionary: ["SUBSYSTEM=pci", "DEVICE=+pci:0000:00:1f.0"],
  });
});

const audit = `
  struct sk_buff { struct sk_buff *next; struct sk_buff *prev; unsigned int len; void *data; };`;

test("audit messages that no daemon has fetched are shown, and an empty list is reported", () => {
  const QUEUE = 0x6000n;
  const text = "audit(1489384479.809:4342): arch=c000003e";
  const header = new Uint8Array(16 + text.length);
  header[4] = 0x14;
  header[5] = 0x05;
  header.set(new TextEncoder().encode(text), 16);
  const filled = context({
    types: audit,
    symbols: { audit_queue: QUEUE },
    memory: [
      ["unsigned long [2]", QUEUE, [0x7000n, 0x7000n]],
      ["struct sk_buff", 0x7000n, { next: QUEUE, prev: QUEUE, len: header.length, data: 0x8000n }],
      [`char [${header.length}]`, 0x8000n, header],
    ],
  });
  assert.equal(transcript(filled, "log -a"), `type=1300 ${text}`);
  const empty = context({
    types: audit,
    symbols: { audit_queue: QUEUE },
    memory: [["unsigned long [2]", QUEUE, [QUEUE, QUEUE]]],
  });
  assert.equal(transcript(empty, "log -a"), "log: kernel audit log is empty");
});

test("per-CPU buffers of kernels that have them are shown, full or empty", () => {
  const types =
    "struct printk_safe_seq_buf { struct { int counter; } len; struct { int counter; } message_lost; char buffer[64]; };";
  const kernel = context({
    types,
    symbols: { init_task: 1n, nmi_print_seq: 0x9000n },
    memory: [
      [
        "struct printk_safe_seq_buf",
        0x9000n,
        { len: { counter: 9 }, message_lost: { counter: 2 }, buffer: "Uhhuh.\nx\n" },
      ],
    ],
  });
  assert.equal(
    transcript(kernel, "log -s"),
    "PRINTK_SAFE_SEQ_BUF: nmi_print_seq\nCPU: 0  ADDR: 9000 LEN: 9  MESSAGE_LOST: 2\n  Uhhuh.\n  x",
  );
  assert.equal(transcript(context(), "log -s"), "log: this kernel has no printk safe buffers");
});
