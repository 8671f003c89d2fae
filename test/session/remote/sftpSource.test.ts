import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { after, test } from "node:test";
import { openAddressedFile } from "../../../src/session/remote/addressedFile.ts";
import { sshPlace } from "../../../src/session/remote/sftpSource.ts";
import { OpenError } from "../../../src/session/open/openError.ts";

const folder = mkdtempSync(join(tmpdir(), "sftp-"));
const argumentsFile = join(folder, "arguments");
const { PATH, XDG_CACHE_HOME } = process.env;
process.env["PATH"] = `${folder}${delimiter}${PATH}`;
process.env["XDG_CACHE_HOME"] = join(folder, "cache");
after(() => {
  process.env["PATH"] = PATH;
  if (XDG_CACHE_HOME === undefined) delete process.env["XDG_CACHE_HOME"];
  else process.env["XDG_CACHE_HOME"] = XDG_CACHE_HOME;
  rmSync(folder, { recursive: true });
});

/** Puts a program in the place of ssh, which writes down its arguments. */
function asSsh(command: string): void {
  const path = join(folder, "ssh");
  writeFileSync(path, `#!/bin/sh\nfor word; do echo "$word"; done >${argumentsFile}\n${command}\n`);
  chmodSync(path, 0o755);
}

const built = `exec ${process.execPath} --disable-warning=ExperimentalWarning ${resolve("test/builders/sftpServer.ts")}`;
const REAL = "/usr/lib/openssh/sftp-server";
const dump = join(folder, "vmcore");
const bytes = Buffer.from(Array.from({ length: 1_000_003 }, (_, i) => (i * 7919) >>> 3));
writeFileSync(dump, bytes);
mkdirSync(join(folder, "cache"));

for (const [name, command] of [
  ["a built server", built],
  ["OpenSSH's server", existsSync(REAL) ? `exec ${REAL}` : undefined],
] as const)
  test(
    `a file is read through ssh from ${name}, in any order and past its end`,
    { skip: command === undefined },
    () => {
      rmSync(join(folder, "cache"), { recursive: true });
      asSsh(command ?? "");
      const file = openAddressedFile(`ssh://user@host.example:2222${dump}`);
      assert.equal(file.size, bytes.length);
      for (const [offset, length] of [
        [900_000, 200_000],
        [0, 10],
        [65_530, 300_000],
        [1_000_000, 100],
      ] as const)
        // prettier-ignore
        assert.ok(bytes.subarray(offset, offset + length).equals(file.read(offset, length)), `${offset}`);
      file.close();
      const words = readFileSync(argumentsFile, "utf8").trim().split("\n");
      assert.deepEqual(words, ["-o", "BatchMode=yes", "-p", "2222", "-l", "user", "-s", "--", "host.example", "sftp"]);
    },
  );

test("a file that changes while it is read is refused", () => {
  asSsh(built);
  const changing = join(folder, "changing");
  writeFileSync(changing, Buffer.alloc(5_000_000, 1));
  const file = openAddressedFile(`ssh://host${changing}`);
  file.read(0, 10);
  utimesSync(changing, 1, 1);
  assert.throws(() => file.read(3_000_000, 10), /changed on the server while it was read: open it again/);
  file.close();
});

test("an absent file, a refused login and a server that is none say so", () => {
  for (const [command, reason] of [
    [built, /there is no such file on the server$/],
    ["echo 'Permission denied (publickey).' >&2; exit 255", /ssh:\/\/host\/none: Permission denied \(publickey\)\.$/],
    ["printf '\\000\\000\\000\\001\\145'", /ssh:\/\/host\/none: a packet of 1 bytes is not SFTP/],
    ["echo 'Welcome to this machine'", /is not SFTP: does a login script of the server print text\?$/],
    // VERSION, and after the request to open the file ATTRS in place of HANDLE, or STATUS 9 without a text.
    [
      "printf '\\000\\000\\000\\005\\002\\000\\000\\000\\003'; head -c 20 >/dev/null; printf '\\000\\000\\000\\005\\151\\000\\000\\000\\001'; exec sleep 1",
      /ssh:\/\/host\/none: the SFTP server sent a packet of type 105$/,
    ],
    [
      "printf '\\000\\000\\000\\005\\002\\000\\000\\000\\003'; head -c 20 >/dev/null; printf '\\000\\000\\000\\015\\145\\000\\000\\000\\001\\000\\000\\000\\011\\000\\000\\000\\000'; exec sleep 1",
      /ssh:\/\/host\/none: SFTP status 9$/,
    ],
  ] as const) {
    asSsh(command);
    assert.throws(() => openAddressedFile("ssh://host/none"), (error) => error instanceof OpenError && reason.test(error.message)); // prettier-ignore
  }
});

test("without ssh, and with an address that ssh could misread, nothing is started", () => {
  rmSync(join(folder, "ssh"));
  process.env["PATH"] = folder;
  assert.throws(
    () => openAddressedFile("ssh://host/vmcore"),
    /ssh:\/\/host\/vmcore: ssh cannot be started: spawn ssh ENOENT$/,
  );
  process.env["PATH"] = `${folder}${delimiter}${PATH}`;
  assert.throws(
    () => openAddressedFile("ssh://-oProxyCommand=x/vmcore"),
    /ssh:\/\/-oProxyCommand=x\/vmcore: not ssh:\/\/\[user@\]host\[:port\]\/path$/,
  );
});

test("addresses that could become options of ssh are refused", () => {
  assert.deepEqual(sshPlace("ssh://root@[fe80::1]:22/~/a%20b"), { user: "root", host: "fe80::1", port: "22", path: "a b" }); // prettier-ignore
  assert.deepEqual(sshPlace("ssh://h/v"), { user: undefined, host: "h", port: undefined, path: "/v" });
  for (const wrong of [
    "ssh://-oProxyCommand=x/v",
    "ssh://-l@h/v",
    "ssh://a b/v",
    "ssh://h:x/v",
    "ssh://h",
    "ssh://u;id@h/v",
  ])
    assert.equal(sshPlace(wrong), undefined, wrong);
});
