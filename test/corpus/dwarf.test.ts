/** Functions, inlined calls, files and lines of every frame that drgn found in the stored dumps, by pc alone. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openFile } from "../../src/base/file.ts";
import { type Dwarf, openDwarf } from "../../src/debuginfo/dwarf/dwarf.ts";
import { openElf } from "../../src/elf/elf.ts";
import { type ElfSymbols, elfSymbols } from "../../src/debuginfo/symbols/elfSymbols.ts";
import { type CorpusDump, corpus, drgnAccount, type DrgnAccount, type DrgnFrame, storedDumps, vmlinuxOf } from "./corpus.ts"; // prettier-ignore

if (storedDumps.length === 0) test("the corpus is absent: no line was compared", { skip: "no corpus" }, () => {});

/** Where drgn has a bare address for a frame, and we the function whose padding the address lies in. */
const drgnIsSilent: Readonly<Record<string, string>> = {
  // A stray word behind the stack of a zombie that had begun to be freed.
  "x86_64-6.1/sysrq ffffffff810e0f1f": "dequeue_entity",
};

type Frame = DrgnFrame & { readonly col?: number; readonly offset?: string };

/** The frames at each pc: inlined calls, then the function. */
function groups(account: DrgnAccount): Frame[][] {
  const all: Frame[][] = [];
  for (const { stack } of account.tasks) {
    let group: Frame[] = [];
    for (const frame of stack ?? []) {
      group.push(frame);
      if (frame.inline) continue;
      all.push(group);
      group = [];
    }
  }
  return all;
}

/** Run-time minus link address, by the first symbol that there is one of. */
function bias(frames: readonly Frame[], symbols: ElfSymbols): bigint {
  for (const { pc, symbol, offset } of frames) {
    const found = symbol === undefined ? [] : symbols.named(symbol);
    if (found.length === 1 && pc && offset) return BigInt(pc) - BigInt(offset) - found[0]!.address;
  }
  return 0n;
}

/** What drgn looked up: the pc of an interrupted frame, else the call before it. */
const lookedUp = ({ pc, interrupted }: Frame): bigint => BigInt(pc ?? 0) - (interrupted ? 0n : 1n);

const drgnLine = ({ name, inline, file, line, col }: Frame): string =>
  `${name ?? ""}${inline ? " inlined" : ""} ${file ?? ""}:${line ?? ""}:${col ?? ""}`;

const ourLines = ({ code }: Dwarf, pc: bigint): string[] =>
  code.scopes(pc).map(({ function: name, inlined, source }) =>
    `${name}${inlined ? " inlined" : ""} ${source?.file ?? ""}:${source?.line ?? ""}:${source?.column ?? ""}`); // prettier-ignore

/** Modules of the corpus, placed where the dump has their sections. */
function modules(dump: CorpusDump, account: DrgnAccount): Dwarf[] {
  return account.modules.flatMap(({ name, sections }) => {
    const path = join(corpus, dump.family, "modules", `${name}.ko`);
    if (!existsSync(path) || !sections) return [];
    const placement = (section: string): bigint | undefined =>
      sections[section] === undefined ? undefined : BigInt(sections[section]);
    return [openDwarf(openElf(openFile(path)), { placement })];
  });
}

for (const dump of storedDumps) {
  const vmlinux = vmlinuxOf(dump.family);
  const skip = vmlinux && dump.ref ? false : `no vmlinux of ${dump.family} to be had`;
  test(`${dump.name}: names, inlined calls, files and lines are drgn's at every pc`, { skip }, (context) => {
    const account = drgnAccount(dump.ref!);
    const all = groups(account);
    const elf = openElf(openFile(vmlinux!));
    const symbols = elfSymbols(elf);
    const offset = bias(all.flat(), symbols);
    const kernel = openDwarf(elf);
    const others = modules(dump, account);
    const differences: string[] = [];
    let compared = 0;
    for (const group of all) {
      const runtime = lookedUp(group[0]!);
      const pc = runtime - offset;
      let ours = ourLines(kernel, pc);
      for (const module of others) if (ours.length === 0) ours = ourLines(module, runtime);
      // Of bare addresses drgn says nothing: user space, stray words, and hello_init, which it does not look for in .init.text.
      if (group.every(({ file }) => file === undefined)) continue;
      compared++;
      const theirs = group.map(drgnLine).join("; ");
      const silent = drgnIsSilent[`${dump.name} ${pc.toString(16)}`];
      const expected = silent === undefined ? theirs : theirs.replace(/^0x\w+/, silent);
      if (ours.join("; ") !== expected)
        differences.push(`${pc.toString(16)}\n  drgn ${theirs}\n  ours ${ours.join("; ")}`);
    }
    context.diagnostic(`${compared} pcs compared`);
    assert.ok(compared > 100, `only ${compared} pcs were compared`);
    assert.deepEqual([...new Set(differences)], []);
  });
}
