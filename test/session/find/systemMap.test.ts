import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { openFile } from "../../../src/base/file.ts";
import { reportText } from "../../../src/cli/debuginfo.ts";
import { openDump } from "../../../src/dump/formats.ts";
import { openMemory } from "../../../src/memory/openMemory.ts";
import type { DebuginfoPlaces } from "../../../src/session/find/debuginfoPlaces.ts";
import { sessionReport } from "../../../src/session/find/debuginfoReport.ts";
import { toEnd } from "../../../src/base/job.ts";
import { openSession, type Session } from "../../../src/session/open/open.ts";
import { searchSystemMap } from "../../../src/session/find/systemMapSearch.ts";
import { debuginfoPlaces } from "../../builders/debuginfoPlaces.ts";

const vmcore = ["sample/vmcore"];
const folder = mkdtempSync(join(tmpdir(), "vmcore-map-"));
after(() => rmSync(folder, { recursive: true }));

const bare = openSession({ vmcore });
const symbols = [...bare.kernel.symbols.all()].filter(({ module }) => module === undefined);
const offset = BigInt(`0x${bare.kernel.vmcoreinfo("KERNELOFFSET")}`);
bare.close();
assert.ok(offset > 0n && symbols.length > 50_000);

/** A file of symbols as far from where the kernel ran. */
function map(name: string, bias: bigint, lines: (line: string) => string = (line) => line): string {
  const path = join(folder, name);
  const text = symbols.map((one) =>
    lines(
      `${(one.address - (one.address > 1n << 63n ? bias : 0n)).toString(16).padStart(16, "0")} ${one.type} ${one.name}`,
    ),
  );
  writeFileSync(path, `${text.join("\n")}\n`);
  return path;
}

/** The sample with its kallsyms out of reach: VMCOREINFO no longer says where they are, and what they are is unreadable. */
function withoutKallsyms(): string {
  const path = join(folder, "vmcore");
  let text = readFileSync("sample/vmcore").toString("latin1");
  for (const name of ["kallsyms_names", "kallsyms_num_syms"])
    text = text.replace(`SYMBOL(${name})=ffffffff`, `SYMBOL(${name})=00000000`);
  writeFileSync(path, text, "latin1");
  return path;
}

test("if the dump's own symbols cannot be read, a System.map names all addresses, moved by the KASLR offset", (t) => {
  const path = withoutKallsyms();
  const nameless = openSession({ vmcore: [path] });
  t.after(() => nameless.close());
  assert.match(nameless.context.session.limitations.join(), /no symbols/);
  const session = openSession({ vmcore: [path], systemMap: map("System.map", offset) });
  t.after(() => session.close());
  const { kernel, context } = session;
  assert.deepEqual(context.session.limitations, []);
  for (const name of ["panic", "init_task", "schedule"])
    assert.equal(kernel.symbols.find(name)?.address, symbols.find((one) => one.name === name)?.address, name);
  const { address } = kernel.symbols.find("panic")!;
  assert.equal(kernel.symbols.at(address + 4n)?.name, "panic");
  // BTF and tasks are found by symbols as well.
  assert.equal(context.task.at("comm").text(), "insmod");
});

test("a copy of /proc/kallsyms of the same boot is not moved", (t) => {
  const session = openSession({ vmcore: [withoutKallsyms()], systemMap: map("kallsyms", 0n) });
  t.after(() => session.close());
  assert.equal(session.context.task.at("comm").text(), "insmod");
});

test("a System.map also names data if the kernel (without CONFIG_KALLSYMS_ALL) has symbols of functions only", (t) => {
  const functions = map("functions", 0n, (line) => (/ [tTwW] | _[se]text$/.test(line) ? line : "ffffffff81000000 A x"));
  const session = openSession({ vmcore: [withoutKallsyms()], systemMap: functions });
  t.after(() => session.close());
  const { symbols: found } = session.kernel;
  assert.equal(found.find("_end"), undefined);
  const { address } = found.find("schedule")!;
  assert.equal(found.at(address + 4n)?.name, "schedule");
});

/** Names of the lines, so far as something was tried. */
const tried = ({ mapTries }: Session, { root }: DebuginfoPlaces): string[] =>
  mapTries.map(({ path, outcome, why }) => `${outcome} ${path.slice(root.length + 1)} ${why}`);

test("if the dump's own symbols cannot be read, a System.map is found next to the dump, with the kernel, or with its debuginfo", (t) => {
  const path = withoutKallsyms();
  const contents = readFileSync(map("System.map", offset));
  const release = "6.1.0-56-cloud-amd64";
  const dump = openMemory(openDump([openFile(path)]));
  for (const place of [
    "mine/kallsyms.txt",
    `boot/System.map-${release}`,
    `usr/lib/debug/boot/System.map-${release}`,
    `lib/modules/${release}/build/System.map`,
  ])
    // prettier-ignore
    assert.ok(searchSystemMap(dump, debuginfoPlaces({ [place]: contents })).map, place);
  const search = debuginfoPlaces({ "dump/System.map": contents });
  const session = openSession({ vmcore: [path], search });
  t.after(() => session.close());
  assert.deepEqual(tried(session, search), ["taken dump/System.map has the dump's addresses"]);
  assert.equal(session.context.task.at("comm").text(), "insmod");
  const { symbolSources, typeSources, hasDwarf } = toEnd(sessionReport(session, [path]));
  assert.deepEqual([symbolSources, typeSources, hasDwarf], [[join(search.root, "dump/System.map")], ["BTF"], false]);
});

test("all maps found are tried in turn: Debian's that only names a package, another kernel's, the right one", (t) => {
  const other = map("other", offset, (line) => line.replace(/ init_uts_ns$/, " init_uts_ms").replace(/ panic$/, " init_uts_ns")); // prettier-ignore
  const search = debuginfoPlaces({
    "dump/System.map": "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n",
    "dump/kallsyms": "ffffffff81000000 T another_start\n",
    "mine/System.map": readFileSync(other),
    "mine/kallsyms": readFileSync(map("kallsyms", 0n)),
  });
  const path = withoutKallsyms();
  const session = openSession({ vmcore: [path], search });
  t.after(() => session.close());
  assert.deepEqual(tried(session, search), [
    'refused dump/System.map is not a System.map: it has no line "address type name"',
    "refused dump/kallsyms cannot be compared: it has no symbol whose address the dump contains",
    "refused mine/System.map is of another kernel than the dump: it has init_uts_ns at another address",
    "taken mine/kallsyms has the dump's addresses",
  ]);
  assert.match(reportText(toEnd(sessionReport(session, [path]))), /^Files tried for a System\.map:\n {2}refused .*\n {2}refused .*\n {2}refused .*\n {2}taken .*kallsyms/m); // prettier-ignore
});

test("no System.map is searched for if the dump has all symbols", (t) => {
  const search = debuginfoPlaces({ "dump/System.map": "somebody else's" });
  const session = openSession({ vmcore, search });
  t.after(() => session.close());
  assert.deepEqual(tried(session, search), []);
});

test("a map of another kernel, a map without addresses and a file that is not a map are refused", () => {
  const refused = (systemMap: string, message: RegExp) =>
    assert.throws(() => openSession({ vmcore, systemMap }), { name: "OpenError", message });
  refused(map("other", offset, (line) => line.replace(/ init_uts_ns$/, " init_uts_ms").replace(/ panic$/, " init_uts_ns")), /other is of another kernel than the dump: it has init_uts_ns at another address$/); // prettier-ignore
  refused(map("zeros", 0n, (line) => line.replace(/^\S+/, "0".repeat(16))), /zeros has no addresses: copy \/proc\/kallsyms as root/); // prettier-ignore
  const none = join(folder, "none");
  writeFileSync(none, "hello\n");
  refused(none, /is not a System\.map/);
  refused(join(folder, "absent"), /no such System\.map$/);
});
