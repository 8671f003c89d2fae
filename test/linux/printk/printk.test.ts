import assert from "node:assert/strict";
import { test } from "node:test";
import { viewOf } from "../../../src/base/bytes.ts";
import { Fault } from "../../../src/base/fault.ts";
import { panicMessage } from "../../../src/linux/printk/panic.ts";
import { panicCpu } from "../../../src/linux/printk/panicCpu.ts";
import { logRecords, storedLog } from "../../../src/linux/printk/printk.ts";
import type { Kernel } from "../../../src/model/kernel.ts";
import { toyKernel, type Toy, type ToyKernel } from "../../builders/kernel.ts";
import { type LogMessage, ringbuffer } from "../../builders/log.ts";

const texts = (kernel: Kernel): string[] =>
  [...logRecords(kernel)].map((record) => (record instanceof Fault ? `<${record.message}>` : record.text));

const ring = (
  messages: readonly LogMessage[],
  options: Parameters<typeof ringbuffer>[2] = {},
  toy: Toy = {},
): ToyKernel => {
  const { memory, vmcoreinfo } = ringbuffer(messages, toy.arch, options);
  return toyKernel({
    ...toy,
    vmcoreinfo: { ...toy.vmcoreinfo, ...vmcoreinfo },
    memory: [...(toy.memory ?? []), ...memory],
  });
};

test("the ring buffer is read by VMCOREINFO alone, oldest message first", () => {
  const kernel = ring([{ text: "first" }, { text: "second\nits second line" }, { text: "" }, { text: "last" }]);
  assert.deepEqual(texts(kernel), ["first", "second\nits second line", "", "last"]);
});

test("a message has its time, level, facility, caller and dictionary", () => {
  const message = {
    text: "x",
    nanoseconds: 1_234_567_890n,
    level: 3,
    facility: 4,
    caller: 0x8000_0002,
    subsystem: "pci",
    device: "+pci:0000:00:1f.0",
  };
  const [record] = [...logRecords(ring([message]))];
  assert.ok(record && !(record instanceof Fault));
  assert.deepEqual([record.nanoseconds, record.level, record.facility, record.caller], [1_234_567_890n, 3, 4, "C2"]);
  assert.deepEqual(record.dictionary, ["SUBSYSTEM=pci", "DEVICE=+pci:0000:00:1f.0"]);
});

test("on a big-endian machine the level is in the high bits of the byte", () => {
  const arch = { name: "s390x", byteOrder: "big", wordSize: 8 } as const;
  const [record] = [...logRecords(ring([{ text: "x", level: 6, caller: 17 }], {}, { arch }))];
  assert.ok(record && !(record instanceof Fault));
  assert.deepEqual([record.text, record.level, record.caller], ["x", 6, "T17"]);
});

test("a 32-bit kernel's ring is read by its own words", () => {
  const arch = { name: "arm", byteOrder: "little", wordSize: 4 } as const;
  assert.deepEqual(texts(ring([{ text: "one" }, { text: "two" }], {}, { arch })), ["one", "two"]);
});

test("messages that the ring has overwritten are gone, and text that did not fit at its end is read at its start", () => {
  const messages = Array.from({ length: 40 }, (_, i) => ({ text: `message ${i} ${"x".repeat(i)}` }));
  const found = texts(ring(messages, { countBits: 3, sizeBits: 10 }));
  assert.ok(found.length > 2 && found.length <= 8);
  assert.deepEqual(
    found,
    messages.slice(-found.length).map(({ text }) => text),
  );
});

test("a message being written is left out", () => {
  assert.deepEqual(texts(ring([{ text: "whole" }, { text: "half", state: 0 }])), ["whole"]);
});

test("a message whose text is not in the dump is a fault among the others", () => {
  const found = texts(ring([{ text: "a" }, { text: "b", missing: true }, { text: "c" }]));
  assert.deepEqual(found, ["a", "<page excluded from dump>", "c"]);
});

test("a ring with an impossible size or wrong notes is a fault and causes no large allocation", () => {
  assert.throws(() => texts(ring([{ text: "a" }], { claimCountBits: 40 })), { kind: "corrupt" });
  const kernel = ring([{ text: "a" }]);
  const lying: Kernel = {
    ...kernel,
    vmcoreinfo: (key) => (key === "OFFSET(printk_info.seq)" ? "99999" : kernel.vmcoreinfo(key)),
  };
  assert.match(texts(lying)[0] ?? "", /outside/);
});

test("messages that overlap each other end the log, however many there seem to be", () => {
  const kernel = ring(
    Array.from({ length: 60 }, () => ({ text: "x".repeat(100) })),
    { sizeBits: 10, overlap: true },
  );
  assert.throws(() => texts(kernel), { message: /overlap/ });
});

test("the ring buffer can be read from any position, its newest end first", () => {
  const { length, records } = storedLog(ring(Array.from({ length: 9 }, (_, i) => ({ text: `m${i}` }))));
  const between = (first: number, end: number): (string | undefined)[] =>
    [...records(first, end)].map((record) => (record instanceof Fault ? undefined : record.text));
  assert.equal(length, 9);
  assert.deepEqual(between(7, 9), ["m7", "m8"]);
  assert.deepEqual(between(0, 2), ["m0", "m1"]);
});

const LOG_BUF = 0xffff_8880_0000_1000n;

/** `struct printk_log` records: ts_nsec, len, text_len, dict_len, facility, flags:5 level:3. */
function logBuf(
  messages: readonly { text: string; dict?: string; level?: number }[],
  start: number,
  size = 256,
): ToyKernel {
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  let index = start;
  for (const { text, dict = "", level = 6 } of messages) {
    const length = (16 + text.length + dict.length + 3) & ~3;
    // The kernel wraps with an empty record where the next one and its mark do not fit.
    if (index + length + 16 > size) index = 0;
    view.setBigUint64(index, 2_000_000_000n, true);
    view.setUint16(index + 8, length, true);
    view.setUint16(index + 10, text.length, true);
    view.setUint16(index + 12, dict.length, true);
    bytes[index + 15] = level << 5;
    bytes.set(new TextEncoder().encode(text + dict), index + 16);
    index += length;
  }
  return toyKernel({
    types:
      "struct printk_log { unsigned long long ts_nsec; unsigned short len; unsigned short text_len; unsigned short dict_len; unsigned char facility; unsigned char flags:5; unsigned char level:3; };",
    symbols: { log_buf: 0x2000n, log_buf_len: 0x2008n, log_first_idx: 0x200cn, log_next_idx: 0x2010n },
    memory: [
      ["unsigned long", 0x2000n, LOG_BUF],
      ["unsigned int", 0x2008n, size],
      ["unsigned int", 0x200cn, start],
      ["unsigned int", 0x2010n, index],
      [`char [${size}]`, LOG_BUF, bytes],
    ],
  });
}

test("records of the variable-length buffer are read with level and dictionary", () => {
  const [record] = [...logRecords(logBuf([{ text: "hello", dict: "SUBSYSTEM=usb\0DEVICE=c189:0", level: 4 }], 0))];
  assert.ok(record && !(record instanceof Fault));
  assert.deepEqual([record.text, record.level, record.nanoseconds], ["hello", 4, 2_000_000_000n]);
  assert.deepEqual(record.dictionary, ["SUBSYSTEM=usb", "DEVICE=c189:0"]);
});

test("the variable-length buffer continues at its start after a record that did not fit", () => {
  const messages = ["one", "two", "three"].map((word) => ({ text: word.padEnd(40, ".") }));
  assert.deepEqual(
    texts(logBuf(messages, 120)).map((text) => text.replace(/\.+$/, "")),
    ["one", "two", "three"],
  );
});

test("a record shorter than its own head ends the buffer with a fault", () => {
  const kernel = logBuf([{ text: "hello" }], 0);
  kernel.put("unsigned short", LOG_BUF + 8n, 3);
  assert.throws(() => texts(kernel), { kind: "corrupt" });
});

test("the plain text buffer of old kernels is read around its end", () => {
  const text = "<6>[    1.000002] older\n<4>no time\n";
  const bytes = new Uint8Array(64);
  // It ends at 10: what came before lies at the end of the buffer.
  for (let i = 0; i < text.length; i++) bytes[(10 - text.length + i + 64) % 64] = text.charCodeAt(i);
  const kernel = toyKernel({
    symbols: { log_buf: 0x2000n, log_buf_len: 0x2008n, log_end: 0x2010n, logged_chars: 0x2018n },
    memory: [
      ["unsigned long", 0x2000n, LOG_BUF],
      ["unsigned int", 0x2008n, 64],
      ["unsigned long", 0x2010n, 64 + 10],
      ["unsigned int", 0x2018n, text.length],
      ["char [64]", LOG_BUF, bytes],
    ],
  });
  const records = [...logRecords(kernel)].map((record) =>
    record instanceof Fault ? record : [record.text, record.level, record.nanoseconds],
  );
  assert.deepEqual(records, [["older", 6, 1_000_002_000n], ["no time", 4, undefined]]); // prettier-ignore
});

test("if the log of a kernel cannot be found, the fault says so", () => {
  assert.throws(() => logRecords(toyKernel()), { message: /no kernel log/ });
});

const withCpu = (lines: readonly string[], panicking: number): ToyKernel =>
  ring(
    lines.map((text) => ({ text })),
    {},
    {
      symbols: { panic_cpu: 0x3000n, nr_cpu_ids: 0x3008n },
      memory: [
        ["int", 0x3000n, panicking],
        ["unsigned int", 0x3008n, 4],
      ],
    },
  );

test("the panic line is the kernel's own words, else the oops of the CPU that went down", () => {
  const oops = ["BUG: unable to handle page fault for address: 0000000000000008", "Oops: 0000 [#1] SMP"];
  const panic = "Kernel panic - not syncing: Fatal exception";
  assert.equal(panicMessage(withCpu([...oops, panic, `---[ end ${panic} ]---`], 2)), panic);
  assert.equal(panicMessage(withCpu(oops, 2)), oops[0]);
  assert.equal(panicCpu(withCpu(oops, 2)), 2);
});

test("a kernel that panicked is never reported as running, whatever its log contains", () => {
  const overflow = [
    "BUG: TASK stack guard page was hit at 00000000e2 (stack is 0..1)",
    "stack guard page: 0000 [#1] SMP",
  ];
  assert.equal(panicMessage(withCpu(overflow, 1)), overflow[0]);
  const message = /^the reason for the panic on CPU 1 is not known: /;
  for (const lines of [["Linux version 6.1"], []]) assert.throws(() => panicMessage(withCpu(lines, 1)), { message });
});

test("without panic_cpu and a panic in the log it is unknown whether the kernel panicked", () => {
  const log = ["Linux version 6.1", "Run /init as init process"].map((text) => ({ text }));
  assert.throws(() => panicMessage(ring(log)), { message: /^it is not known whether the kernel panicked: / });
  // A kernel before 4.5, of which the other variables of kernel/panic.c have symbols, has no such variable.
  assert.equal(panicMessage(ring(log, {}, { symbols: { tainted_mask: 0x3000n } })), undefined);
});

test("a kernel that survived its oops, or had none, did not panic", () => {
  const kernel = withCpu(["BUG: unable to handle page fault for address: 0000000000000008"], -1);
  assert.equal(panicCpu(kernel), undefined);
  assert.equal(panicMessage(kernel), undefined);
});
