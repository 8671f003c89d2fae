import assert from "node:assert/strict";
import { test } from "node:test";
import { isInKernelRange } from "../../../src/linux/mm/kernelRanges.ts";
import { openSession } from "../../../src/session/open/open.ts";

test("whether a number is an address is decided by page tables, without a list of all vmalloc areas", (t) => {
  const session = openSession({ vmcore: ["sample/vmcore"] });
  const { kernel, context } = session;
  const stack = context.task.at("stack").value();
  const memo = t.mock.method(kernel, "memo");
  const addresses = [stack + 64n, kernel.symbols.find("schedule")?.address ?? 0n, context.task.address];
  assert.deepEqual(addresses.map((address) => isInKernelRange(kernel, address)), [true, true, true]); // prettier-ignore
  // The guard page below the stack, -ENOMEM, NULL, a user address.
  const others = [stack - 8n, 0xffff_ffff_ffff_fff4n, 0n, 0x7fff_0000_0000n];
  assert.deepEqual(others.map((value) => isInKernelRange(kernel, value)), [false, false, false, false]); // prettier-ignore
  const facts = memo.mock.calls.map(({ arguments: [fact] }) => fact.name);
  assert.ok(!facts.some((name) => /vm(ap|alloc) areas|^kernel ranges/.test(name)), facts.join(", "));
  session.close();
});
