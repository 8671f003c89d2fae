/** Packages that rpmbuild itself made, their payload packed in each way that distributions use, opened in place. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { stackTrace } from "../../src/linux/sched/stackTrace.ts";
import { tasks } from "../../src/linux/sched/task.ts";
import { openSession } from "../../src/session/open/open.ts";
import { withoutPackages } from "../../src/session/fetch/packages.ts";
import { packageMembers } from "../../src/archive/packageMembers.ts";
import { debuginfoFile } from "../builders/debuginfoFile.ts";

const skip =
  spawnSync("rpmbuild", ["--version"]).status === 0
    ? false
    : "NOT RUN: no rpmbuild on this machine (apt-get install rpm)";

const folder = mkdtempSync(join(tmpdir(), "vmcore-rpm-"));
after(() => rmSync(folder, { recursive: true }));

const RELEASE = "6.1.0-56-cloud-amd64";
const KERNEL = "ab".repeat(20);
const MODULE = readFileSync("sample/lab_nullderef.ko");
const files = {
  [`usr/lib/debug/lib/modules/${RELEASE}/vmlinux`]: debuginfoFile({ buildId: KERNEL }),
  [`usr/lib/debug/lib/modules/${RELEASE}/extra/lab_nullderef.ko.debug`]: MODULE,
  [`usr/lib/debug/lib/modules/${RELEASE}/kernel/other.ko.debug`]: debuginfoFile({ type: 1 }),
  "usr/share/doc/kernel-debuginfo/README": Buffer.from("text"),
};

/** As redhat-rpm-config sets it: w and a level, then who packs. */
const payloads = { zstd: "w19.zstdio", xz: "w2.xzdio", gzip: "w9.gzdio", none: "w.ufdio" };

function build(payload: string): string {
  const top = mkdtempSync(join(folder, "top-"));
  const tree = join(top, "tree");
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(tree, name, ".."), { recursive: true });
    writeFileSync(join(tree, name), bytes);
  }
  const spec = join(top, "kernel.spec");
  writeFileSync(
    spec,
    `%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
Name: kernel-debuginfo
Version: 6.1.0
Release: 56
Summary: debuginfo of a kernel
License: GPL-2.0-only
AutoReqProv: no
%description
debuginfo of a kernel
%install
mkdir -p %{buildroot}
cp -a ${tree}/. %{buildroot}
%files
/usr/lib/debug
/usr/share/doc/kernel-debuginfo
`,
  );
  const defines = [`_topdir ${top}`, `_binary_payload ${payload}`, `_dbpath ${join(top, "db")}`];
  execFileSync("rpmbuild", ["-bb", "--nodeps", "--target", "x86_64", ...defines.flatMap((one) => ["--define", one]), spec], { stdio: "pipe" }); // prettier-ignore
  const made = readdirSync(join(top, "RPMS"), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".rpm")); // prettier-ignore
  assert.equal(made.length, 1);
  return join(top, "RPMS", made[0]!);
}

for (const [name, payload] of Object.entries(payloads))
  test(`debuginfo is taken out of an rpm whose payload is packed with ${name}`, { skip }, async (t) => {
    const path = build(payload);
    const cache = join(folder, `cache-${name}`);
    const seen: [string, Buffer][] = [];
    for await (const member of packageMembers(path, {})) {
      const pieces: Uint8Array[] = [];
      for await (const piece of member.bytes()) pieces.push(Uint8Array.from(piece));
      seen.push([member.name.replace(/^\.?\//, ""), Buffer.concat(pieces)]);
    }
    const expected = Object.entries(files).map(([file, bytes]) => [file, Buffer.from(bytes)] as const);
    assert.deepEqual(seen.filter(([file]) => file in files).sort(), expected.sort()); // prettier-ignore
    const vmcore = [resolve("sample/vmcore")];
    const { options, remarks } = await withoutPackages({ vmcore, modules: [path] }, cache, {});
    assert.deepEqual(remarks, []);
    const session = openSession(options);
    t.after(() => session.close());
    const lines = [...tasks(session.kernel)].flatMap((task) =>
      stackTrace(session.kernel, task).frames.flatMap(
        (frame) =>
        frame.places().filter(({ module }) => module === "lab_nullderef").map(({ function: of, source }) => `${of}:${source?.line}`), // prettier-ignore
      ),
    );
    assert.deepEqual(lines, ["lab_poke:27", "lab_apply:36", "hello_init:55"]);
    // The package's vmlinux is of another build than the dump's kernel: only the module's debuginfo is kept.
    assert.ok(!readdirSync(cache).includes(KERNEL));
  });
