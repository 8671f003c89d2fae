/** Damaged VMCOREINFO, notes and page tables: whatever they hold, reading ends in bytes or in a Fault. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { architectures } from "../../src/arch/architectures.ts";
import { attempt, Fault } from "../../src/base/fault.ts";
import { openMemory } from "../../src/memory/openMemory.ts";
import { random } from "../builders/image.ts";
import { dumpOf } from "../builders/machine.ts";
import { firstSeed } from "./fuzzing.ts";

const ROUNDS = 400;
const PAGES = 24;

/** Lines that steer translation, on every architecture. */
const vocabulary = [
  "OSRELEASE=6.1.0",
  "PAGESIZE=4096",
  "PAGESIZE=65536",
  "PAGESIZE=-1",
  "SYMBOL(swapper_pg_dir)=ffffffff81001000",
  "SYMBOL(swapper_pg_dir)=c0004000",
  "SYMBOL(swapper_pg_dir)=3000",
  "SYMBOL(_stext)=ffffffffffffffff",
  "NUMBER(phys_base)=-99999999999999999999",
  "NUMBER(phys_base)=0",
  "NUMBER(KERNEL_IMAGE_SIZE)=-1",
  "NUMBER(pgtable_l5_enabled)=1",
  "NUMBER(sme_mask)=18446744073709551615",
  "NUMBER(kimage_voffset)=0xffffffff81000000",
  "NUMBER(VA_BITS)=52",
  "NUMBER(VA_BITS)=39",
  "NUMBER(VA_BITS)=0",
  "NUMBER(TCR_EL1_T1SZ)=0x19",
  "NUMBER(TCR_EL1_T1SZ)=0xffffffffffffffff",
  "CONFIG_ARM_LPAE=y",
  "KERNELOFFSET=ffffffffffffffff",
  "KERNELOFFPHYS=1000",
  "SYMBOL(lowcore_ptr)=0",
  "=",
];

/** Lines that put the root table at physical 3000, and where kernel addresses begin. A new machine needs a row. */
const sound: Readonly<Record<string, readonly [readonly string[], bigint]>> = {
  x86_64: [["SYMBOL(swapper_pg_dir)=ffffffff81003000", "NUMBER(phys_base)=-16777216"], 0xffff_8000_0000_0000n],
  arm64: [
    ["NUMBER(VA_BITS)=48", "SYMBOL(swapper_pg_dir)=ffff800008003000", "NUMBER(kimage_voffset)=0xffff800008000000"],
    0xffff_0000_0000_0000n,
  ],
  arm: [["SYMBOL(swapper_pg_dir)=c0003000", "NUMBER(PHYS_OFFSET)=0"], 0xc000_0000n],
  s390x: [["SYMBOL(swapper_pg_dir)=3000"], 0n],
  i386: [["SYMBOL(swapper_pg_dir)=c0003000"], 0xc000_0000n],
  ppc64le: [["SYMBOL(swapper_pg_dir)=c000000000003000", "NUMBER(RADIX_MMU)=1"], 0xc008_0000_0000_0000n],
  loongarch64: [["SYMBOL(swapper_pg_dir)=9000000000003000"], 0xffff_8000_0000_0000n],
  mips64el: [["SYMBOL(swapper_pg_dir)=ffffffff80003000"], 0xc000_0000_0000_0000n],
  riscv64: [
    ["NUMBER(VA_BITS)=48", "SYMBOL(swapper_pg_dir)=ffffffff80003000", "NUMBER(va_kernel_pa_offset)=0xffffffff80000000"],
    0xffff_8000_0000_0000n,
  ],
};

/**
 * Where the frame number begins in a page table entry, flags of entries that lead to a table or a page, and how many
 * reads must succeed at least.
 */
const ENTRY = { pfnShift: 12n, flags: [1n, 3n, 7n, 0x67n], answers: 200 };
/** On ppc64le only pages of the last level fit the memory of the test. Bit 63 is set in an entry that is present, bit 62 in one for a page. */
const PRESENT = 1n << 63n;
const LEAF = 1n << 62n;
/** An entry for a table also has the width of the index into it in bits 0 to 4. */
const TABLE = PRESENT | 9n;
const CKSEG0 = 0xffffffff80000000n;
/** On riscv64 an entry with a permission (bits 1 to 3) is a page on every level. */
const ENTRIES: Readonly<Record<string, typeof ENTRY>> = {
  ppc64le: { pfnShift: 12n, flags: [TABLE, TABLE, TABLE, PRESENT | LEAF], answers: 100 },
  // On loongarch64 an entry for a table is its address.
  loongarch64: { ...ENTRY, flags: [0n, 0n, 0n, 0x183n], answers: 70 },
  // On mips64el it is the address in an unmapped segment.
  mips64el: { ...ENTRY, flags: [CKSEG0, CKSEG0, CKSEG0, 0xe1n], answers: 100 },
  riscv64: { ...ENTRY, pfnShift: 10n, flags: [1n, 1n, 1n, 0xcfn], answers: 150 },
};

for (const arch of architectures) {
  test(`${arch.name}: damaged tables and layouts give bytes or a Fault`, () => {
    const below = random(arch.elf.machine + firstSeed);
    const some = <T>(from: readonly T[]): T => from[below(from.length)]!;
    const [lines, base] = sound[arch.name]!;
    const { pfnShift, flags: present, answers: expected } = ENTRIES[arch.name] ?? ENTRY;
    /** Small frame numbers with any flags: tables that lead to tables, to themselves and to nowhere. */
    const entry = (): bigint => {
      const flags = below(4) === 0 ? BigInt(below(4096)) | (BigInt(below(2 ** 32)) << 32n) : some(present);
      return (BigInt(below(PAGES)) << pfnShift) | flags;
    };
    let answers = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const pages = new Map<number, Uint8Array>();
      for (let pfn = 0; pfn < PAGES; pfn++) {
        const words = new BigUint64Array(512).map(entry);
        const page = new Uint8Array(words.buffer);
        // The tables of ppc64le are big-endian, its memory is not.
        const isLittle = arch.byteOrder === "little" && arch.name !== "ppc64le";
        pages.set(pfn, isLittle ? page : page.reverse());
      }
      const damage = Array.from({ length: Math.max(0, below(8) - 3) }, () => some(vocabulary));
      const image = dumpOf(pages, {
        byteOrder: arch.byteOrder,
        wordSize: arch.wordSize,
        elfMachine: arch.elf.machine,
        vmcoreinfo: ["OSRELEASE=x", ...lines, ...damage].join("\n"),
        facts: { files: [], ...(below(2) === 0 ? { physBase: BigInt(below(8)) << 12n } : {}) },
        format: some(["kdump-compressed", "ELF core"]),
        notes: [{ name: some(["CORE", "QEMU", "LINUX"]), type: some([0, 1, 0x304]), desc: new Uint8Array(below(500)) }],
      });
      const opened = attempt(() => openMemory(image));
      if (opened instanceof Fault) continue;
      for (let i = 0; i < 20; i++) {
        const address = BigInt.asUintN(arch.wordSize * 8, base | (BigInt(below(2 ** 32)) << BigInt(below(24))));
        const read = attempt(() => opened.memory.read(address, below(9000)));
        const user = attempt(() => opened.memory.user(address, "user").cString(BigInt(below(2 ** 32))));
        if (!(read instanceof Fault) || !(user instanceof Fault)) answers++;
      }
    }
    assert.ok(answers > expected, `only ${answers} reads led anywhere: the tables are too damaged to test much`);
  });
}
