/** Translations of every stored dump, kernel and user, against those that drgn and crash made. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { openFile } from "../../src/base/file.ts";
import { hex } from "../../src/base/hex.ts";
import { openDump } from "../../src/dump/formats.ts";
import type { AddressSpace, KernelMemory } from "../../src/memory/memory.ts";
import { type OpenedMemory, openMemory } from "../../src/memory/openMemory.ts";
import { drgnAccount, type DrgnTask, snappyDump, storedDumps } from "./corpus.ts";

if (storedDumps.length === 0)
  test("the corpus is absent: no translation was compared", { skip: "no corpus" }, () => {});

/** `drgn_ref.py`: what was translated, its address, and the physical one or "error: ...". */
interface Translations {
  readonly vtop?: Readonly<Record<string, readonly [string, string]>>;
  readonly user_string?: readonly [string, string] | null;
}

/** Where drgn is silent and we are not, with the reason. */
const oursAlone: Readonly<Record<string, string>> = {
  // The zero page behind an entry 404751: invalid to the CPU because not referenced of late, present to the kernel.
  "s390x-6.12/sysrq 0x10a4000": "404000",
};

const open = (path: string): OpenedMemory => openMemory(openDump([openFile(path)]));

const translated = (memory: AddressSpace, address: bigint): string => {
  const found = memory.translate(address);
  return found instanceof Fault ? found.kind : hex(found.physical);
};

for (const { name, vmcore, ref } of [...storedDumps, snappyDump]) {
  test(`${name}: the kernel is found at the address in VMCOREINFO, with its release`, () => {
    const { memory, vmcoreinfo, doubts } = open(vmcore);
    const names = (vmcoreinfo?.symbol("init_uts_ns") ?? 0n) + (vmcoreinfo?.number("OFFSET(uts_namespace.name)") ?? 0n);
    assert.equal(memory.cString(names + 130n), vmcoreinfo?.text("OSRELEASE"));
    assert.deepEqual(doubts, []);
  });
  if (ref === undefined) continue;

  const account = drgnAccount(ref) as ReturnType<typeof drgnAccount> & Translations;
  const rows = Object.entries(account.vtop ?? {});
  if (rows.length > 0) {
    test(`${name}: kernel addresses map to the physical addresses that drgn gives`, () => {
      const { memory } = open(vmcore);
      const kernel = rows.filter(([what]) => !what.includes(" user "));
      assert.ok(kernel.length > 3);
      for (const [what, [address, physical]] of kernel)
        assert.equal(`0x${translated(memory, BigInt(address))}`, physical, what);
    });

    test(`${name}: user addresses map to the physical addresses that drgn gives`, () => {
      const { memory } = open(vmcore);
      const user = rows.filter(([what]) => what.includes(" user "));
      assert.ok(user.length > 3);
      const expected = user.map(([, [address, physical]]) => [
        address,
        oursAlone[`${name} ${address}`] ?? (physical.startsWith("error") ? "unmapped" : physical.slice(2)),
      ]);
      const best = userSpaces(
        memory,
        account.tasks.filter((task) => task.comm === "mapper"),
      )
        .map((space) => expected.map(([address]) => [address, translated(space, BigInt(address ?? 0))]))
        .sort((a, b) => agreement(b, expected) - agreement(a, expected))[0];
      assert.deepEqual(best, expected);
    });
  }

  const crashPages = join(ref, "vm-p-many.txt");
  if (existsSync(crashPages)) {
    test(`${name}: pages of a task map to the physical addresses that crash gives`, () => {
      const { memory } = open(vmcore);
      const text = readFileSync(crashPages, "utf8");
      const pgd = /^[0-9a-f]{16}\s+([0-9a-f]{16})/m.exec(text)?.[1] ?? "";
      const user = memory.user(BigInt(`0x${pgd}`), "many-files");
      let compared = 0;
      for (const [, address, physical] of text.matchAll(/^([0-9a-f]+)\s+([0-9a-f]+|FILE.*|\(not mapped\))$/gm)) {
        if (address === undefined || address.length > 15 || physical === undefined) continue;
        assert.equal(
          translated(user, BigInt(`0x${address}`)),
          /^[0-9a-f]+$/.test(physical) ? physical : "unmapped",
          address,
        );
        compared++;
      }
      assert.ok(compared > 100);
    });

    test(`${name}: vtop's walk is crash's`, () => {
      const { memory } = open(vmcore);
      const text = readFileSync(join(ref, "vtop-task.txt"), "utf8");
      const address = /^([0-9a-f]{16})/m.exec(text)?.[1] ?? "";
      const walk = memory.translate(BigInt(`0x${address}`));
      assert.ok(!(walk instanceof Fault));
      const steps = [...text.matchAll(/^ +P(?:UD|MD|TE): ([0-9a-f]+) => ([0-9a-f]+)/gm)].map(([, at, entry]) => [
        at,
        entry,
      ]);
      // crash names the entry of the top level "PAGE DIRECTORY" and shows its value alone.
      assert.deepEqual(
        walk.steps.slice(1).map(({ entryAddress, entry }) => [hex(entryAddress), hex(entry)]),
        steps,
      );
      assert.equal(hex(walk.steps[0]?.entry ?? 0n), /PAGE DIRECTORY: ([0-9a-f]+)/.exec(text)?.[1]);
    });
  }
}

/** A space for every word of the tasks' mm_struct that may be its pgd: at this floor there are no types to tell. */
function userSpaces(memory: KernelMemory, tasks: readonly (DrgnTask & { readonly mm?: string })[]): AddressSpace[] {
  return tasks.flatMap(({ mm }) =>
    Array.from({ length: 64 }, (_, index) => BigInt(mm ?? 0) + BigInt(index * memory.wordSize))
      .map((at) => attempt(() => memory.word(at)))
      .flatMap((word) => (word instanceof Fault || word === 0n ? [] : [memory.user(word, `mapper ${hex(word)}`)])),
  );
}

const agreement = (
  found: readonly (readonly (string | undefined)[])[],
  expected: readonly (readonly string[])[],
): number => found.filter((row, index) => row[1] === expected[index]?.[1]).length;
