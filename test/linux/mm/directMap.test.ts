/** The direct map of kernels without types and without names of data: found by the page tables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { i386 } from "../../../src/arch/i386/i386.ts";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { directMapOffset, mappedMemory } from "../../../src/linux/mm/directMap.ts";
import { kernelRanges, missingRanges } from "../../../src/linux/mm/kernelRanges.ts";
import type { AddressSpace } from "../../../src/memory/memory.ts";
import { typeIndex } from "../../../src/model/typeIndex.ts";
import { type ToyKernel, toyKernel } from "../../builders/kernel.ts";
import { toyContext, transcript } from "../../builders/transcript.ts";

const PAGE_OFFSET = 0xc000_0000n;
const ROOT = 0xc100_0000n;

/** A kernel without types, whose VMCOREINFO names the root table. @param bytes of memory, mapped from PAGE_OFFSET up to `mapped` */
function bareKernel(bytes: bigint, mapped: bigint, offset = PAGE_OFFSET): ToyKernel {
  const kernel = toyKernel({
    arch: i386,
    vmcoreinfo: { "SYMBOL(swapper_pg_dir)": ROOT.toString(16) },
    parts: { types: typeIndex(i386, new Map(), []) },
  });
  const { physical } = kernel.memory;
  for (let at = 0n; at < bytes; at += 16n << 20n) physical.poke(at, new Uint8Array(4096));
  physical.poke(bytes - 4096n, new Uint8Array(4096));
  const translate: AddressSpace["translate"] = (address, trail) => {
    const place = address - offset;
    if (place < 0n || place >= mapped) return Fault.at("unmapped", address, "not mapped");
    trail?.push({ level: "PGD", entryAddress: 0x1000n, entry: 0x1e3n, span: 1n << 22n });
    return { physical: place, pageBytes: 4096n, steps: trail ?? [] };
  };
  return Object.assign(kernel, { memory: Object.assign(kernel.memory, { translate }) });
}

test("without types the root table gives the offset of the direct map, which other pages confirm", () => {
  assert.equal(directMapOffset(bareKernel(256n << 20n, 256n << 20n)), PAGE_OFFSET);
});

test("a mapping of the kernel image alone is not taken for the direct map", () => {
  const kernel = bareKernel(256n << 20n, 32n << 20n);
  const found = attempt(() => directMapOffset(kernel));
  assert.ok(found instanceof Fault && found.message.includes("slab_caches"), String(found));
});

test("with 32 bits the direct map ends where the page tables end, not with the memory", () => {
  const { start, end } = mappedMemory(bareKernel(2048n << 20n, 896n << 20n));
  assert.deepEqual([start, end], [PAGE_OFFSET, PAGE_OFFSET + (896n << 20n)]);
});

test("search finds text in the direct map of a kernel without types", () => {
  const kernel = bareKernel(256n << 20n, 256n << 20n);
  kernel.memory.physical.poke(0x200_0010n, new TextEncoder().encode("Linux version 6.1"));
  assert.deepEqual(
    kernelRanges(kernel).map(({ kind, start }) => [kind, start]),
    [["direct map", PAGE_OFFSET]],
  );
  const said = transcript(toyContext(kernel), "search -c 'Linux version'");
  assert.match(said, /^c2000010:/m);
});

test("search of all kernel memory says which part it could not find, a search of one part does not", () => {
  const kernel = bareKernel(256n << 20n, 256n << 20n);
  assert.ok(missingRanges(kernel).length > 0);
  assert.match(transcript(toyContext(kernel), "search -c absent"), /^<not searched: /m);
  assert.equal(transcript(toyContext(kernel), "search -K -c absent").trim(), "");
  assert.equal(transcript(toyContext(kernel), "search -s c0000000 -l 1000 -c absent").trim(), "");
});

test("vtop of a kernel address needs no types", () => {
  const said = transcript(toyContext(bareKernel(256n << 20n, 256n << 20n)), "vtop c0208000");
  assert.match(said, /^c0208000 +208000$/m);
  assert.doesNotMatch(said, /</);
});
