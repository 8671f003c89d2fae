import assert from "node:assert/strict";
import { test } from "node:test";
import { architectureOf, architectures, type MachineHints } from "../../src/arch/architectures.ts";
import { Fault } from "../../src/base/fault.ts";

const silent: MachineHints = { byteOrder: "little", elfMachine: undefined, machine: undefined, vmcoreinfo: undefined };

const rows: readonly [string, Partial<MachineHints>, string][] = [
  ["the ELF header", { elfMachine: 62 }, "x86_64"],
  ["the ELF header", { elfMachine: 22, byteOrder: "big" }, "s390x"],
  ["the ELF header", { elfMachine: 243, wordSize: 8 }, "riscv64"],
  ["the name in a kdump header", { machine: "aarch64" }, "arm64"],
  ["the size of a CPU's registers", { machine: "Unknown", prstatusBytes: 376 }, "riscv64"],
  ["the size of a CPU's registers", { machine: "Unknown", prstatusBytes: 336 }, "x86_64"],
  ["the size of a CPU's registers", { machine: "Unknown", prstatusBytes: 336, byteOrder: "big" }, "s390x"],
  ["the size of a CPU's registers", { machine: "Unknown", prstatusBytes: 480 }, "loongarch64"],
  ["the ELF header", { elfMachine: 258, wordSize: 8 }, "loongarch64"],
  ["the ELF header", { elfMachine: 8, wordSize: 8 }, "mips64el"],
  ["the place of the kernel's text", { vmcoreinfo: "OSRELEASE=7\nSYMBOL(_stext)=9000000000220000\n" }, "loongarch64"],
  ["the place of the kernel's text", { vmcoreinfo: "OSRELEASE=6\nSYMBOL(_stext)=ffffffff80100400\n" }, "mips64el"],
  ["the name in a kdump header", { machine: "armv7l" }, "arm"],
  ["a line that only this kernel writes", { vmcoreinfo: "OSRELEASE=6\nNUMBER(kimage_voffset)=0x0\n" }, "arm64"],
  [
    "the kernel's own line, against a header that QEMU wrote",
    { elfMachine: 62, vmcoreinfo: "OSRELEASE=6\nNUMBER(kimage_voffset)=0x0\n" },
    "arm64",
  ],
];

for (const [by, hints, name] of rows) {
  test(`${name} is recognized by ${by}`, () => {
    const arch = architectureOf({ ...silent, ...hints });
    assert.equal(arch instanceof Fault ? arch.message : arch.name, name);
  });
}

test("an unsupported machine is refused by its name", () => {
  for (const [hints, said] of [
    [{ elfMachine: 50 }, /\(ia64\)/],
    [{ elfMachine: 22, wordSize: 4, byteOrder: "big" }, /\(s390 \(31-bit\)\)/],
    [{ elfMachine: 243, wordSize: 4 }, /\(riscv32\)/],
    [{ elfMachine: 8, wordSize: 4 }, /\(mips\)/],
    [{ elfMachine: 258, wordSize: 4 }, /\(loongarch32\)/],
    [{ elfMachine: 4711 }, /e_machine 4711/],
    [{ machine: "mips" }, /mips/],
    [{ machine: "Unknown", prstatusBytes: 4 }, /unnamed machine, NT_PRSTATUS of 4 bytes/],
    [{}, /^no kernel found: neither the dump.s header nor VMCOREINFO, in a note or in memory, tells which machine/],
  ] as const) {
    const arch = architectureOf({ ...silent, ...hints });
    assert.ok(arch instanceof Fault && arch.kind === "unknown" && said.test(arch.message));
  }
});

test("the size of a CPU's registers tells machines of one byte order apart", () => {
  const keys = architectures
    .filter(({ prstatusBytes }) => prstatusBytes !== undefined)
    .map(({ prstatusBytes, byteOrder }) => `${prstatusBytes} ${byteOrder}`);
  assert.equal(new Set(keys).size, keys.length);
});

test("a big-endian ppc64 is not taken for a ppc64le, whose lines of VMCOREINFO it has", () => {
  const arch = architectureOf({ ...silent, byteOrder: "big", machine: "ppc64", vmcoreinfo: "\nNUMBER(RADIX_MMU)=0\n" });
  assert.ok(arch instanceof Fault && /ppc64 \(big-endian\)/.test(arch.message));
});

test("a dump in the other byte order is refused", () => {
  assert.ok(architectureOf({ ...silent, elfMachine: 62, byteOrder: "big" }) instanceof Fault);
});

for (const arch of architectures) {
  test(`${arch.name}: pc, sp, frame pointer and link register are registers it has`, () => {
    for (const name of [arch.pc, arch.sp, arch.framePointer, ...(arch.linkRegister ? [arch.linkRegister] : [])]) {
      assert.ok(arch.registers.includes(name), name);
      // RISC-V has no number for the pc: call frame information gives the return address as that of ra.
      const hasNumber = name !== arch.pc || arch.linkRegister === undefined || !arch.dwarfRegisters.includes(arch.pc);
      assert.ok(arch.dwarfRegisters.includes(name) || hasNumber, name);
    }
  });

  test(`${arch.name}: every register has its place in pt_regs`, () => {
    assert.deepEqual([...arch.ptRegs.keys()].sort(), [...arch.registers].sort());
  });
}
