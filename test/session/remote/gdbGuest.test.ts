import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Fault } from "../../../src/base/fault.ts";
import { gdbStubOf, openGuest } from "../../../src/session/remote/gdbGuest.ts";
import { openNamedImage, liveness } from "../../../src/session/open/namedImage.ts";
import { type BuiltGuest, type GdbStub, gdbStub } from "../../builders/gdbStub.ts";
import { markedPage } from "../../builders/image.ts";
import { answers } from "../../builders/opened.ts";

const tree = `FlatView #0
 AS "I/O", root: io
 Root memory region: io
  0000000000000000-0000000000000007 (prio 0, ram): dma-chan
FlatView #1
 AS "memory", root: system
 AS "cpu-memory-0", root: system
 Root memory region: system
  0000000000000000-0000000000003fff (prio 0, ram): pc.ram\r
  0000000000004000-0000000000004fff (prio 0, rom): pc.ram @0000000000004000
  00000000000f0000-00000000000f0fff (prio 0, ram): vga.vram
  0000000000100000-000000000013ffff (prio 0, ram): pc.ram @0000000000100000
  00000000febff000-00000000febfffff (prio 1, i/o): ahci
`;
const pages = { 0x1000: markedPage(1), 0x100000: markedPage(256), 0x13f000: markedPage(319) };
const stubs: GdbStub[] = [];
after(() => Promise.all(stubs.map((stub) => stub.stop())));

async function started(guest: Partial<BuiltGuest> = {}): Promise<GdbStub> {
  const stub = await gdbStub({ pages, tree, ...guest });
  stubs.push(stub);
  return stub;
}

test("a guest's memory is read over its gdbstub, only where it has RAM, and it continues at the end", async () => {
  const stub = await started({ cpus: [[0xffffffff81000010n, 0x246n, 0n, 0x2000n], [1n, 2n, 3n, 4n]] }); // prettier-ignore
  const image = openGuest(`127.0.0.1:${stub.port}`, false);
  assert.deepEqual(
    [image.format, image.maxPfn, image.facts.cpus, image.facts.live],
    ["QEMU guest", 0x140, 2, "paused"],
  );
  assert.deepEqual(answers(image, [1, 2, 4, 256, 319]), ["page 1", "byte 0", "missing: page not in dump", "page 256", "page 319"]); // prettier-ignore
  assert.deepEqual([image.has(0xf0), image.next(4)], [false, 256]);
  const [status] = image.notes;
  // pr_reg: ip is the 17th word of struct user_regs_struct.
  assert.equal(new DataView(status!.desc.buffer).getBigUint64(112 + 16 * 8, true), 0xffffffff81000010n);
  image.close();
  image.close();
  assert.equal((await stub.log()).at(-1), "D");
  const page = image.page(2);
  assert.ok(page instanceof Uint8Array, "pages that were read are kept");
});

test("a guest that is read while it runs continues between reads", async () => {
  const stub = await started();
  const image = openGuest(`127.0.0.1:${stub.port}`, true);
  await setTimeout(150);
  assert.deepEqual(answers(image, [256]), ["page 256"]);
  await setTimeout(150);
  image.close();
  const log = await stub.log();
  assert.deepEqual(
    log.slice(log.indexOf("c")).filter((packet) => packet !== "qSupported"),
    ["c", "interrupt", "c", "interrupt", "D"],
  );
});

test("after memory that the stub refuses, other memory is read from its own replies", async () => {
  const stub = await started({ refusedAddress: 0 });
  const image = openGuest(`127.0.0.1:${stub.port}`, false);
  const [refused = "", page] = answers(image, [0, 319]);
  assert.match(refused, /cannot be read at offset 0 \(EPROTO\)/);
  assert.equal(page, "page 319");
  image.close();
});

test("what is not a guest's gdbstub is refused with what to do", async () => {
  const old = await started({ isOld: true });
  assert.throws(() => openGuest(`127.0.0.1:${old.port}`, false), /^OpenError: gdb:.*not the gdbstub of a QEMU from version 4\.1 on/); // prettier-ignore
  const empty = await started({ tree: "unknown command" });
  assert.throws(() => openGuest(`127.0.0.1:${empty.port}`, false), /"info mtree -f" names no memory/);
  assert.throws(() => openGuest("127.0.0.1:1", false), /nothing listens there: start QEMU with -gdb/);
  assert.throws(
    () => openGuest("unix:/no/such", false),
    /there is no such socket: start QEMU with -gdb unix:\/no\/such,server=on,wait=off$/,
  );
  assert.throws(() => openGuest("what", false), /gdb:what: neither gdb:HOST:PORT nor gdb:unix:PATH/);
});

test("a peer that is not a gdbstub is refused with what it answers", async () => {
  const refused = async (greeting: BuiltGuest["greeting"]): Promise<string> => {
    const { port } = await started({ greeting });
    try {
      openGuest(`127.0.0.1:${port}`, false).close();
      return "opened";
    } catch (error) {
      return String(error).replace(String(port), "PORT");
    }
  };
  const start = "OpenError: gdb:127.0.0.1:PORT: ";
  const end = "; give the address of QEMU's -gdb";
  assert.equal(
    await refused("HTTP/1.1 400 Bad Request\r\n\r\n$<html>#00"),
    `${start}not a gdbstub: it answers "HTTP/1.1 400 Bad Request"${end}`,
  );
  assert.equal(await refused("\x00\xff\x17$O#00"), `${start}not a gdbstub: it answers with other data${end}`);
  assert.equal(await refused("end"), `${start}the other side ended the connection; QEMU may have ended`);
});

test("a peer that does not answer is given up with what to check", { timeout: 60_000 }, async () => {
  const { port } = await started({ greeting: "" });
  assert.throws(() => openGuest(`127.0.0.1:${port}`, false), {
    name: "OpenError",
    message: /^gdb:127\.0\.0\.1:\d+: no answer within 10 seconds: QEMU serves one debugger at a time; end the other/,
  });
});

test("a guest that ends the connection is a fault of the page", async () => {
  const stub = await started();
  const image = openGuest(`127.0.0.1:${stub.port}`, false);
  await stub.stop();
  const page = image.page(1);
  assert.ok(page instanceof Fault);
  assert.match(page.message, /gdb:127\.0\.0\.1:\d+ cannot be read at offset \d+ \(E[A-Z]+\)/);
  const before = performance.now();
  assert.ok(image.page(256) instanceof Fault);
  assert.ok(performance.now() - before < 1000, "later reads do not wait");
  image.close();
});

test("memory that the guest refuses to give is a fault of the page", async () => {
  const { port } = await started({ refusesMemory: true });
  const image = openGuest(`127.0.0.1:${port}`, false);
  const page = image.page(1);
  assert.ok(page instanceof Fault);
  assert.match(page.message, /cannot be read at offset 4096|cannot be read at offset 0/);
  image.close();
});

test("a path names a gdbstub by its scheme, and a session says that the guest is paused or runs", async () => {
  assert.deepEqual(["gdb:localhost:1234", "gdb:unix:/run/gdb", "unix:/run/gdb", "/tmp/gdb:1"].map(gdbStubOf), [
    "localhost:1234",
    "unix:/run/gdb",
    "unix:/run/gdb",
    undefined,
  ]);
  const stub = await started();
  const vmcore = [`gdb:127.0.0.1:${stub.port}`];
  for (const [live, sentence] of [
    [false, /is a guest that is paused until this session ends/],
    [true, /values read at different times may not fit together/],
  ] as const) {
    const image = openNamedImage({ vmcore, live });
    assert.match(liveness(image.facts) ?? "", sentence);
    image.close();
  }
});
