import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { type PersistentLog, persistentLogs } from "../../../src/linux/printk/ramoops.ts";
import { toyKernel, type ToyKernel } from "../../builders/kernel.ts";
import { toyContext, transcript } from "../../builders/transcript.ts";

/** A zone: struct persistent_ram_buffer and its contents. */
function zone(data: string | Uint8Array, { start, signature = "DBGC" }: { start?: number; signature?: string } = {}) {
  const bytes = Buffer.from(data);
  const header = Buffer.alloc(12);
  header.write(signature, "latin1");
  header.writeUInt32LE(start ?? bytes.length, 4);
  header.writeUInt32LE(bytes.length, 8);
  return Buffer.concat([header, bytes]);
}

const kernelWith = (zones: Readonly<Record<number, Uint8Array>>): ToyKernel => {
  const kernel = toyKernel();
  for (const [address, bytes] of Object.entries(zones)) kernel.memory.physical.poke(BigInt(address), bytes);
  return kernel;
};
const logsOf = (kernel: ToyKernel): PersistentLog[] =>
  [...persistentLogs(kernel)].filter((one): one is PersistentLog => !("reached" in one));

const record = "Panic#1 Part1\n<0>[   12.3] Kernel panic - not syncing: first\n";

test("records and the console of ramoops are found in physical memory, oldest byte first", () => {
  const kernel = kernelWith({
    0x10000: zone(`====1796057780.123456-D\n${record}`),
    0x11000: zone(Buffer.concat([Buffer.from("====1796057781.000001-C\n"), deflateRawSync(record.replace("first", "packed"))])),
    // Has wrapped around: the oldest byte is at `start`.
    0x12000: zone("third line\n[    0.1] first line\n[    0.2] ", { start: 11 }),
  }); // prettier-ignore
  assert.deepEqual(
    logsOf(kernel).map(({ address, source, kind, saved, text }) => [address, source, kind, saved, text]),
    [
      [0x10000n, "zone", "record", 1796057780, record.trimEnd()],
      [0x11000n, "zone", "record", 1796057781, record.trimEnd().replace("first", "packed")],
      [0x12000n, "zone", "console", undefined, "[    0.1] first line\n[    0.2] third line"],
    ],
  );
  assert.match(
    transcript(toyContext(kernel), "log -p"),
    /^RAMOOPS: zone  ADDR: 10000  KIND: record of Mon Nov 30 \d\d:\d\d:\d\d \w+ 2026\nPanic#1 Part1\n<0>\[   12\.3\] Kernel/,
  );
});

test("what is not a zone with text is left out", () => {
  const kernel = kernelWith({
    0x10000: zone(""),
    0x11000: zone("text", { start: 5 }),
    0x12000: zone(Uint8Array.of(1, 2, 3, 0, 9)),
    0x13000: zone("text", { signature: "DBGX" }),
    // The zone does not end within memory.
    0x14000: Buffer.concat([Buffer.from("DBGC"), Buffer.from([0, 0, 0, 0, 0, 0, 16, 0]), Buffer.from("text")]),
    0x15000: Buffer.concat([Buffer.from("DBGC"), Buffer.alloc(8, 0xff)]),
    0x16008: zone("not at the start of a page"),
    // Compressed by another method than deflate.
    0x17000: zone(Buffer.concat([Buffer.from("====1796057781.000001-C\n"), Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0])])),
  });
  assert.deepEqual(logsOf(kernel), []);
  assert.equal(transcript(toyContext(kernel), "log -p"), "log: no zone of ramoops with a log is in the dump");
});

const types = `
  struct persistent_ram_zone { char *old_log; unsigned long old_log_size; };
  struct ramoops_context {
    struct persistent_ram_zone **dprzs; struct persistent_ram_zone *cprz; unsigned int max_dump_cnt; };`;

test("the kernel's copies of what an earlier boot left are read, also if the zones are not in the dump", () => {
  const kernel = toyKernel({
    types,
    symbols: { oops_cxt: 0x5000n },
    memory: [
      ["struct ramoops_context", 0x5000n, { dprzs: 0x6000n, cprz: 0x7000n, max_dump_cnt: 2 }],
      ["struct persistent_ram_zone *[2]", 0x6000n, [0x7100n, 0x7200n]],
      ["struct persistent_ram_zone", 0x7000n, { old_log: 0x8000n, old_log_size: 16 }],
      ["char [16]", 0x8000n, "[    0.1] before"],
      ["struct persistent_ram_zone", 0x7100n, { old_log: 0n, old_log_size: 16 }],
      ["struct persistent_ram_zone", 0x7200n, { old_log: 0x9000n, old_log_size: 5000 }],
    ],
  });
  assert.deepEqual(logsOf(kernel), [
    { address: 0x8000n, source: "copy", kind: "console", saved: undefined, text: "[    0.1] before" },
  ]);
  assert.equal(transcript(toyContext(kernel), "log -p"), "RAMOOPS: copy  ADDR: 8000  KIND: console\n[    0.1] before");
});
