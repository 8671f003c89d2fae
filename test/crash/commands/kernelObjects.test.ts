/** Files, mounts, devices, sockets and IPC of the crash that ships with the project, nothing but the dump given. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { openSession } from "../../../src/session/open/open.ts";
import { data, transcript } from "../../builders/transcript.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
const { context } = session;
after(() => session.close());

const trimmed = (text: string): string => text.replace(/[ \t]+$/gm, "").trimEnd();
const crash = (name: string): string =>
  trimmed(readFileSync(new URL(`../../golden/sample/${name}.txt`, import.meta.url), "utf8"));
const ours = (line: string): string => trimmed(transcript(context, line));

/** Command lines and the file with what crash 8.0.6 printed, with a vmlinux. */
const recorded: readonly (readonly [string, string])[] = [
  ["files", "files"],
  ["files 139", "files-many"],
  ["mount", "mount"],
  ["mount -n 1", "mount"],
  ["net", "net"],
  ["net -a", "net-a"],
  ["net -s 131", "net-s"],
  ["dev", "dev"],
  ["dev -i", "dev-i"],
  ["dev -p", "dev-p"],
  ["dev -d", "dev-d"],
  ["ipcs", "ipcs"],
  ["ipcs -n 134", "ipcs"],
  ["ipcs -M", "ipcs-M"],
  ["fuser /etc/motd", "fuser"],
];

for (const [line, name] of recorded)
  test(`${line} prints the same as crash`, () => assert.equal(ours(line), crash(name)));

const rows = (line: string): string[] => ours(line).split("\n");

test("files -R selects rows by descriptor, address and part of the path, and prints nothing for tasks without any", () => {
  const fds = (reference: string): string[] =>
    rows(`files -R ${reference} 139`)
      .slice(3)
      .map((row) => row.trim().split(/\s+/)[0] ?? "");
  assert.deepEqual(fds("10"), ["10"]);
  assert.deepEqual(fds("file-1"), []);
  assert.deepEqual(fds("0.txt"), ["12"]);
  assert.deepEqual(fds("0x10"), ["16"]);
  assert.deepEqual(fds("b"), ["8", "11"], "as in crash, b is descriptor 11 and a part of a path");
  assert.deepEqual(fds("ffff8ef683b00180"), ["3", "4"]);
  assert.deepEqual(fds("[event"), ["6"]);
  assert.equal(ours("files -R nothing-of-the-kind 139"), "");
  assert.equal(ours("files -R nothing-of-the-kind 1 139"), "");
  assert.match(ours("files -R /modules 139 151 169"), /^PID: 169 /);
  assert.match(ours("files -R /tmp 151"), /^PID: 151 .*\nROOT: \/ {4}CWD: \/tmp$/);
  assert.deepEqual(
    rows("foreach files -R lab_nullderef.ko").map((row) => row.split(/\s+/).at(-1)),
    ['"insmod"', "/", "PATH", "/modules/lab_nullderef.ko"],
  );
});

test("files -c counts pages in the page cache, -p lists them, -n shows their nodes, -d describes a dentry", () => {
  const counted = rows("files -c").at(-1)?.split(/\s+/) ?? [];
  assert.deepEqual([counted[1], counted[4], counted[5], counted[6]], ["3", "3", "REG", "/modules/lab_nullderef.ko"]);
  const inode = counted[2] ?? "";
  assert.match(ours(`files -n ${inode}`), /^ +INODE {8}NRPAGES\n\S+ +3\n\n NODE +PAGES\n {3}0 +3$/);
  const pages = rows(`files -p ${inode}`);
  assert.equal(pages.length, 4 + 3);
  assert.match(pages[4] ?? "", /^[0-9a-f]{16} +[0-9a-f]+ [0-9a-f]{16} +0 +\d+ [0-9a-f]+ .*uptodate/);
  assert.match(ours("files -d ffff8ef683ac0e40"), /\nffff8ef683ac0e40 [0-9a-f]{16} [0-9a-f]{16} REG {2}\/modules\//);
});

test("an address that is no inode, dentry or mm_struct is one error", () => {
  const init = "ffffffff9ca1aa40";
  for (const [line, message] of [
    [`files -p ${init}`, /^files: [0-9a-f]{16}: not an inode$/],
    [`files -n ${init}`, /^files: [0-9a-f]{16}: not an inode$/],
    [`files -d ${init}`, /^files: [0-9a-f]{16}: not a dentry$/],
    ["files -d ffff8ef683ac0e48", /^files: [0-9a-f]{16}: not a dentry$/],
    ["files -p deadbeef", /^files: deadbeef: not a kernel address$/],
    ["vm -M 0xdeadbeef", /^vm: invalid mm_struct address: 0xdeadbeef; "task -R mm" shows that of a task$/],
    [`vm -M ${init}`, /^vm: invalid mm_struct address: [0-9a-f]{16}; "task -R mm" shows that of a task$/],
  ] as const)
    assert.match(ours(line), message, line);
  const mm = /mm = 0x([0-9a-f]+)/.exec(ours("task -R mm 139"))?.[1] ?? "";
  assert.equal(rows(`vm -M ${mm} 2`)[2]?.split(" ")[0], mm);
  assert.match(ours(`vm -M ${(BigInt(`0x${mm}`) + 8n).toString(16)} 2`), /^vm: invalid mm_struct address/);
});

test("mount finds a file system by anything that belongs to it", () => {
  const tmp = "ffff8ef6846bd640 ffff8ef68469b800 tmpfs  tmpfs     /tmp";
  const open = rows("files -R /tmp/file-01.txt 139")[3]?.trim().split(/\s+/) ?? [];
  for (const word of ["/tmp", "ffff8ef6846bd640", "ffff8ef68469b800", open[2], open[3]])
    assert.equal(rows(`mount ${word}`)[1], tmp, word);
  assert.equal(rows("mount tmpfs").length, 1 + 3);
  assert.equal(ours("mount nowhere"), "mount: no mount point, superblock or device matches nowhere");
});

test("mount -f and -i list the open files and dirty inodes of each file system", () => {
  const open = rows("mount -f /mnt/data");
  assert.deepEqual(open.slice(2, 3), ["OPEN FILES:"]);
  assert.ok(open.some((row) => row.endsWith(" REG  /mnt/data/file-00.txt")));
  assert.ok(open.slice(4).every((row) => row.includes(" /mnt/data/")));
  assert.match(ours("mount -i /proc"), /\nDIRTY INODES: \(none\)$/);
  assert.match(ours("mount -i /mnt/data"), /\nDIRTY INODES\n[0-9a-f]{16}/);
});

test("net -S shows a socket as its family declares it", () => {
  const unix = ours("net -S 129");
  assert.match(unix, /\nstruct socket \{\n/);
  assert.match(unix, /\nstruct unix_sock \{\n/);
  assert.match(ours("net -Sx -R 5 131"), /\nstruct inet_sock \{\n[\s\S]*skc_family = 0x2,/);
});

test("net -N writes a number as the address that it is in memory", () => {
  assert.equal(ours("net -N 1041236234"), "10.1.16.62");
  assert.equal(ours("net -N 0x3e0f9a0a"), "10.154.15.62");
  assert.match(ours("net -N 4294967296"), /^net: not an IPv4 address/);
});

test("foreach net implies -s, and each command has its own flags", () => {
  assert.match(
    ours("foreach 131 net"),
    /^WARNING: net command requires -s or -S option\n\nPID: 131 [\s\S]*INET:STREAM/,
  );
  assert.match(ours("foreach 131 files net -s"), /\nROOT: \/ [\s\S]*\nFD +SOCKET/);
  assert.match(ours("foreach 131 files net -cs -R 5"), /NRPAGES[\s\S]*\n {2}5 [\s\S]*\n 5 /);
});

test("ipcs selects one object by id or address, and reports if there is none", () => {
  assert.equal(rows("ipcs 0").length, 8);
  assert.deepEqual(rows("ipcs ffff8ef6845c2600"), rows("ipcs -s"));
  assert.equal(ours("ipcs 77"), "ipcs: invalid id or address: 77");
  assert.match(ours("ipcs -m 0 1"), /^ipcs: one id or address is taken, not also 1\n/);
});

test("JSON output contains the same as the text", () => {
  const [first] = data(context, "files 139") as { readonly files: readonly object[]; readonly cwd: string }[];
  assert.equal(first?.cwd, "/");
  assert.deepEqual(first?.files[8], {
    fd: 8,
    file: "0xffff8ef6857a2d00",
    dentry: "0xffff8ef683b11900",
    inode: "0xffff8ef6850077b0",
    type: "REG",
    path: "memfd:lab-memfd",
  });
  const [sockets] = data(context, "net -s 131") as { readonly sockets: readonly object[] }[];
  assert.deepEqual(sockets?.sockets[0], {
    fd: 5,
    socket: "0xffff8ef684016a40",
    sock: "0xffff8ef684b42d00",
    kind: "INET:STREAM",
    source: { address: "127.0.0.1", port: 7777 },
    destination: { address: "0.0.0.0", port: 0 },
  });
});
