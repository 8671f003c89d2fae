import assert from "node:assert/strict";
import { test } from "node:test";
import { parseVmcoreinfo } from "../../src/memory/vmcoreinfo.ts";

const rows: readonly [string, string, bigint | undefined][] = [
  ["a symbol is hexadecimal without saying so", "SYMBOL(_stext)=ffffffff9b000000", 0xffffffff9b000000n],
  ["even when its digits are all decimal ones", "SYMBOL(mem_section)=10", 0x10n],
  ["KERNELOFFSET is hexadecimal", "KERNELOFFSET=1a000000", 0x1a000000n],
  ["a number is decimal", "NUMBER(KERNEL_IMAGE_SIZE)=1073741824", 1073741824n],
  ["and may be negative", "NUMBER(phys_base)=-436207616", -436207616n],
  ["unless it says 0x", "NUMBER(kimage_voffset)=0xffffab4b16c00000", 0xffffab4b16c00000n],
  ["an offset is decimal", "OFFSET(uts_namespace.name)=10", 10n],
  ["s390's own lines are hexadecimal", "KERNELOFFPHYS=800000", 0x800000n],
  ["text is no number", "OSRELEASE=6.1.0-56-cloud-amd64", undefined],
  ["nor are more digits than 64 bits have", "SYMBOL(_stext)=ffffffff9b0000000", undefined],
  ["nor is nothing", "NUMBER(phys_base)=", undefined],
];

for (const [name, line, value] of rows) {
  test(`VMCOREINFO: ${name}`, () => {
    assert.equal(parseVmcoreinfo(`A=1\n${line}\nB=2\n`).number(line.slice(0, line.indexOf("="))), value);
  });
}

test("a value is the text after the first equals sign", () => {
  const vmcoreinfo = parseVmcoreinfo("OSRELEASE=6.1.0=odd\nCRASHTIME=1700000000\n");
  assert.equal(vmcoreinfo.text("OSRELEASE"), "6.1.0=odd");
  assert.equal(vmcoreinfo.number("CRASHTIME"), 1700000000n);
  assert.deepEqual([...vmcoreinfo.lines.keys()], ["OSRELEASE", "CRASHTIME"]);
});

test("a missing key is undefined, and lines without a value are skipped", () => {
  const vmcoreinfo = parseVmcoreinfo("\n=5\nnothing\n");
  assert.equal(vmcoreinfo.lines.size, 0);
  assert.equal(vmcoreinfo.text("OSRELEASE"), undefined);
  assert.equal(vmcoreinfo.symbol("_stext"), undefined);
});
