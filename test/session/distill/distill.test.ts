import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { bytesFile } from "../../../src/base/file.ts";
import { once } from "../../../src/base/once.ts";
import { toEnd } from "../../../src/base/job.ts";
import { run } from "../../../src/crash/language/language.ts";
import type { DumpImage } from "../../../src/dump/format.ts";
import { openDump } from "../../../src/dump/formats.ts";
import { commandLine } from "../../../src/linux/kdump/crashkernel.ts";
import { taskTable } from "../../../src/linux/sched/task.ts";
import { pieceText } from "../../../src/render/text.ts";
import { BASE_COMMANDS, type DistillOptions, distillingFrom } from "../../../src/session/distill/distill.ts";
import { type Session, sessionOver } from "../../../src/session/open/open.ts";
import { taskStackRange } from "../../../src/unwind/stacks.ts";
import { altered, type Change } from "../../builders/alteredDump.ts";
import { MemoryFile } from "../../builders/memoryFile.ts";

const PATH = "sample/vmcore";
const sample = (): DumpImage => openDump([bytesFile(PATH, readFileSync(PATH))]);

/** Distils a dump without a vmlinux. */
function distilled(source: DumpImage, changes: Partial<DistillOptions> = {}) {
  const file = new MemoryFile();
  const options = { open: { vmcore: [PATH] }, commands: [], keep: [], scrub: undefined, ...changes };
  const result = toEnd(distillingFrom(source, () => file, options));
  return { result, bytes: file.bytes, session: sessionOver(openDump([bytesFile(PATH, file.bytes)]), options.open) };
}

function answer({ context }: Session, line: string): string {
  let text = "";
  for (const piece of run(context, line)) text += pieceText(piece);
  return text;
}

/** All bytes of the pages of a dump. */
function memory(image: DumpImage): Buffer {
  const pages: Uint8Array[] = [];
  for (let pfn = image.next(0); pfn >= 0; pfn = image.next(pfn + 1)) {
    const page = image.page(pfn);
    if (!(page instanceof Fault)) pages.push(Uint8Array.from(page));
  }
  return Buffer.concat(pages);
}

const whole = sessionOver(sample(), { vmcore: [PATH] });
const banner = whole.kernel.symbols.find("linux_proc_banner")!.address;
/** The example, distilled once for several tests. */
const plain = once(() =>
  distilled(sample(), {
    commands: ["mount", "task -R mm 1", "kmem -i", "rd ffffc00000000000"],
    keep: [{ start: banner, end: banner + 4096n }],
  }),
);

test("a distilled dump gives the same answers and is small", () => {
  const { session, bytes, result } = plain();
  for (const line of [...BASE_COMMANDS, "mount", "task -R mm 1", "kmem -i", "bt -f"])
    assert.equal(answer(session, line), answer(whole, line), line);
  assert.ok(bytes.length < readFileSync(PATH).length / 3, `${bytes.length} bytes`);
  assert.equal(result.size, bytes.length);
});

test("a distilled dump says that it is one, and of a page that nothing read that it was not kept", () => {
  const { session } = plain();
  assert.match(session.warnings.join("\n"), /^The dump was distilled by vmcore-debug .*: kept what these commands read: sys; /m); // prettier-ignore
  const source = sample();
  let pfn = source.next(0);
  while (session.dump.has(pfn)) pfn = source.next(pfn + 1);
  assert.match(String(session.dump.page(pfn)), /page was not kept when the dump was distilled/);
});

test("a range of addresses can be kept", () => {
  const read = ({ kernel }: Session): Uint8Array => kernel.memory.read(banner, 4096);
  assert.deepEqual(read(plain().session), read(whole));
});

/** Where secrets are planted: unused words of stacks, registers of user programs, and pages that no command reads. */
function* hidingPlaces({ kernel, dump }: Session): Generator<number> {
  const physical = (address: bigint): number[] => {
    const place = kernel.memory.translate(address);
    return place instanceof Fault || !dump.has(Number(place.physical >> 12n)) ? [] : [Number(place.physical)];
  };
  const { tasks } = taskTable(kernel);
  for (const task of tasks.slice(2, 22)) {
    const stack = attempt(() => taskStackRange(kernel, task));
    if (!(stack instanceof Fault)) yield* physical(stack.start + 256n);
  }
  for (const task of tasks.slice(2, 22)) yield* physical(task.at("thread.fpu").address + 576n);
  for (let pfn = dump.next(dump.maxPfn >> 1); pfn >= 0; pfn = dump.next(pfn + 97)) yield pfn * 4096 + 128;
}

test("fifty secrets are not in a scrubbed dump, nor is the kernel's command line", () => {
  const changes: Change[] = [];
  for (const place of hidingPlaces(whole)) {
    if (changes.length === 50) break;
    changes.push([place, Buffer.from(`secret#${changes.length}#word`).toString("hex")]);
  }
  assert.equal(changes.length, 50);
  const planted = altered(sample(), changes);
  assert.equal(
    memory(planted)
      .toString("latin1")
      .match(/secret#\d+#word/g)?.length,
    50,
  );
  const kept = distilled(planted, { scrub: { names: true }, commands: ["foreach bt -f", "files"] });
  const text = memory(kept.session.dump).toString("latin1");
  assert.deepEqual(text.match(/secret#\d+#word/g), null);
  assert.ok(!text.includes(commandLine(whole.kernel)));
  assert.match(kept.session.dump.facts.eraseinfo ?? "", /^erase keys nullify$/m);
  assert.match(kept.session.warnings.join("\n"), /erased from the dump by "vmcore-debug distill --scrub"/);
  for (const line of ["bt", "ps", "mod"]) assert.equal(answer(kept.session, line), answer(whole, line), line);
  assert.equal(kept.session.dump.facts.utsname?.nodename, "");
});

test("a command that cannot be answered is reported", () => {
  assert.ok(plain().result.unanswered.includes("rd ffffc00000000000"));
});

test("a dump that is distilled twice names only the last commands, and the reasons for absent pages stay true", () => {
  const { bytes } = plain();
  const again = distilled(openDump([bytesFile(PATH, bytes)]), { commands: ["mount"] });
  const eraseinfo = again.session.dump.facts.eraseinfo ?? "";
  assert.equal(eraseinfo.split("distilled by vmcore-debug").length - 1, 1, eraseinfo);
  assert.equal(eraseinfo.split("pages of the source at").length - 1, 1, eraseinfo);
  assert.match(eraseinfo, /; mount$/m);
  // A page of the first dump that neither kept.
  const first = sample();
  let absent = 0;
  for (let pfn = first.next(0); pfn >= 0 && absent < 100; pfn = first.next(pfn + 1)) {
    const page = again.session.dump.page(pfn);
    if (!(page instanceof Fault)) continue;
    absent++;
    assert.match(page.message, /page was not kept when the dump was distilled/);
  }
  assert.equal(absent, 100);
});

test("a command that is wrong is a mistake of the user", () => {
  assert.throws(() => distilled(sample(), { commands: ["nosuch command"] }), {
    name: "UsageError",
    message: /^--for "nosuch command": vmcore-debug: command not found: nosuch/,
  });
});

test("a name of a file that was erased is shown as such", () => {
  const { session } = distilled(sample(), { commands: ["files 1", "mount"], scrub: { names: true } });
  const text = answer(session, "files 1");
  assert.doesNotMatch(text, /\/\//);
  assert.match(text, /<erased>/);
});
