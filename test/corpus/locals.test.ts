/**
 * Parameters and locals of the crashed stacks: the same names as drgn has, present or absent, with the same values.
 * drgn knows nothing of what a call passed (DW_OP_entry_value): what we infer from it is counted apart.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openSession } from "../../src/session/open/open.ts";
import { drgnAccount, moduleFolders, storedDumps, vmlinuxOf } from "./corpus.ts";
import { compareCrashedStack, leaves } from "./crashedStack.ts";

if (storedDumps.length === 0) test("the corpus is absent: no local was compared", { skip: "no corpus" }, () => {});

test("drgn's values are read leaf by leaf", () => {
  assert.deepEqual(leaves("(struct file *)0xffff8d1f04ea7f00"), [{ path: [], value: "0xffff8d1f04ea7f00" }]);
  assert.deepEqual(leaves("(va_list){\n\t{\n\t\t.gp = (unsigned int)8,\n\t\t.area = (void *)0xff,\n\t},\n}"), [
    { path: [0, "gp"], value: "8" },
    { path: [0, "area"], value: "0xff" },
  ]);
  assert.deepEqual(leaves(`(struct a){\n\t.b = (struct b){\n\t\t.f = (fn_t)f+0x0 = 0x10,\n\t},\n\t.c = (int)-1,\n\t.d = ${"(x)".padEnd(200)}`), [
    { path: ["b", "f"], value: "0x10" },
    { path: ["c"], value: "-1" },
  ]); // prettier-ignore
  assert.deepEqual(leaves('(char [8])"init"'), [{ path: [], value: '"init"' }]);
});

/**
 * Where drgn is wrong. GCC saves no registers in panic(), which does not return, so that those of its caller are lost;
 * drgn takes what panic() put into them. The key would be 600, but the log of the dump has "sysrq: Trigger a crash", which is the key c (99).
 */
const LOST = "optimised out: the register that held it was not saved";
const DRGN_IS_WRONG: Readonly<Record<string, readonly string[]>> = {
  "armhf-6.1/sysrq": [
    `__handle_sysrq key: drgn: (int)600, ours: ${LOST}`,
    `__handle_sysrq op_p: drgn: (const struct sysrq_key_op *)0x1ffffc70, ours: ${LOST}`,
    `__handle_sysrq orig_log_level: drgn: (int)22, ours: ${LOST}`,
    `__handle_sysrq orig_suppress_printk: drgn: (int)-1055690620, ours: ${LOST}`,
  ],
};

for (const dump of storedDumps) {
  const account = dump.ref === undefined ? undefined : drgnAccount(dump.ref);
  // drgn has no crashed thread in the s390x dump: no CPU saved its registers.
  if (!account?.crashed_thread) continue;
  const vmlinux = vmlinuxOf(dump.family);
  const skip = vmlinux ? false : `no vmlinux of ${dump.family} to be had`;
  test(`${dump.name}: lines and locals of the crashed stack are drgn's`, { skip }, (context) => {
    const session = openSession({ vmcore: [dump.vmcore], vmlinux: vmlinux!, modules: moduleFolders(dump, vmlinux!) });
    const { variables, values, inferred, differences } = compareCrashedStack(session, account);
    session.close();
    context.diagnostic(`${variables} variables compared, ${values} values; ${inferred} inferred from calls`);
    assert.ok(variables > 10 && values > 10, `only ${variables} variables and ${values} values were compared`);
    assert.deepEqual(differences, DRGN_IS_WRONG[dump.name] ?? []);
  });
}
