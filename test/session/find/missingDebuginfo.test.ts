import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { moduleName, modules } from "../../../src/linux/module/module.ts";
import { Cancelled, drive, toEnd } from "../../../src/base/job.ts";
import {
  missingDebuginfo,
  missingModules,
  missingVmlinux,
  vmlinuxNotice,
} from "../../../src/session/find/missingDebuginfo.ts";
import { ModuleFiles } from "../../../src/session/find/moduleFiles.ts";
import { ModuleDebuginfos } from "../../../src/session/open/moduleDebuginfos.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { debuginfoPlaces } from "../../builders/debuginfoPlaces.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { xz } from "../../builders/xz.ts";

const folder = mkdtempSync(join(tmpdir(), "missing-"));
after(() => rmSync(folder, { recursive: true }));
copyFileSync("sample/lab_nullderef.ko", join(folder, "lab_nullderef.ko"));
const open = (directory: string) => openSession({ vmcore: ["sample/vmcore"], modules: [directory] });
const names = (missing: readonly { readonly name: string }[]): string[] => missing.map(({ name }) => name);

test("the missing debuginfo of a session is the kernel's and that of each module without any, one entry per module", () => {
  const session = open(folder);
  const loaded = [...modules(session.kernel)].map(moduleName);
  const steps: string[] = [];
  const job = missingDebuginfo(session);
  let step = job.next();
  for (; !step.done; step = job.next()) steps.push(`${step.value.done} of ${step.value.total}`);
  assert.deepEqual(names(step.value), ["vmlinux", ...loaded.filter((name) => name !== "lab_nullderef")]);
  assert.deepEqual(names(missingVmlinux(session)), ["vmlinux"]);
  assert.deepEqual([...new Set(steps)].at(-1), `${loaded.length} of ${loaded.length}`);
  assert.ok(steps.length >= loaded.length);
  assert.deepEqual(names(toEnd(missingModules(session, (name) => name === "virtio_blk"))), ["virtio_blk"]);
  session.close();
});

test("a cancelled search leaves the rest unsearched; other requests are answered meanwhile", async () => {
  const packed = join(folder, "packed");
  mkdirSync(packed);
  writeFileSync(join(packed, "lab_nullderef.ko.xz"), xz(readFileSync("sample/lab_nullderef.ko")));
  const session = open(packed);
  const abort = new AbortController();
  const asked: string[] = [];
  const module = [...modules(session.kernel)].find((one) => moduleName(one) === "lab_nullderef")!;
  const onStep = (): void => {
    asked.push(session.debuginfos.of(module, "lab_nullderef")?.path ?? "none");
    if (asked.length === 3) abort.abort();
  };
  await assert.rejects(drive(missingModules(session), abort.signal, { onStep }), Cancelled);
  assert.deepEqual(
    asked,
    Array.from({ length: 3 }, () => join(packed, "lab_nullderef.ko.xz")),
  );
  session.close();
});

test("the search pauses while it unpacks a large module", () => {
  const session = open(join(folder, "packed"));
  const module = [...modules(session.kernel)].find((one) => moduleName(one) === "lab_nullderef")!;
  const job = session.debuginfos.finding(module, "lab_nullderef");
  let pauses = 0;
  while (!job.next().done) pauses++;
  assert.ok(pauses >= 3, `${pauses} pauses`);
  session.close();
});

test("a module is not said to be missing when the list of modules cannot be read", () => {
  const debuginfos = new ModuleDebuginfos(new ModuleFiles({ directories: [] }));
  debuginfos.serve(toyKernel(), () => {});
  assert.throws(() => debuginfos.load("ext4", undefined), /^UsageError: the list of modules cannot be read: /);
});

test("a session that found no vmlinux says so in one sentence, with the command that installs it", () => {
  const opened = (files: Parameters<typeof debuginfoPlaces>[0], search = true) => {
    const session = openSession({ vmcore: ["sample/vmcore"], ...(search && { search: debuginfoPlaces(files) }) });
    const notice = vmlinuxNotice(session);
    session.close();
    return notice;
  };
  const { sentence = "", install } = opened({}) ?? {};
  const [, places] =
    /^No vmlinux was found in (\d+) places: the kernel's lines and locals are missing/.exec(sentence) ?? [];
  assert.ok(Number(places) > 5, sentence);
  assert.equal(install, "apt-get install linux-image-6.1.0-56-cloud-amd64-dbg=6.1.192-2");
  const other = opened({ "dump/vmlinux": { buildId: "aa".repeat(20) } });
  assert.match(other?.sentence ?? "", /\(1 of them has a file that cannot be used\)/);
  assert.equal(opened({}, false), undefined);
});
