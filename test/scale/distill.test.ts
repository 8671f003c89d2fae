/** Distilled dumps as crash and drgn see them: the stored sysrq dump, and the guest of 4,000 tasks with its user pages. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { toEnd } from "../../src/base/job.ts";
import { openDump } from "../../src/dump/formats.ts";
import { openFile, bytesFile } from "../../src/base/file.ts";
import { taskTable } from "../../src/linux/sched/task.ts";
import { distillingFrom } from "../../src/session/distill/distill.ts";
import { sessionOver } from "../../src/session/open/open.ts";
import { altered, type Change } from "../builders/alteredDump.ts";
import { MemoryFile } from "../builders/memoryFile.ts";
import { corpus, hasDrgn as hasPeers, made, peers, runProgram, vmlinuxOf } from "../corpus/corpus.ts";

const vmlinux = hasPeers ? vmlinuxOf("x86_64-6.1") : undefined;
const skip = vmlinux === undefined && "NOT RUN: no corpus, no peers, or no vmlinux of x86_64-6.1 to be had";
const folder = mkdtempSync(join(tmpdir(), "vmcore-distill-"));
after(() => rmSync(folder, { recursive: true }));

const sysrq = join(corpus, "x86_64-6.1/sysrq/vmcore");
const guest = join(made, "scale4k", "vmcore.elf");

/** Without the lines that name the file, and the warning that data was erased. */
const comparable = (text: string): string =>
  text.slice(Math.max(0, text.indexOf("      KERNEL:"))).replace(/^ *DUMPFILE:.*$/gm, "");

function crash(vmcore: string): string {
  const input = "set scroll off\nsys\nbt -a\nps\nlog\nmod\nexit\n";
  return comparable(spawnSync(peers, ["crash", "-s", vmlinux!, vmcore], { input, encoding: "utf8", maxBuffer: 1 << 28 }).stdout); // prettier-ignore
}

const drgn = (vmcore: string, line: string): string =>
  comparable(spawnSync(peers, ["drgn-crash", vmlinux!, vmcore, line], { encoding: "utf8", maxBuffer: 1 << 28 }).stdout);

test("crash and drgn agree on a distilled dump, which has less than a quarter of the size", { skip }, () => {
  const small = join(folder, "small");
  const { status, stderr } = runProgram(["distill", "--no-search", "--vmlinux", vmlinux!, sysrq, "-o", small]);
  assert.equal(status, 0, stderr);
  assert.ok(statSync(small).size < statSync(sysrq).size / 4, `${statSync(small).size} bytes`);
  assert.equal(crash(small), crash(sysrq));
  for (const line of ["sys", "bt -a", "ps", "log", "mod"]) assert.equal(drgn(small, line), drgn(sysrq, line), line);
});

const skipGuest = !existsSync(guest) && "NOT RUN: the guest of 4,000 tasks is made by scale.test.ts";

test(
  "secrets in arguments, environments and stacks of 4,000 tasks are not in the scrubbed dump",
  { skip: skip || skipGuest },
  () => {
    const source = openDump([openFile(guest)]);
    const { kernel } = sessionOver(source, { vmcore: [guest] });
    const changes: Change[] = [];
    for (const task of taskTable(kernel).tasks) {
      if (changes.length === 50 || task.at("mm").value() === 0n) continue;
      const mm = task.at("mm").deref();
      const space = kernel.memory.user(mm.at("pgd").value(), "user");
      for (const member of ["arg_start", "env_start", "start_stack"]) {
        const place = attempt(() => space.translate(mm.at(member).value()));
        if (!(place instanceof Fault) && source.has(Number(place.physical >> 12n)) && changes.length < 50)
          changes.push([Number(place.physical), Buffer.from(`secret#${changes.length}#`).toString("hex")]);
      }
    }
    assert.equal(changes.length, 50);
    const file = new MemoryFile();
    const options = { open: { vmcore: [guest] }, commands: ["ps -a"], keep: [], scrub: { names: false } };
    toEnd(distillingFrom(altered(source, changes), () => file, options));
    const image = openDump([bytesFile("small", file.bytes)]);
    for (let pfn = image.next(0); pfn >= 0; pfn = image.next(pfn + 1)) {
      const page = image.page(pfn);
      assert.ok(page instanceof Fault || !Buffer.from(page).includes("secret#"), `page ${pfn}`);
    }
  },
);
