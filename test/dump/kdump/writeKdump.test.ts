import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/base/fault.ts";
import { toEnd } from "../../../src/base/job.ts";
import type { Abi } from "../../../src/dump/kdump/kdumpHeader.ts";
import { type KdumpContents, writingKdump } from "../../../src/dump/kdump/writeKdump.ts";
import { MemoryFile } from "../../builders/memoryFile.ts";
import { opened } from "../../builders/opened.ts";

const PAGE = 4096;
const names = { sysname: "Linux", nodename: "host", release: "6.1.0", version: "#1", domainname: "(none)" };
const lp64: Abi = { longSize: 8, align64: 8, timevalSize: 16 };
const text = (pfn: number): Uint8Array => new Uint8Array(PAGE).fill(pfn & 0xff, 0, 16);

function written(changes: Partial<KdumpContents> = {}) {
  const file = new MemoryFile();
  const contents: KdumpContents = {
    byteOrder: "little",
    abi: lp64,
    pageSize: PAGE,
    maxPfn: 100_000,
    utsname: { ...names, machine: "x86_64" },
    timestamp: 1_700_000_000,
    cpus: 3,
    physBase: -4096n,
    dumpLevel: 31,
    notes: [{ name: "CORE", type: 1, desc: Uint8Array.from([1, 2, 3]) }],
    vmcoreinfo: "OSRELEASE=6.1.0\n",
    eraseinfo: "distilled by vmcore-debug 0: kept\n",
    pfns: Float64Array.of(0, 5, 6, 70_000, 99_999),
    excluded: Float64Array.of(4, 6, 7),
    source: [0, 5, 6, 9, 70_000, 99_999],
    page: (pfn) => (pfn === 6 ? new Uint8Array(PAGE) : text(pfn)),
    ...changes,
  };
  const size = toEnd(writingKdump(file, contents));
  assert.equal(size, file.bytes.length);
  return opened(file.bytes);
}

const said = (page: Uint8Array | Fault): string => (page instanceof Fault ? page.message : Buffer.from(page.subarray(0, 17)).toString("hex")); // prettier-ignore

test("a written file is read as it was described", () => {
  const image = written();
  assert.equal(image.format, "kdump-compressed");
  assert.equal(image.maxPfn, 100_000);
  assert.equal(image.facts.physBase, -4096n);
  assert.equal(image.facts.cpus, 3);
  assert.equal(image.facts.timestamp, 1_700_000_000);
  assert.equal(image.facts.compression, "zstd");
  assert.equal(image.facts.cut, undefined);
  assert.equal(image.facts.utsname?.release, "6.1.0");
  assert.equal(image.vmcoreinfo, "OSRELEASE=6.1.0\n");
  assert.deepEqual(
    image.notes.map(({ name, type, desc }) => [name, type, [...desc]]),
    [["CORE", 1, [1, 2, 3]]],
  );
});

test("the pages of a written file are those that were given, zero pages among them", () => {
  const image = written();
  for (const pfn of [0, 5, 70_000, 99_999]) assert.equal(said(image.page(pfn)), Buffer.from(text(pfn).subarray(0, 17)).toString("hex")); // prettier-ignore
  assert.equal(said(image.page(6)), "00".repeat(17));
  assert.equal(image.next(7), 70_000);
});

test("a page that the source had says that it was not kept, others why they are absent", () => {
  const image = written();
  assert.equal(said(image.page(9)), "page was not kept when the dump was distilled");
  assert.equal(said(image.page(4)), "page excluded from dump");
  assert.equal(said(image.page(10)), "page not in dump");
});

test("files of machines with 32-bit words and of big-endian machines can be written", () => {
  const arm = written({
    abi: { longSize: 4, align64: 8, timevalSize: 8 },
    utsname: { ...names, machine: "armv7l" },
    physBase: 0x80000000n,
  });
  assert.equal(arm.wordSize, 4);
  assert.equal(arm.facts.physBase, 0x80000000n);
  assert.equal(said(arm.page(5)), Buffer.from(text(5).subarray(0, 17)).toString("hex"));
  const big = written({ byteOrder: "big", utsname: { ...names, machine: "s390x" } });
  assert.equal(big.byteOrder, "big");
  assert.equal(said(big.page(9)), "page was not kept when the dump was distilled");
});

test("a dump with no page at all can be written", () => {
  const image = written({ pfns: new Float64Array(0), excluded: new Float64Array(0), source: [] });
  assert.equal(image.next(0), -1);
});
