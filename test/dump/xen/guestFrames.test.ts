import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { dom0Frames } from "../../../src/dump/xen/frameLists.ts";
import { openMemory } from "../../../src/memory/openMemory.ts";
import { elfCore } from "../../builders/elfCore.ts";
import { xenCoreFile } from "../../builders/hypervisorForms.ts";
import { markedPage } from "../../builders/image.ts";
import { answers, held, opened, refusal } from "../../builders/opened.ts";

const word = (bytes: Uint8Array, at: number): string =>
  new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true).toString(16);
const words = (...values: bigint[]): Uint8Array => {
  const bytes = new Uint8Array(8 * values.length);
  values.forEach((value, i) => new DataView(bytes.buffer).setBigUint64(8 * i, value, true));
  return bytes;
};
/** A page whose entries at the indexes are the values. */
function table(entries: Readonly<Record<number, bigint>>): Uint8Array {
  const bytes = new Uint8Array(4096);
  for (const [i, value] of Object.entries(entries)) new DataView(bytes.buffer).setBigUint64(8 * Number(i), value, true);
  return bytes;
}

test("a core of a hardware-virtualized Xen guest gives its pages and the registers of its CPUs", () => {
  const pages = [9, 3, 4].map((pfn) => ({ pfn, bytes: markedPage(pfn) }));
  // user_regs.rip and ctrlreg[3] of struct vcpu_guest_context
  const image = opened(xenCoreFile({ pages, cpus: [{ 648: 0xffffffff81000010n, 5008: 0x3000n }] }));
  assert.deepEqual([image.format, image.maxPfn, [...held(image)]], ["Xen core", 10, [3, 4, 9]]);
  assert.deepEqual(answers(image, [3, 5, 9]), ["page 3", "missing: page not in dump", "page 9"]);
  assert.equal(word(image.notes[0]!.desc, 112 + 16 * 8), "ffffffff81000010");
});

test("a core of a paravirtualized Xen guest is read by the guest's frames", () => {
  const image = opened(xenCoreFile({ pages: [[5, 0x900], [1, 0x800]].map(([pfn, mfn]) => ({ pfn: pfn!, mfn: mfn!, bytes: markedPage(pfn!) })) })); // prettier-ignore
  assert.deepEqual([...held(image)], [1, 5]);
  assert.deepEqual(answers(image, [1, 5, 0x800]), ["page 1", "page 5", "missing: page not in dump"]);
  assert.equal(image.guestFrame?.(0x900), 5);
});

test("an ELF core without segments that is not of Xen is refused, and a damaged Xen core with its fault", () => {
  const pages = [{ pfn: 1, bytes: markedPage(1) }];
  assert.match(refusal(xenCoreFile({ pages, withoutHeader: true })), /is an ELF core without program headers$/);
  assert.match(refusal(xenCoreFile({ pages, pageSize: 4095 })), /a Xen core cannot have pages of 4095 bytes$/);
});

/** Frames of the host: 0x70 to 0x73 hold the table of frames, 0x50 the page tables of dom0 from its frame 2 on. */
const root = 0xffffffff81002000n;
const dom0 = elfCore({
  notes: [
    { name: "Xen", type: 0x1000001, desc: words(4n, 9n, 0n, 0n, 0n, 0n, 0n, 0n, 0x7f800000n, 0x70n) },
    {
      name: "VMCOREINFO",
      type: 0,
      desc: "OSRELEASE=4.4.156\nPAGESIZE=4096\nSYMBOL(init_level4_pgt)=ffffffff81002000\nNUMBER(phys_base)=-16777216\n",
    },
  ],
  segments: [table({ 0: 0x71n }), table({ 0: 0x72n }), table({ 0: 0x40n, 1: 0x41n, 2: 0x50n, 3: 0x4000000000000003n })]
    .map((bytes, i) => ({ physical: 0x70000 + 4096 * i, bytes }))
    .concat([
      { physical: 0x40000, bytes: markedPage(0) },
      { physical: 0x50000, bytes: table({ 511: 0x60067n }) },
      { physical: 0x60000, bytes: table({ 510: 0x61067n }) },
      { physical: 0x61000, bytes: table({ 8: 0x62067n }) },
      { physical: 0x62000, bytes: table({ 0: 0x40063n, 2: 0x50063n }) },
    ]),
});

test("a paravirtualized dom0 is read by its own frames, and its page tables by those of the host", () => {
  const image = opened(dom0);
  assert.deepEqual(answers(image, [0, 1]), ["page 0", "missing: page not in dump"]);
  assert.deepEqual([...held(image)].slice(0, 2), [0, 2]);
  const { memory: kernel, doubts } = openMemory(image);
  assert.deepEqual(doubts, []);
  assert.equal(Buffer.from(kernel.read(root - 0x2000n, 6)).toString(), "page 0");
});

test("a Xen core with an impossible count of pages, or without a section, is refused", () => {
  const file = Buffer.from(xenCoreFile({ pages: [{ pfn: 3, bytes: markedPage(3) }] }));
  const renamed = Buffer.from(file);
  renamed.write(".xen_pagez", file.indexOf(".xen_pages"), "latin1");
  assert.match(refusal(renamed), /^corrupt: file 1: the Xen core has no section \.xen_pages$/);
  // In the note the count follows the magic number and the number of CPUs.
  file.writeBigUInt64LE(1n << 25n, file.indexOf(Buffer.from([0xee, 0xeb, 0x0f, 0xf0])) + 16);
  assert.match(refusal(file), /^corrupt: file 1: a Xen core has 33554432 pages, but the limit is 16777216$/);
});

test("lists of frames that give dom0 too many pages are refused", () => {
  const image = opened(elfCore({ segments: [{ physical: 0x70000, bytes: table({ 0: 0x70n, 1: 0x70n }) }] }));
  const notes = [{ name: "Xen", type: 0x1000001, desc: words(0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0x70n) }];
  // The page is a list of all levels: two entries of each upper level, and 512 frames.
  assert.equal(dom0Frames(notes, image, "host", 2048)?.size, 2048);
  const said = attempt(() => dom0Frames(notes, image, "host", 2047));
  assert.ok(said instanceof Fault && said.kind === "unknown");
  assert.equal(said.message, "host: dom0 has more than 2047 pages, which is the limit");
});

test("a page that stands for all holes of dom0's frame list is read once", () => {
  let reads = 0;
  const invalid = table(Object.fromEntries(Array.from({ length: 512 }, (_, i) => [i, 1n << 63n])));
  const same = (frame: bigint): Uint8Array => table(Object.fromEntries(Array.from({ length: 512 }, (_, i) => [i, frame]))); // prettier-ignore
  const pages = new Map([[0x70, same(0x71n)], [0x71, same(0x72n)], [0x72, invalid]]); // prettier-ignore
  const image = opened(elfCore({ segments: [...pages].map(([pfn, bytes]) => ({ physical: pfn * 4096, bytes })) }));
  const counting = { ...image, pageSize: 4096, page: (pfn: number) => (reads++, image.page(pfn)) };
  const notes = [{ name: "Xen", type: 0x1000001, desc: words(0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0x70n) }];
  assert.equal(dom0Frames(notes, counting, "host"), undefined);
  assert.equal(reads, 3);
});
