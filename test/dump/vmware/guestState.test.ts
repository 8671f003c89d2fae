import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { bytesFile, type RandomFile } from "../../../src/base/file.ts";
import { openDump } from "../../../src/dump/formats.ts";
import { vmwareFile, type BuiltTag } from "../../builders/hypervisorForms.ts";
import { markedPage } from "../../builders/image.ts";
import { answers, held, opened, refusal } from "../../builders/opened.ts";

const word = (bytes: Uint8Array, at: number): string =>
  new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true).toString(16);
const words = (...values: bigint[]): Uint8Array => {
  const bytes = new Uint8Array(8 * values.length);
  values.forEach((value, i) => new DataView(bytes.buffer).setBigUint64(8 * i, value, true));
  return bytes;
};
const region = (index: number, ppn: number, page: number, size: number): BuiltTag[] => [
  { name: "regionPPN", indexes: [index], value: ppn },
  { name: "regionPageNum", indexes: [index], value: page },
  { name: "regionSize", indexes: [index], value: size },
];
const memory = Buffer.concat([0, 1, 2, 3].map((pfn) => markedPage(pfn)));
/** Four pages, the last two of which are above a hole. */
const regions: BuiltTag[] = [{ name: "regionsCount", value: 2 }, ...region(0, 0, 0, 2), ...region(1, 0x100, 2, 2)];
const expected = ["page 0", "page 1", "missing: page not in dump", "page 2", "page 3"];
const asked = [0, 1, 2, 0x100, 0x101];

test("a VMware snapshot gives the memory in it, with its holes", () => {
  const image = opened(
    vmwareFile({ groups: { other: [], memory: [...regions, { name: "Memory", indexes: [0, 0], value: memory }] } }),
  );
  assert.deepEqual([image.format, image.maxPfn], ["VMware snapshot", 0x102]);
  assert.deepEqual(answers(image, asked), expected);
});

test("a suspended VMware guest and its .vmem are one dump, in any order", () => {
  const checkpoint = vmwareFile({ groups: { memory: regions } });
  assert.deepEqual(answers(opened(checkpoint, memory), asked), expected);
  const files = [bytesFile("a.vmem", memory), bytesFile("a.vmss", checkpoint)];
  assert.deepEqual(openDump(files).facts.files, ["a.vmss", "a.vmem"]);
});

test("a VMware guest without regions has its memory from address 0 on", () => {
  assert.deepEqual([...held(opened(vmwareFile({ groups: { memory: [] } }), memory))], [0, 1, 2, 3]);
});

test("a VMware snapshot gives the registers of its CPUs, alone or in blocks", () => {
  const image = opened(
    vmwareFile({
      groups: {
        cpu: [
          { name: "rip", indexes: [1], value: 0xffffffff81000010n },
          { name: "eflags", indexes: [1], value: 0x246 },
          { name: "CR64", indexes: [1, 3], value: 0x2000n },
          {
            name: "gpregs",
            indexes: [0],
            value: words(1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n, 11n, 12n, 13n, 14n, 15n, 16n),
          },
          { name: "CR64", indexes: [0], value: words(0x80050033n, 0n, 0n, 0x1000n, 0n, 0n, 0n, 0n, 0n) },
          { name: "IDTR", indexes: [0], value: Buffer.concat([Buffer.from([255, 15]), words(0xfffffe0000000000n)]) },
        ],
        memory: [{ name: "Memory", value: memory }],
      },
    }),
  );
  assert.deepEqual(
    image.notes.map(({ name }) => name),
    ["CORE", "CORE", "QEMU", "QEMU"],
  );
  const [first, second] = image.notes;
  // pr_reg: bp is the fifth, sp the 20th, ip the 17th word of struct user_regs_struct.
  assert.deepEqual([word(first!.desc, 112 + 4 * 8), word(first!.desc, 112 + 19 * 8)], ["5", "6"]);
  assert.deepEqual([word(second!.desc, 112 + 16 * 8), word(second!.desc, 112 + 18 * 8)], ["ffffffff81000010", "246"]);
  assert.equal(image.facts.cpus, 2);
});

test("what is not read of VMware's files is refused with what to do", () => {
  assert.match(
    refusal(vmwareFile({ groups: { memory: [] } })),
    /memory is in a \.vmem file of the same name: put it into/,
  );
  assert.match(
    refusal(vmwareFile({ groups: { memory: [{ name: "Memory", value: memory, isCompressed: true }] } })),
    /compressed memory is not read: convert it with VMware's vmss2core$/,
  );
  assert.match(refusal(vmwareFile({ magic: 0xbed0bed0, groups: {} })), /32-bit sizes is not read: convert it/);
  assert.match(refusal(vmwareFile({ groups: { memory: regions } }).subarray(0, 150)), /^truncated: /);
});

test("a VMware snapshot with an impossible count of groups is refused", () => {
  const file = Buffer.from(vmwareFile({ groups: { memory: [] } }));
  file.writeUInt32LE(1025, 8);
  assert.match(refusal(file), /^corrupt: file 1: a VMware snapshot has 1025 groups, but the limit is 1024$/);
});

test("a VMware snapshot whose value would end beyond all files is refused", () => {
  const file = Buffer.from(vmwareFile({ groups: { memory: [{ name: "Memory", value: memory }] } }));
  // The size of a block follows the tag's name.
  file.writeBigUInt64LE(1n << 60n, file.indexOf("Memory") + "Memory".length);
  assert.match(refusal(file), /^corrupt: file 1: the value of "Memory" cannot have 1152921504606847000 bytes$/);
});

test("a VMware snapshot with values without an end is refused", () => {
  const file = Buffer.from(vmwareFile({ groups: { memory: [] } }));
  const start = 0x10000;
  // The place of the group follows its name.
  file.writeBigUInt64LE(BigInt(start), 12 + 64);
  // The value is one byte, the name one letter.
  const tag = [1, 1, 0x78, 0];
  const endless: RandomFile = {
    name: "endless",
    size: 2 ** 40,
    read: (offset, length) =>
      Uint8Array.from(
        { length },
        (_, i) => (offset + i < start ? file[offset + i] : tag[(offset + i - start) % 4]) ?? 0,
      ),
    close() {},
  };
  const image = attempt(() => openDump([endless]));
  assert.ok(image instanceof Fault);
  assert.equal(image.message, "endless: more than 1048576 values in a group of a VMware snapshot");
});
