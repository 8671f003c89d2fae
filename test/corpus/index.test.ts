/** The index of names that a session leaves behind: the next one answers the same, and does not make it again. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { crc32 } from "node:zlib";
import { openSession } from "../../src/session/open/open.ts";
import { storedDumps, vmlinuxOf } from "./corpus.ts";

const dump = storedDumps.find(({ name }) => name === "x86_64-6.1/sysrq");
const vmlinux = dump && vmlinuxOf(dump.family);
const skip = vmlinux ? false : "NOT RUN: no corpus, or no vmlinux of x86_64-6.1 to be had";

const indexes = mkdtempSync(join(tmpdir(), "vmcore-index-"));
after(() => rmSync(indexes, { recursive: true }));

/** What a session answers that needs names out of DWARF, and how long it took to come to a name that nobody has. */
function answers() {
  const session = openSession({ vmcore: [dump!.vmcore], vmlinux: vmlinux!, indexes });
  const { types } = session.vmlinux!.dwarf()!;
  const start = performance.now();
  // In .debug_str as the tail of another name: only a passage through all units tells that nothing is called so.
  assert.equal(types.variable("tk_core_is_not_here") ?? types.find("struct", "ask_struct"), undefined);
  const elapsed = performance.now() - start;
  const names = Array.from(types.names(), ({ kind, name }) => `${kind} ${name}`).sort();
  const variables = ["tk_core", "init_task", "jiffies", "console_sem", "module_bug_list"].map(
    (name) => types.variable(name)?.kind,
  );
  let hash = 0;
  for (const { name, address, size, type } of session.kernel.symbols.all())
    hash = crc32(`${name} ${address} ${size} ${type}`, hash);
  const symbols = `${hash} ${session.kernel.symbols.at(session.kernel.symbols.find("schedule")!.address + 1n)?.name}`;
  session.close();
  return { elapsed, names, variables, symbols };
}

test(
  "the second session restores the index of the first, with the same answers; a damaged one is made anew",
  { skip },
  (context) => {
    const first = answers();
    const files = readdirSync(indexes).sort();
    assert.deepEqual(
      files.map((name) => name.split(".")[1]),
      ["names", "symbols"],
    );
    const paths = files.map((name) => join(indexes, name));
    for (const path of paths) assert.ok(statSync(path).size > 1e6);
    assert.ok(
      first.names.length > 10_000 && first.variables.every((kind) => kind !== undefined),
      first.variables.join(),
    );
    const second = answers();
    assert.deepEqual(second.names, first.names);
    assert.deepEqual(second.variables, first.variables);
    assert.equal(second.symbols, first.symbols);
    context.diagnostic(`first ${Math.round(first.elapsed)} ms, second ${Math.round(second.elapsed)} ms`);
    assert.ok(second.elapsed < first.elapsed / 4);
    for (const path of paths) {
      const whole = readFileSync(path);
      const damaged = Buffer.from(whole);
      damaged[damaged.length >> 1]! ^= 0xff;
      writeFileSync(path, damaged);
      const third = answers();
      assert.deepEqual([third.names, third.symbols], [first.names, first.symbols]);
      assert.deepEqual(readFileSync(path), whole);
    }
  },
);
