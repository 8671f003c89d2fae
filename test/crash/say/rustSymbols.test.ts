import assert from "node:assert/strict";
import { test } from "node:test";
import { placeAt, placeText } from "../../../src/log/place.ts";
import { GridBuilder } from "../../../src/render/grid.ts";
import { symbolSpan } from "../../../src/crash/say/symbolSpan.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { data, pieces, toyContext, transcript } from "../../builders/transcript.ts";

const START = 0xffff800000001000n;
const MANGLED = "_RNvNtCshc5sK6KjdJJ_6kernel5print11call_printk";
const PLAIN = "kernel::print::call_printk";
const context = () => toyContext(toyKernel({ symbols: { [MANGLED]: { address: START, type: "T", size: 64 } } }));

test("sym shows a Rust symbol demangled; to programs it gives both names", () => {
  assert.equal(transcript(context(), "sym ffff800000001010"), `ffff800000001010 (T) ${PLAIN}+16`);
  const [record] = data(context(), "sym ffff800000001010") as { name: string; demangled: string }[];
  assert.deepEqual([record?.name, record?.demangled], [MANGLED, PLAIN]);
});

test("a Rust symbol is found by its mangled name, and by a part of either", () => {
  for (const line of [`sym ${MANGLED}`, "sym -q print::call", "sym -q 11call_printk"])
    assert.equal(transcript(context(), line), `ffff800000001000 (T) ${PLAIN}`, line);
});

test("a link to a Rust symbol keeps the mangled name, by which a table knows the cell", () => {
  assert.deepEqual(symbolSpan({ name: MANGLED, address: START, type: "T", size: 64 }, START + 2n, 16), {
    as: "symbol",
    text: `${PLAIN}+0x2`,
    address: START + 2n,
    raw: MANGLED,
  });
  const grid = new GridBuilder({ wordSize: 8, isAddress: () => true, isPlace: () => true });
  for (const piece of pieces(context(), `sym ${MANGLED}`)) grid.add(piece);
  const { columns = [] } = grid.end().tables[0] ?? {};
  assert.equal(columns.find(({ name }) => name === "name")?.kind, "symbol");
});

test("a Rust function in a log is shown demangled, a C function unchanged", () => {
  assert.equal(placeText(placeAt(`${MANGLED}+0x10/0x40`, 0)!), `${PLAIN}+0x10/0x40`);
  assert.equal(placeText(placeAt("_Rest+0x10/0x40", 0)!), "_Rest+0x10/0x40");
});
