import assert from "node:assert/strict";
import { test } from "node:test";
import { machineOf, ramOf } from "../../../src/dump/qemu/guestMemory.ts";

const blocks = (...names: string[]): { name: string; size: number }[] =>
  names.map((name, i) => ({ name, size: 4096 * (9 - i) }));

test("RAM is told from firmware and video memory by the names of blocks", () => {
  const names = (...all: string[]): string[] => ramOf(blocks(...all)).map(({ name }) => name);
  assert.deepEqual(names("vga.vram", "pc.ram", "pc.bios", "/rom@etc/acpi/tables"), ["pc.ram"]);
  assert.deepEqual(names("ram-node0", "0000:00:02.0/vga.vram", "ram-node1"), ["ram-node0", "ram-node1"]);
  assert.deepEqual(names("/objects/mem1", "mach-virt.flash0"), ["/objects/mem1"]);
  assert.deepEqual(names("own", "smaller"), ["own"]);
});

test("a RISC-V guest's memory begins at 2 GiB", () => {
  const machine = machineOf("virt", blocks("riscv_virt_board.ram"), "file");
  assert.equal(machine.physical(4096, 8192), 0x80001000);
});
