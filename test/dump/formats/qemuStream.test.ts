import assert from "node:assert/strict";
import { test } from "node:test";
import { architectures } from "../../../src/arch/architectures.ts";
import { cpuStates } from "../../../src/memory/layout.ts";
import { markedPage } from "../../builders/image.ts";
import { qemuStreamFile, type BuiltStream, type StreamPage } from "../../builders/memoryForms.ts";
import { answers, held, opened, refusal } from "../../builders/opened.ts";

const MEBIBYTE = 1 << 20;
const page = (pfn: number, block = "pc.ram", offset = pfn * 4096): StreamPage => ({
  block,
  offset,
  page: markedPage(pfn),
});
const ram: readonly (readonly [string, number])[] = [
  ["pc.ram", MEBIBYTE],
  ["pc.bios", 8192],
];
const stream = (more: Partial<BuiltStream> = {}): Uint8Array =>
  qemuStreamFile({ blocks: ram, pages: [page(3), page(4)], ...more });

test("a migration stream gives stored, filled and deflated pages", () => {
  const image = opened(
    stream({
      pages: [
        page(3),
        page(4),
        { block: "pc.bios", offset: 0, page: markedPage(99) },
        { ...page(9), as: "zlib" },
        { block: "pc.ram", offset: 10 * 4096, page: new Uint8Array(4096).fill(7) },
      ],
    }),
  );
  assert.deepEqual([image.format, image.byteOrder, image.pageSize], ["QEMU migration stream", "little", 4096]);
  assert.deepEqual([...held(image)], [3, 4, 9, 10]);
  assert.deepEqual(answers(image, [3, 4, 5, 9, 10]), [
    "page 3",
    "page 4",
    "missing: page not in dump",
    "page 9",
    "byte 7",
  ]);
});

test("of a page that was sent twice the second is read", () => {
  const image = opened(stream({ pages: [page(3), page(4), page(5), { ...page(104), offset: 4 * 4096 }] }));
  assert.deepEqual(answers(image, [3, 4, 5]), ["page 3", "page 104", "page 5"]);
});

test("memory above the hole of a PC is at 4 GiB", () => {
  const size = 4 * 2 ** 30;
  const high = (machine: string, offset: number): number[] => [
    ...held(opened(stream({ machine, blocks: [["pc.ram", size]], pages: [page(1), page(2, "pc.ram", offset)] }))),
  ];
  assert.deepEqual(high("pc-q35-9.0", 2 * 2 ** 30), [1, 2 ** 20]);
  assert.deepEqual(high("pc-i440fx-9.0", 3 * 2 ** 30 + 4096), [1, 2 ** 20 + 1]);
});

test("blocks of NUMA nodes follow one another", () => {
  const blocks = [
    ["ram-node0", 8192],
    ["ram-node1", 8192],
  ] as const;
  assert.deepEqual([...held(opened(stream({ blocks, pages: [page(1, "ram-node1", 4096)] })))], [3]);
});

test("an Arm guest's memory begins at 1 GiB, and an s390x guest is big-endian", () => {
  const arm = opened(
    stream({ machine: "virt-8.2", blocks: [["mach-virt.ram", MEBIBYTE]], pages: [page(1, "mach-virt.ram")] }),
  );
  assert.deepEqual([...held(arm)], [2 ** 18 + 1]);
  const s390 = opened(
    stream({ machine: "s390-ccw-virtio-7.2", blocks: [["s390.ram", MEBIBYTE]], pages: [page(1, "s390.ram")] }),
  );
  assert.deepEqual([s390.byteOrder, ...held(s390)], ["big", 1]);
});

test("the registers of CPUs behind the memory become notes", () => {
  const cpus = [0, 1].map((cpu) => {
    const state = Buffer.alloc(900);
    state.writeBigUInt64BE(0xffffffff81000000n + BigInt(cpu), 16 * 8); // eip
    state.writeBigUInt64BE(0xffffc90000000f00n, 4 * 8); // regs[4], rsp
    state.writeBigUInt64BE(0x1234000n, 18 * 8 + 92 + 10 * 20 + 20 + 16); // cr[3]
    return state;
  });
  const image = opened(stream({ cpus }));
  const { notes } = image;
  assert.deepEqual(
    notes.map(({ name }) => name),
    ["CORE", "CORE", "QEMU", "QEMU"],
  );
  const states = cpuStates(
    image,
    architectures.find(({ name }) => name === "x86_64")!,
  );
  assert.deepEqual(
    states.map(({ registers, pageTableRoot }) => [registers.get("rip"), registers.get("rsp"), pageTableRoot]),
    [0n, 1n].map((cpu) => [0xffffffff81000000n + cpu, 0xffffc90000000f00n, 0x1234000n]),
  );
});

test("a section that cannot be of a 64-bit guest gives no notes: a selector has more than 16 bits", () => {
  const state = Buffer.alloc(900);
  state.writeUInt32BE(0x10000, 18 * 8 + 92 + 20); // cs
  assert.deepEqual(opened(stream({ cpus: [state] })).notes, []);
});

test("a section of another kind between parts of the memory is skipped", () => {
  assert.deepEqual([...held(opened(stream({ hasForeignSection: true })))], [3, 4]);
});

/** libvirt's header: magic, version, length of the XML, running, compression. */
function saved(compression: number, body = stream()): Uint8Array {
  const header = Buffer.alloc(92);
  header.write("LibvirtQemudSave");
  [2, 8, 1, compression].forEach((value, i) => header.writeUInt32LE(value, 16 + 4 * i));
  return Buffer.concat([header, Buffer.from("<domain>"), body]);
}

test("a guest that virsh save wrote is the stream behind libvirt's header", () => {
  assert.deepEqual(answers(opened(saved(0)), [3, 4]), ["page 3", "page 4"]);
});

test("a stream that ends early is incomplete", () => {
  const image = opened(stream().subarray(0, 6000));
  assert.equal(image.facts.incomplete, "ends early");
  assert.equal(answers(image, [3])[0], "page 3");
});

const damagedBlocks = Buffer.from(stream());
damagedBlocks.writeBigUInt64BE(2n ** 60n, damagedBlocks.indexOf("pc.ram") + 6);

/** The footer of the section of another kind, which has number 7, is overwritten. */
const withoutFooter = Buffer.from(stream({ hasForeignSection: true }));
withoutFooter.fill(0, withoutFooter.indexOf("anything~") + 9, withoutFooter.indexOf("anything~") + 14);
const renamedPart = Buffer.from(stream({ capabilities: ["xbzrle"] }));
renamedPart.write("Z", renamedPart.indexOf("configuration/capabilities") + "configuration/capabilitie".length);

const refused: [string, Uint8Array, RegExp][] = [
  [
    "XBZRLE",
    stream({ pages: [{ ...page(1), as: { flags: 0x40 } }] }),
    /a migration stream with XBZRLE is not read: dump the guest with `virsh dump --memory-only`/,
  ],
  [
    "multifd",
    stream({ pages: [{ ...page(1), as: { flags: 0x200 } }] }),
    /a migration stream of multifd channels is not read/,
  ],
  [
    "a page of an unknown kind",
    stream({ pages: [{ ...page(1), as: { flags: 0x80 } }] }),
    /a page of kind 0x80 is not read/,
  ],
  ["mapped-ram", stream({ capabilities: ["mapped-ram"] }), /a migration stream with mapped-ram is not read/],
  [
    "a section of another kind without an end",
    withoutFooter,
    /a section of unknown length at offset \d+: dump the guest with `virsh dump --memory-only`/,
  ],
  [
    "an unknown part of the configuration",
    renamedPart,
    /unknown part "configuration\/capabilitieZ" of a migration stream: dump the guest with `virsh dump --memory-only`/,
  ],
  ["a page outside its block", stream({ pages: [page(1), page(300)] }), /a page of an unknown block at offset \d+$/],
  ["blocks that exceed the memory", damagedBlocks, /the list of memory blocks is damaged at offset \d+$/],
  [
    "an unknown machine",
    stream({ machine: "raspi3b" }),
    /the memory layout of the QEMU machine "raspi3b" is not known/,
  ],
  ["a stream without memory", stream({ pages: [] }), /the migration stream contains no memory$/],
  [
    "a stream of an old QEMU",
    Buffer.concat([stream().subarray(0, 8), Buffer.from([1])]),
    /of a QEMU before 2\.4, which names no machine/,
  ],
  [
    "libvirt's compression",
    saved(5),
    /a saved libvirt guest compressed with zstd is not read: .*save_image_format = "raw"/,
  ],
  ["a save that did not complete", saved(0, Buffer.alloc(20)), /no migration stream after libvirt's header/],
  ["half of libvirt's header", saved(0).subarray(0, 40), /^truncated: file 1: ends within libvirt's header$/],
  [
    "an unknown section",
    Buffer.concat([stream().subarray(0, 23), Buffer.from([0x44])]),
    /unknown section 0x44 at offset 23$/,
  ],
];
for (const [what, file, message] of refused)
  test(`${what} is refused by name`, () => assert.match(refusal(file), message));

test("a migration stream that ends before its memory is refused with the offset", () => {
  assert.match(refusal(stream().subarray(0, 20)), /^truncated: file 1: ends at offset 20$/);
});
