import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";

const CASES = "test/log/cases";

function run(argv: readonly string[], input = ""): { status: number | null; stdout: string; stderr: string } {
  const program = ["--disable-warning=ExperimentalWarning", "src/cli/main.ts", "log", ...argv];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { input, encoding: "utf8" });
  return { status, stdout, stderr };
}

test("a log's reports are printed with their facts, their meaning and their traces", () => {
  const { status, stdout } = run([`${CASES}/case-04-kasan.txt`]);
  assert.equal(status, 0);
  assert.match(stdout, /1 report in 38 lines\n\n1\. KASAN: slab-use-after-free Read in acme_poll\n/);
  assert.match(stdout, /^ +Where {2}acme_poll\+0x77a of module acme$/m);
  assert.match(stdout, /^ +Meaning {2}`acmed` read 8 bytes/m);
  assert.match(stdout, /^ +Freed {2}kasan_save_track\+0x3f\n +kfree\+0x149\n +acme_release\+0x55 \[acme\]$/m);
});

interface Printed {
  readonly title: string;
  readonly lines: unknown;
  readonly where: { readonly function: string; readonly offset: number; readonly module: string };
  readonly access: unknown;
  readonly traces: readonly { readonly entries: readonly unknown[] }[];
  readonly registers: Readonly<Record<string, string>>;
}

test("standard input is read, and --json is data", () => {
  const text = readFileSync(`${CASES}/case-17-exec-of-user-memory.txt`, "utf8");
  const { stdout } = run(["--json", "-"], text);
  const { schema, reports } = JSON.parse(stdout) as { schema: number; reports: Printed[] };
  assert.equal(schema, 1);
  const [first] = reports;
  assert.ok(first);
  const { title, lines, where, access, traces, registers } = first;
  assert.equal(title, "BUG: unable to handle kernel paging request in acme_notify");
  assert.deepEqual(lines, { first: 1, last: 16, headline: 1 });
  assert.deepEqual([where.function, where.offset, where.module], ["acme_notify", 0x5a, "acme"]);
  assert.deepEqual(access, { verb: "execute", size: null, address: "0x0000561106405000", code: "0x0000000000000011" });
  assert.equal(traces[0]?.entries.length, 2);
  assert.equal(registers.RBX, "0x0000000000000008");
});

test("a text without reports exits with 1, a dump names the right command, a wrong option its usage", () => {
  assert.deepEqual(run([`${CASES}/case-16-not-reports.txt`]).status, 1);
  const dump = run(["sample/vmcore"]);
  assert.equal(dump.status, 2);
  assert.match(
    dump.stderr,
    /is a dump \(kdump-compressed\), not text; print its log with: vmcore-debug sample\/vmcore -c log/,
  );
  assert.match(run([process.execPath]).stderr, /is an ELF file, not the text of a log/);
  assert.match(run(["--what", "x"]).stderr, /--what[^]*usage: vmcore-debug log/);
  assert.equal(run(["/nowhere/log"]).status, 3);
});

test("a packed log is read; the records of pstore are joined in the order of their lines, also compressed ones", () => {
  const folder = mkdtempSync(join(tmpdir(), "vmcore-pstore-"));
  const log = readFileSync(`${CASES}/case-04-kasan.txt`, "utf8");
  writeFileSync(join(folder, "kern.log.2.gz"), gzipSync(log));
  assert.match(run([join(folder, "kern.log.2.gz")]).stdout, /1 report in 38 lines/);
  assert.match(run([folder]).stderr, /has no records of pstore \(dmesg-\.\.\.\)/);

  for (const [name, magic, tool] of [
    ["kern.log.3.bz2", "BZh91AY", "bunzip2"],
    ["kern.log.4.lz4", "\x04\x22\x4d\x18 more", "unlz4"],
  ] as const) {
    const path = join(folder, name);
    writeFileSync(path, magic, "latin1");
    assert.ok(run([path]).stderr.includes(`${path}: is packed; read it with: ${tool} -c ${path} | vmcore-debug log -`));
    rmSync(path);
  }

  // The newest lines are in part 1. An older dump comes first.
  const lines = log.trimEnd().split("\n");
  const third = Math.ceil(lines.length / 3);
  const part = (dump: number, n: number, text: readonly string[]): string =>
    `Panic#${dump} Part${n}\n${text.join("\n")}\n`;
  const store = join(folder, "store");
  mkdirSync(store);
  const parts = [0, 1, 2].map((i) => part(2, 3 - i, lines.slice(i * third, (i + 1) * third)));
  writeFileSync(join(store, "dmesg-efi_pstore-3"), parts[0] ?? "");
  writeFileSync(join(store, "dmesg-ramoops-0.enc.z"), deflateRawSync(parts[1] ?? ""));
  writeFileSync(join(store, "dmesg-ramoops-1.enc.z"), Buffer.concat([Buffer.from("====1700000000.123456-C\n"), deflateSync(parts[2] ?? "")])); // prettier-ignore
  writeFileSync(join(store, "dmesg-efi_pstore-9"), part(1, 1, ["[    1.0] Linux version 6.1.0 (x) #1 SMP"]));
  const { stdout, stderr } = run([store]);
  assert.equal(stderr, "");
  const whole = run(["-"], `[    1.0] Linux version 6.1.0 (x) #1 SMP\n${log}`).stdout;
  assert.equal(stdout.replace(/^.*: /, ""), whole.replace(/^.*: /, ""));

  writeFileSync(join(store, "dmesg-ramoops-2.enc.z"), Buffer.from([1, 2, 3, 4]));
  assert.match(run([store]).stderr, /dmesg-ramoops-2\.enc\.z: is a compressed record of pstore, and not with deflate/);
  assert.match(run([`${CASES}/case-04-kasan.txt`, `${CASES}/case-04-kasan.txt`]).stderr, /is not a record of pstore/);
  rmSync(folder, { recursive: true });
});

test("a log in two bytes a character is read in either byte order, with and without its mark", () => {
  const folder = mkdtempSync(join(tmpdir(), "vmcore-log-"));
  const file = join(folder, "wide.txt");
  const wide = Buffer.from("\ufeff[    1.000000] Kernel panic - not syncing: Fatal exception\r\n", "utf16le");
  for (const bytes of [wide, wide.subarray(2), Buffer.from(wide).swap16()]) {
    writeFileSync(file, bytes);
    assert.match(run([file]).stdout, /1\. kernel panic: Fatal exception/);
  }
  rmSync(folder, { recursive: true });
});
