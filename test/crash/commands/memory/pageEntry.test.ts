import assert from "node:assert/strict";
import { test } from "node:test";
import { x86_64 } from "../../../../src/arch/x86_64/x86_64.ts";
import { ptePiece } from "../../../../src/crash/commands/memory/pageEntry.ts";
import { toyKernel } from "../../../builders/kernel.ts";

const physicalOf = (vmcoreinfo: Readonly<Record<string, string>>): unknown => {
  const piece = ptePiece(toyKernel({ vmcoreinfo, arch: x86_64 }), 0x8000_8000_0765_4063n);
  return piece.kind === "record" && (piece.data as { physical: string }).physical;
};

test("the bit that marks an encrypted page is no bit of the address that pte shows", () => {
  assert.equal(physicalOf({ "NUMBER(sme_mask)": "140737488355328" }), "0x0000000007654000");
  assert.equal(physicalOf({}), "0x0000800007654000");
  assert.equal(physicalOf({ "NUMBER(sme_mask)": "-1" }), "0x0000800007654000");
});
