import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { crc32, gzipSync, zstdCompressSync } from "node:zlib";
import { Budget } from "../../../src/base/budget.ts";
import { modules, moduleName } from "../../../src/linux/module/module.ts";
import { ModuleFiles, type ModuleSearch } from "../../../src/session/find/moduleFiles.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { debuginfoFile, type DebuginfoParts } from "../../builders/debuginfoFile.ts";
import { debuginfoPlaces } from "../../builders/debuginfoPlaces.ts";
import { xz } from "../../builders/xz.ts";

const { kernel } = openSession({ vmcore: ["sample/vmcore"] });
const module = [...modules(kernel)].find((one) => moduleName(one) === "lab_nullderef")!;
const buildId = new ModuleFiles({ directories: [] }).search(module, "lab_nullderef").buildId!;
const ET_REL = 1;
const ko = (parts: DebuginfoParts = {}) => ({ type: ET_REL, buildId, ...parts });

/** What becomes of a module's file, and of the others that stand there. */
function outcome(files: Parameters<typeof debuginfoPlaces>[0]): string[] {
  const { root, store, cache } = debuginfoPlaces(files);
  const places = { directories: [`${root}/mine`], debugDirectories: [`${root}/debug`], store, cache };
  const { tries }: ModuleSearch = new ModuleFiles(places).search(module, "lab_nullderef");
  return tries.map(({ path, outcome, why }) => `${outcome} ${path.slice(root.length + 1)} ${why}`);
}

test("the sample's module has a build ID", () => assert.match(buildId, /^[0-9a-f]{40}$/));

test("a module's debuginfo is found by name, in any folder, as a file has it", () => {
  for (const name of ["extra/lab_nullderef.ko", "lab-nullderef.ko.debug"]) {
    assert.deepEqual(outcome({ [`mine/${name}`]: ko() }), [`taken mine/${name} has the module's build ID`]);
  }
});

const packings = { gz: gzipSync, zst: zstdCompressSync, xz } as const;

for (const [suffix, pack] of Object.entries(packings))
  test(`a module packed as .ko.${suffix} is unpacked into the store and found there the next time`, () => {
    const path = `mine/lab_nullderef.ko.${suffix}`;
    const { root, store } = debuginfoPlaces({ [path]: pack(debuginfoFile(ko())) });
    const copy = join(store!, buildId, "debuginfo");
    const files = new ModuleFiles({ directories: [`${root}/mine`], store });
    const { found, tries } = files.search(module, "lab_nullderef");
    assert.equal(found?.path, join(root, path));
    assert.deepEqual(tries.map(({ why }) => why), [`has the module's build ID; unpacked into ${copy}`]); // prettier-ignore
    assert.deepEqual(readFileSync(copy), Buffer.from(debuginfoFile(ko())));
    assert.equal(files.search(module, "lab_nullderef").found?.path, copy);
    assert.deepEqual(readdirSync(join(store!, buildId)), ["debuginfo"]);
  });

test("without a writable store, a packed module is kept in memory", () => {
  const { root } = debuginfoPlaces({ "mine/lab_nullderef.ko.xz": xz(debuginfoFile(ko())), file: "" });
  for (const store of [undefined, join(root, "file")]) {
    const { tries } = new ModuleFiles({ directories: [root], store }).search(module, "lab_nullderef");
    assert.deepEqual(tries.map(({ why }) => why), ["has the module's build ID"]); // prettier-ignore
  }
});

test("a packed module of another build, a stripped one and a damaged one are refused, and leave no files", () => {
  const other = debuginfoFile(ko({ buildId: "ff".repeat(20) }));
  const reasons = (bytes: Uint8Array): string => {
    const { root, store } = debuginfoPlaces({ "mine/lab_nullderef.ko.xz": bytes });
    const { tries } = new ModuleFiles({ directories: [root], store }).search(module, "lab_nullderef");
    assert.equal(existsSync(store!), false);
    return tries.map(({ outcome, why }) => `${outcome}: ${why}`).join();
  };
  for (const pack of Object.values(packings)) {
    assert.match(reasons(pack(other)), /^refused: is of another build: its build ID is f{40}/);
    assert.equal(reasons(pack(debuginfoFile(ko({ dwarf: false })))), "refused: was stripped: it has no DWARF");
    assert.equal(reasons(pack(Buffer.from("text"))), "refused: is not a module: not an ELF file");
    assert.match(reasons(pack(debuginfoFile(ko())).subarray(0, 100)), /^refused: cannot be unpacked: /);
  }
});

test("a packed module that would fill the memory is refused", () => {
  const path = "mine/lab_nullderef.ko";
  const bomb = xz(Buffer.from("x"), { size: 2 ** 40 });
  assert.deepEqual(outcome({ [`${path}.xz`]: bomb }), [
    `refused ${path}.xz cannot be unpacked: would unpack to ${2 ** 40} bytes, more than the limit of ${new Budget().room - bomb.length}`,
  ]);
  const frame = Buffer.concat([zstdCompressSync(Buffer.alloc(64 << 20))]);
  const many = Buffer.concat(Array.from({ length: 9 }, () => frame));
  const refused = (packed: Uint8Array): string =>
    `is too large to be unpacked in memory: it needs more than the ${new Budget().room - packed.length} bytes that are left`;
  assert.deepEqual(outcome({ [`${path}.zst`]: many }), [`refused ${path}.zst ${refused(many)}`]);
  const zeros = gzipSync(Buffer.alloc(600 << 20), { level: 1 });
  assert.deepEqual(outcome({ [`${path}.gz`]: zeros }), [`refused ${path}.gz ${refused(zeros)}`]);
});

test("a module's debuginfo is found by build ID in debug directories, the store and debuginfod's cache", () => {
  for (const path of [
    `debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`,
    `store/${buildId}/debuginfo`,
    `cache/${buildId}/debuginfo`,
  ])
    assert.deepEqual(outcome({ [path]: ko() }), [`taken ${path} has the module's build ID`]);
});

test("a file of another build, a stripped one and a damaged one are refused, each for its reason", () => {
  const other = "ff".repeat(20);
  assert.deepEqual(outcome({ "mine/lab_nullderef.ko": ko({ buildId: other }) }), [
    `refused mine/lab_nullderef.ko is of another build: its build ID is ${other}, the module in the dump has ${buildId}`,
  ]);
  assert.deepEqual(outcome({ "mine/lab_nullderef.ko": ko({ dwarf: false }) }), [
    "refused mine/lab_nullderef.ko was stripped: it has no DWARF",
  ]);
  const packed = { name: ".debug_info", flags: 0x800, bytes: new Uint8Array(64).fill(0xff) };
  assert.match(
    outcome({ "mine/lab_nullderef.ko": ko({ dwarf: false, sections: [packed] }) }).join(),
    /^refused mine\/lab_nullderef.ko cannot be used: .* \.debug_info: compression type 4294967295 is not known$/,
  );
  assert.deepEqual(outcome({ "mine/lab_nullderef.ko": "text" }), [
    "refused mine/lab_nullderef.ko is not a module: not an ELF file",
  ]);
});

test("the debuginfo of a stripped module is found through .gnu_debuglink, by build ID or by checksum", () => {
  const link = (sum: number): Uint8Array => {
    const name = Buffer.from("split.debug\0"); // 12 bytes: no padding
    const crc = Buffer.alloc(4);
    crc.writeUInt32LE(sum);
    return Buffer.concat([name, crc]);
  };
  const stripped = (sum: number, id: { buildId?: string }) => ({
    type: ET_REL,
    dwarf: false,
    ...id,
    sections: [{ name: ".gnu_debuglink", bytes: link(sum) }],
  });
  const at = "mine/lab_nullderef.ko";
  const split = "mine/.debug/split.debug";
  const anonymous = debuginfoFile({ type: ET_REL });
  assert.deepEqual(outcome({ [at]: stripped(0, { buildId }), [split]: ko() }), [
    `taken ${split} has the module's build ID`,
  ]);
  assert.deepEqual(outcome({ [at]: stripped(crc32(anonymous), {}), [split]: anonymous }), [
    `taken ${split} has the module's name`,
  ]);
  assert.deepEqual(outcome({ [at]: stripped(1, {}), [split]: anonymous }), [
    `refused ${at} was stripped: it has no DWARF`,
  ]);
  const open = readdirSync("/proc/self/fd").length;
  assert.deepEqual(outcome({ [at]: stripped(0, { buildId }), [split]: ko({ buildId: "ab".repeat(20) }) }), [
    `refused ${at} was stripped: it has no DWARF, and the file that its .gnu_debuglink names is of another build`,
  ]);
  assert.equal(readdirSync("/proc/self/fd").length, open);
});

test("a file without a build ID that the user names for a module is taken because it was named", () => {
  const { root } = debuginfoPlaces({ "any.ko": { type: ET_REL } });
  const { tries } = new ModuleFiles({ directories: [] }).named(module, `${root}/any.ko`);
  assert.deepEqual(tries.map(({ outcome, why }) => [outcome, why]), [["taken", "was named for the module"]]); // prettier-ignore
});

test("a module whose dwz file is missing is used, and the missing data is reported", () => {
  const link = Buffer.concat([Buffer.from("common.dwz\0"), Buffer.from("cd".repeat(20), "hex")]);
  const at = "mine/lab_nullderef.ko";
  const lacking = ko({ sections: [{ name: ".gnu_debugaltlink", bytes: link }] });
  assert.match(outcome({ [at]: lacking }).join(), /^taken mine\/lab_nullderef\.ko has the module's build ID; but the names and types that dwz moved to \S+\/mine\/common\.dwz are unknown, because that file is missing or has another build ID/); // prettier-ignore
  const whole = { [at]: lacking, "mine/common.dwz": { buildId: "cd".repeat(20) } };
  assert.deepEqual(outcome(whole), [`taken ${at} has the module's build ID`]);
});

test("in a build tree, modules are found by the lists that kernels of any age write, whatever the size of the tree", () => {
  for (const line of [
    "drivers/lab/lab_nullderef.o",
    "drivers/lab/lab_nullderef.ko",
    "kernel/drivers/lab/lab_nullderef.ko",
  ]) {
    const { root } = debuginfoPlaces({
      "tree/modules.order": `fs/absent.o\n${line}\n../outside.o\n`,
      "tree/drivers/lab/lab_nullderef.ko": ko(),
      "tree/other/lab_nullderef.ko": ko(),
      "outside.ko": ko(),
    });
    const files = new ModuleFiles({ directories: [], trees: [`${root}/tree`] });
    assert.deepEqual(files.paths("lab_nullderef"), [`${root}/tree/drivers/lab/lab_nullderef.ko`]);
    assert.deepEqual(files.paths("outside"), []);
  }
});

test("modules are found relative to the vmlinux: in its tree, below it as in Fedora, next to it", () => {
  const release = kernel.vmcoreinfo("OSRELEASE")!;
  const id = kernel.vmcoreinfo("BUILD-ID")!;
  for (const [vmlinux, path, more] of [
    ["tree/vmlinux", "tree/drivers/lab/lab_nullderef.ko", { "tree/modules.order": "drivers/lab/lab_nullderef.o\n" }],
    [`x/lib/modules/${release}/vmlinux`, `x/lib/modules/${release}/extra/lab_nullderef.ko.debug`, {}],
    ["x/boot/vmlinux", `x/lib/modules/${release}/lab_nullderef.ko`, {}],
    ["given/vmlinux", "given/lab_nullderef.ko", {}],
  ] as const) {
    const search = debuginfoPlaces({ [vmlinux]: { buildId: id }, [path]: ko(), ...more });
    const session = openSession({ vmcore: ["sample/vmcore"], vmlinux: `${search.root}/${vmlinux}`, search });
    assert.equal(session.moduleFiles.find(module, "lab_nullderef")?.path, `${search.root}/${path}`);
    session.close();
  }
});
