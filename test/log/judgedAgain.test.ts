/** What a second reader of reports found to be more than their logs prove: each by a small log of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, timed } from "../builders/logReports.ts";

const explanation = (text: string): string => only(timed(text)).explanation;

const userfault = (flags: string, release: string): string =>
  explanation(`FAULT_FLAG_ALLOW_RETRY missing ${flags}
CPU: 0 PID: 812 Comm: labd Not tainted ${release} #5
Call Trace:
 [<ffffffff81000c9f>] dump_stack+0x8e/0xcf
 [<ffffffff8100071b>] handle_userfault+0x75b/0x1570
 [<ffffffff81000a10>] handle_mm_fault+0x1f0/0x5a0`);

test("a userfaultfd fault that is retried a second time was retried once before", () => {
  assert.match(
    userfault("30", "4.4.105-lab"),
    /it had been tried before, and may not be put off again \(flags 0x30\)\.$/,
  );
  assert.match(userfault("881", "6.1.0-lab"), /waiting: it may not be put off and tried again \(flags 0x881\)\.$/);
  // 3.10 with userfaultfd has other numbers: 0x20 says that the task can be killed.
  assert.match(userfault("a0", "3.10.0-lab"), /waiting: it may not be put off and tried again \(flags 0xa0\)\.$/);
});

test("an object whose counter would have gone below zero is not called leaked", () => {
  const told = explanation(`------------[ cut here ]------------
refcount_t: underflow; use-after-free.
WARNING: CPU: 0 PID: 812 at lib/refcount.c:28 refcount_warn_saturate+0x1d1/0x1e0
CPU: 0 PID: 812 Comm: labd Not tainted 6.1.0-lab #1
RIP: 0010:refcount_warn_saturate+0x1d1/0x1e0
Call Trace:
 lab_put+0x33/0x100
 lab_close+0x20/0x90`);
  assert.match(told, /may have been freed while it was still in use\./);
  assert.doesNotMatch(told, /leaked/);
});

test("an allocation that may not wait is not explained as one that waited", () => {
  const failed = (mode: string): string =>
    explanation(`labd: page allocation failure: order:2, mode:${mode}, nodemask=(null),cpuset=/,mems_allowed=0`);
  assert.match(
    failed("0xa20(GFP_ATOMIC)"),
    /above the reserve that the request may use, and the request may not wait \(GFP_ATOMIC\)\./,
  );
  assert.match(failed("0xcc0(GFP_KERNEL)"), /above the reserve that the request may use\. The caller/);
});
