import assert from "node:assert/strict";
import { test } from "node:test";
import { readSymbolText, closestSymbol, symbolText } from "../../../src/debuginfo/symbols/symbolText.ts";

test("text in the format of %pS is parsed and formatted", () => {
  const text = "lab_apply+0x2f/0x43 [lab_nullderef]";
  const read = readSymbolText(text);
  assert.deepEqual(read, { name: "lab_apply", offset: 0x2f, size: 0x43, module: "lab_nullderef" });
  assert.equal(read && symbolText(read), text);
  assert.equal(readSymbolText("not a place"), undefined);
});

test("of functions with the same name the one with the printed size is used", () => {
  const symbol = (address: bigint, size: number) => ({ name: "show", address, size, type: "t" });
  const symbols = [symbol(0x1000n, 0x20), symbol(0x2000n, 0x75), symbol(0x3000n, 0x200)];
  const meant = (text: string) => closestSymbol(symbols, readSymbolText(text) ?? assert.fail())?.address;
  assert.equal(meant("show+0x10/0x80"), 0x2000n);
  // Padding: kallsyms counts up to the next symbol.
  assert.equal(meant("show+0x7f/0x80"), 0x2000n);
  assert.equal(meant("show+0x10"), 0x1000n);
  // Behind a call that never returns, which ends the function.
  assert.equal(meant("show+0x80/0x80"), 0x2000n);
  assert.equal(meant("show+0x400/0x80"), undefined);
});
