/**
 * The table of well-known globals against what the kernels' own debuginfo declares. A session without vmlinux has the
 * table alone, so a wrong row is a wrong value.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bare, type CType } from "../../src/debuginfo/ctype.ts";
import { declarations } from "../../src/linux/declarations.ts";
import { typeName } from "../../src/model/typeName.ts";
import { openSession } from "../../src/session/open/open.ts";
import { corpus, storedDumps, vmlinuxOf } from "./corpus.ts";

/** What a row may leave open: a length that the configuration decides, and `const` or `volatile`. */
const loosened = (type: CType): string =>
  typeName(type)
    .replace(/\[\d+\]/g, "[]")
    .replace(/\b(const|volatile) ?/g, "")
    .replace(/\* +/g, "*");

/** The same bits read the same way: `phys_addr_t` and `u64` are one to a reader. */
function isAlike(ours: CType, theirs: CType): boolean {
  const [a, b] = [bare(ours), bare(theirs)];
  if (loosened(ours) === loosened(theirs)) return true;
  if (a.kind === "int" && b.kind === "int") return a.size === b.size && a.signed === b.signed;
  if (a.kind === "array" && b.kind === "array") return isAlike(a.element, b.element);
  if (a.kind === "pointer" && b.kind === "pointer") return isAlike(a.target, b.target);
  return loosened(a) === loosened(b);
}

const families = new Map(storedDumps.map((dump) => [dump.family, dump]));
if (families.size === 0) test("declarations", { skip: `no corpus at ${corpus}: set VMCORE_CORPUS` }, () => {});

for (const [family, dump] of families) {
  const vmlinux = vmlinuxOf(family);
  if (vmlinux === undefined) {
    test(`${family}: globals`, { skip: "Debian no longer has this vmlinux" }, () => {});
    continue;
  }
  test(`${family}: the table declares globals as the kernel's debuginfo does`, () => {
    const bare = openSession({ vmcore: [dump.vmcore] });
    const full = openSession({ vmcore: [dump.vmcore], vmlinux });
    const wrong: string[] = [];
    let compared = 0;
    for (const name of declarations.keys()) {
      if (!full.kernel.symbols.find(name)) continue;
      const [ours, theirs] = [bare, full].map(({ kernel }) => kernel.types.variable(name));
      if (!ours || !theirs) continue;
      compared++;
      if (!isAlike(ours, theirs)) wrong.push(`${name}: ${typeName(ours)}, not ${typeName(theirs)}`);
    }
    bare.close();
    full.close();
    console.log(`# ${family}: ${compared} of ${declarations.size} rows compared`);
    assert.deepEqual(wrong, []);
  });
}
