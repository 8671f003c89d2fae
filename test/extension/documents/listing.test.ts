import assert from "node:assert/strict";
import { test } from "node:test";
import { listingLinks } from "../../../src/extension/documents/listing.ts";

/** The text of each link, its command's last word, and its address. */
const links = (line: string): string[] =>
  listingLinks(line).map(
    ({ start, end, command, address }) => `${line.slice(start, end)} ${command.slice("vmcore.".length)} ${address}`,
  );

test("jumps and calls have links to their targets, on every architecture", () => {
  for (const [text, address] of [
    ["call   ", "0xffffffff9b2a8820 <kmalloc_trace>"],
    ["je     ", "0xffffffffc02560ca <hello_init+0xca>"],
    ["tbnz   w0, #1, ", "0xffffab4b57bd1980 <schedule+0x28>"],
    ["b.eq   ", "0xffffab4b57bd19a8 <schedule+0x50>"],
    ["brasl  %r14, ", "0x3ffff404fb0 <__schedule>"],
    ["cgrj   %r1, %r2, 8, ", "0x3ffff404fb0 <__schedule+0x4>"],
    ["bne    ", "0xc0101234 <schedule+0x4>"],
  ] as const) {
    const line = `  ffffffffc0256022 < +22>:  ${text}${address}`;
    assert.deepEqual(links(line), [`${address} disassemble ${address.split(" ")[0]}`], line);
  }
});

test("data has links to its address, and a line to its source", () => {
  assert.deepEqual(
    links(
      "  ffffffffc0256028 <+28>:  mov    -0x8fff(%rip),%rbp        # 0xffffffffc024d030 <who>  ; lab_nullderef.c:51",
    ),
    ["0xffffffffc024d030 <who> goTo 0xffffffffc024d030", "lab_nullderef.c:51 goTo 0xffffffffc0256028"],
  );
  assert.deepEqual(links("  ffffffffc0256028 <+28>:  call   *0x1234(%rip)        # 0xffffffff9c3b0230 <pv_ops>"), [
    "0xffffffff9c3b0230 <pv_ops> goTo 0xffffffff9c3b0230",
  ]);
  assert.deepEqual(links("  ffffffffc0256052 <+52>:  mov    $0xffffffffc024c0e0,%rdi"), [
    "0xffffffffc024c0e0 goTo 0xffffffffc024c0e0",
  ]);
});

test("small numbers, headings and other texts have no links", () => {
  assert.deepEqual(links("  ffffffffc0256007 < +7>:  mov    $0x28,%edx"), []);
  assert.deepEqual(links("  ffffffffc0256007 < +7>:  mov    $0xdeadbeef,%edx"), []);
  assert.deepEqual(links("  ffffffffc025601f <+1f>:  cmp    $0xffffffffffffffff,%rax"), []);
  assert.deepEqual(links("hello_init [lab_nullderef]:"), []);
  assert.deepEqual(links("call 0xffffffff9b2a8820 <kmalloc_trace>"), []);
});
