import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { Budget } from "../../../src/base/budget.ts";
import { missingDebuginfo } from "../../../src/session/find/missingDebuginfo.ts";
import { toEnd } from "../../../src/base/job.ts";
import { OpenError, type OpenOptions, openSession } from "../../../src/session/open/open.ts";
import { hasPackages, withoutPackages } from "../../../src/session/fetch/packages.ts";
import { debuginfoFile } from "../../builders/debuginfoFile.ts";
import { deb, rpm } from "../../builders/packages.ts";
import { xz } from "../../builders/xz.ts";

const MODULE = readFileSync("sample/lab_nullderef.ko");
const MODULE_ID = "ceabf09db29b042eb1e570ed4fc2fb69f5a32153";
const vmcore = [resolve("sample/vmcore")];
let folder: string;
let store: string;
const inFolder = (path: string): string => join(folder, path);

before(() => {
  folder = mkdtempSync(join(tmpdir(), "packages-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, bytes: Uint8Array): string {
  store = inFolder(`store-${name}`);
  writeFileSync(inFolder(name), bytes);
  return inFolder(name);
}

/** The file that the session uses for the module. */
function moduleDebuginfo(options: OpenOptions): string | undefined {
  const session = openSession(options);
  toEnd(missingDebuginfo(session));
  const path = session.debuginfos.path("lab_nullderef");
  session.close();
  return path;
}

const files = {
  "./usr/lib/debug/lib/modules/6.1/extra/lab-nullderef.ko.debug": MODULE,
  "./usr/lib/debug/lib/modules/6.1/other.ko.debug": Buffer.from("not wanted"),
  "./usr/share/doc/copyright": "text",
};

for (const [name, bytes] of [
  ["modules.deb", deb(files)],
  ["modules.rpm", rpm(files)],
] as const) {
  test(`a module's debuginfo is unpacked from ${name} into the store, by its build ID`, async () => {
    const path = write(name, bytes);
    const { options, remarks } = await withoutPackages({ vmcore, modules: [path] }, store, {});
    assert.deepEqual(remarks, []);
    assert.deepEqual(options.modules, []);
    assert.equal(moduleDebuginfo(options), join(store, MODULE_ID, "debuginfo"));
    assert.deepEqual(readFileSync(join(store, MODULE_ID, "debuginfo")), MODULE);
    assert.equal(readdirSync(store).filter((entry) => entry.endsWith(".part")).length, 0);
  });
}

test("modules that are packed one by one inside of a package, as Ubuntu's are, are unpacked", async () => {
  for (const [suffix, bytes] of [
    ["zst", zstdCompressSync(MODULE)],
    ["xz", xz(MODULE)],
  ] as const) {
    const path = write(`packed-${suffix}.ddeb`, deb({ [`./usr/lib/debug/6.8/lab-nullderef.ko.${suffix}`]: bytes }));
    const { options } = await withoutPackages({ vmcore, modules: [path] }, store, {});
    assert.equal(moduleDebuginfo(options), join(store, MODULE_ID, "debuginfo"));
    assert.deepEqual(readFileSync(join(store, MODULE_ID, "debuginfo")), MODULE);
    assert.deepEqual(readdirSync(store).filter((entry) => entry.endsWith(".part")), []); // prettier-ignore
  }
});

test("an unpacked package is not unpacked again while its files are in the store", async () => {
  const path = write("twice.deb", deb(files));
  let unpackings = 0;
  const open = async (): Promise<void> => {
    const before = existsSync(store) ? readdirSync(store).length : 0;
    const { options } = await withoutPackages({ vmcore, modules: [path] }, store, {});
    assert.ok(moduleDebuginfo(options));
    if ((existsSync(store) ? readdirSync(store).length : 0) !== before) unpackings++;
  };
  await open();
  await open();
  assert.equal(unpackings, 1);
  // elfutils cleans the store of what is not used.
  rmSync(join(store, MODULE_ID), { recursive: true });
  await open();
  assert.equal(unpackings, 2);
});

test("a package next to the dump is used if its name says that it contains debuginfo", async () => {
  const beside = inFolder("beside");
  mkdirSync(beside);
  store = inFolder("store-beside");
  copyFileSync("sample/vmcore", join(beside, "vmcore"));
  const options = {
    vmcore: [join(beside, "vmcore")],
    search: { beside: [beside], directories: [], root: inFolder("none"), store, cache: undefined },
  };
  assert.equal(hasPackages(options), false);
  writeFileSync(join(beside, "hello_1.0_amd64.deb"), "no debuginfo");
  assert.equal(hasPackages(options), false);
  writeFileSync(join(beside, "linux-image-6.1-dbg_6.1_amd64.deb"), deb(files));
  writeFileSync(join(beside, "kernel-debuginfo-6.1.rpm"), "a damaged one");
  assert.equal(hasPackages(options), true);
  const { options: without, remarks } = await withoutPackages(options, store, {});
  assert.equal(moduleDebuginfo(without), join(store, MODULE_ID, "debuginfo"));
  assert.deepEqual(remarks, [`${join(beside, "kernel-debuginfo-6.1.rpm")} is not a Debian or RPM package`]);
});

test("a vmlinux from a package is used if it is of the dump's build, or if the user forces it", async () => {
  const buildId = "ab".repeat(20);
  const vmlinux = debuginfoFile({ buildId });
  const path = write("vmlinux.deb", deb({ "./usr/lib/debug/boot/vmlinux-6.1.0-1": vmlinux }));
  await assert.rejects(
    withoutPackages({ vmcore, vmlinux: path }, store, {}),
    /vmlinux\.deb contains the vmlinux of another build: its build ID is abab/,
  );
  // The user's own word is enough.
  const { options, remarks } = await withoutPackages({ vmcore, vmlinux: path, force: true }, store, {});
  assert.equal(options.vmlinux, join(store, buildId, "debuginfo"));
  assert.deepEqual(remarks, []);
});

test("of a package next to the dump, only the files that the dump needs are stored in the store, and no file there is replaced", async () => {
  const beside = inFolder("poison");
  mkdirSync(beside);
  store = inFolder("store-poison");
  copyFileSync("sample/vmcore", join(beside, "vmcore"));
  const foreign = {
    "./usr/lib/debug/boot/vmlinux-6.1": debuginfoFile({ buildId: "ab".repeat(20) }),
    "./lab_nullderef.ko": debuginfoFile({ buildId: "cd".repeat(20) }),
  };
  writeFileSync(join(beside, "linux-image-a-dbg_1.deb"), deb(foreign));
  const options = {
    vmcore: [join(beside, "vmcore")],
    search: { beside: [beside], directories: [], root: inFolder("none"), store, cache: undefined },
  };
  for (const round of ["first", "noted"]) {
    await withoutPackages(options, store, {});
    assert.deepEqual(
      readdirSync(store).filter((name) => !name.endsWith(".json")),
      [],
      round,
    );
  }
  mkdirSync(join(store, MODULE_ID));
  writeFileSync(join(store, MODULE_ID, "debuginfo"), "what is there");
  writeFileSync(join(beside, "linux-image-b-dbg_1.deb"), deb(files));
  await withoutPackages(options, store, {});
  assert.equal(readFileSync(join(store, MODULE_ID, "debuginfo"), "utf8"), "what is there");
});

test("a package that unpacks to more than the limit of the session is refused, and leaves no files", async () => {
  const path = write("bomb.deb", deb({ "boot/vmlinux-6.1": Buffer.alloc(40 << 20) }));
  const budget = new Budget({ kept: 32 << 20, remedy: "an option allows more" });
  await assert.rejects(
    withoutPackages({ vmcore, vmlinux: path, budget }, store, {}),
    /bomb\.deb unpacks to more than 0\.03 GiB: an option allows more/,
  );
  assert.deepEqual(readdirSync(store), []);
});

test("a package without a usable vmlinux, a damaged package and a missing package are reported", async () => {
  const stripped = debuginfoFile({ buildId: "cd".repeat(20), dwarf: false });
  const of = (path: string): Promise<unknown> => withoutPackages({ vmcore, vmlinux: path }, store, {});
  await assert.rejects(
    of(write("a.deb", deb({ "boot/vmlinux-6.1": stripped }))),
    /a\.deb does not contain a vmlinux with debuginfo/,
  );
  assert.deepEqual(
    readdirSync(store).filter((name) => !name.endsWith(".json")),
    [],
  );
  await assert.rejects(of(write("b.deb", deb(files).subarray(0, 5000))), OpenError);
  await assert.rejects(of(write("c.rpm", rpm(files).subarray(0, 5000))), OpenError);
  await assert.rejects(of(write("d.rpm", Buffer.from("text"))), /d\.rpm is not a Debian or RPM package/);
  await assert.rejects(of(inFolder("absent.deb")), OpenError);
  for (const name of ["b.deb", "c.rpm", "d.rpm"]) {
    const left = existsSync(inFolder(`store-${name}`)) ? readdirSync(inFolder(`store-${name}`)) : [];
    assert.deepEqual(left, [], name);
  }
});

test('names with ".." in a package create no files', async () => {
  const path = write("hostile.deb", deb({ "../../../../tmp/evil/lab_nullderef.ko": MODULE }));
  await withoutPackages({ vmcore, modules: [path] }, store, {});
  assert.deepEqual(
    readdirSync(store).filter((name) => !name.endsWith(".json")),
    [MODULE_ID],
  );
});

test("the dump opens without a package whose unpacking is cancelled", async () => {
  const path = write("cancelled.deb", deb(files));
  const { options, remarks } = await withoutPackages({ vmcore, modules: [path] }, store, {
    signal: AbortSignal.abort(),
  });
  assert.deepEqual(remarks, [`${path} was not unpacked: cancelled`]);
  assert.equal(moduleDebuginfo(options), undefined);
});

test("a note that somebody else wrote is not believed", async () => {
  const path = write("note.deb", deb(files));
  await withoutPackages({ vmcore, modules: [path] }, store, {});
  const note = join(store, readdirSync(store).find((name) => name.endsWith(".json")) ?? "");
  rmSync(join(store, MODULE_ID), { recursive: true });
  writeFileSync(note, '{"vmlinux":"../../etc","modules":{}}');
  const { options } = await withoutPackages({ vmcore, modules: [path] }, store, {});
  assert.ok(moduleDebuginfo(options));
});
