import assert from "node:assert/strict";
import { test } from "node:test";
import { CONTEXT_BYTES, contextRegisters } from "../../../src/dump/xen/guestContext.ts";

test("error_code has no bits of the vector after it, and cs none of the event mask", () => {
  const context = Buffer.alloc(CONTEXT_BYTES);
  // user_regs.error_code, .entry_vector, .rip, .cs and .saved_upcall_mask
  context.writeUInt32LE(2, 640);
  context.writeUInt32LE(14, 644);
  context.writeBigUInt64LE(0xffffffff81000010n, 648);
  context.writeUInt16LE(0xe033, 656);
  context.writeUInt8(1, 660);
  const { error_code, rip, cs } = contextRegisters(context);
  assert.deepEqual([error_code, rip, cs], [2n, 0xffffffff81000010n, 0xe033n]);
});
