/** Dumps behind sshd: read through the user's own ssh and the subsystem sftp. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { runProgram } from "../../corpus/corpus.ts";
import { type Answer, dump, freePort, has, open, Servers } from "./servers.ts";
import { tcpProxy } from "./tcpProxy.ts";

const SFTP = "/usr/lib/openssh/sftp-server";
const SSHD = "/usr/sbin/sshd";
const skip =
  !(has("ssh") && existsSync(SSHD) && existsSync(SFTP)) && "NOT RUN: no sshd (apt-get install openssh-server)";

const servers = new Servers();
const { folder } = servers;
const lines = ["sys", "bt"];
const isRoot = process.getuid?.() === 0;
/** The server program with the rights of nobody, because the superuser may read every file. */
const AS_NOBODY = isRoot ? `/usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups ${SFTP}` : SFTP;
let ports: { readonly own: number; readonly nobody: number };
let expected: string;

/** Starts an sshd that lets one key in. @param name of its files */
async function sshd(name: string, subsystem: string): Promise<number> {
  const port = await freePort();
  const hostKey = join(folder, `${name}-host`);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]);
  const config = servers.write(
    `${name}.conf`,
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${hostKey}
PidFile none
AuthorizedKeysFile ${join(folder, "key.pub")}
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp ${subsystem}
`,
  );
  await servers.start(SSHD, ["-D", "-e", "-f", config], port);
  return port;
}

/** Writes the user's settings of ssh, which the program does not change. @param knows ports whose host keys are known */
function settings(name: string, knows: readonly (readonly [number, string])[], key = "key"): NodeJS.ProcessEnv {
  const own = join(folder, name);
  mkdirSync(own);
  const known = knows.map(([port, host]) => `[127.0.0.1]:${port} ${readFileSync(`${join(folder, host)}-host.pub`, "utf8")}`); // prettier-ignore
  servers.write(`${name}/known_hosts`, known.join(""));
  const config = servers.write(
    `${name}/config`,
    `Host dumps
  HostName 127.0.0.1
  Port ${ports.own}
Host *
  IdentityFile ${join(folder, key)}
  IdentitiesOnly yes
  UserKnownHostsFile ${own}/known_hosts
  GlobalKnownHostsFile none
`,
  );
  servers.write(`${name}/ssh`, `#!/bin/sh\nexec /usr/bin/ssh -F ${config} "$@"\n`, 0o755);
  return { PATH: `${own}${delimiter}${process.env["PATH"] ?? ""}` };
}

let env: NodeJS.ProcessEnv;
before(async () => {
  if (skip) return;
  chmodSync(folder, 0o755);
  for (const name of ["key", "other"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
  // The directory that sshd of Debian gets from its service.
  if (isRoot) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  ports = { own: await sshd("own", SFTP), nobody: await sshd("nobody", AS_NOBODY) };
  env = settings("usual", [
    [ports.own, "own"],
    [ports.nobody, "nobody"],
  ]);
  const { stdout } = runProgram(["--no-rc", "--no-search", dump, ...lines.flatMap((line) => ["-c", line])]);
  expected = stdout.replace(/^ *DUMPFILE:.*$/m, "");
});
after(() => servers.stop());

const path = resolve(dump);

function assertSame({ status, stdout, stderr }: Answer): void {
  assert.equal(status, 0, stderr);
  assert.equal(stdout, expected);
}

function assertFails({ status, stderr }: Answer, reason: RegExp): void {
  assert.notEqual(status, 0);
  assert.match(stderr, reason);
}

test("a dump behind sshd is read, by its port and by a host of the user's settings", { skip }, async () => {
  assertSame(await open(`ssh://127.0.0.1:${ports.own}${path}`, lines, { env }));
  assertSame(await open(`ssh://dumps${path}`, lines, { env }));
});

test("an unknown host key, a key that is not allowed, and an absent file are said", { skip }, async () => {
  const address = `ssh://127.0.0.1:${ports.own}${path}`;
  assertFails(await open(address, lines, { env: settings("unknown", []) }), /Host key verification failed/);
  const other = settings("other-key", [[ports.own, "own"]], "other");
  assertFails(await open(address, lines, { env: other }), /Permission denied \(publickey\)/);
  assertFails(await open(`ssh://dumps${path}.absent`, lines, { env }), /vmcore\.absent: there is no such file on the server/); // prettier-ignore
});

test("a file that the user may not read is said", { skip }, async () => {
  const copy = join(folder, "unreadable");
  copyFileSync(dump, copy);
  chmodSync(copy, 0);
  assertFails(
    await open(`ssh://127.0.0.1:${ports.nobody}${copy}`, lines, { env }),
    /unreadable: the server refuses access/,
  );
});

test("a connection that is cut off while the dump is read is said", { skip }, async (t) => {
  for (const by of ["closing", "reset"] as const) {
    const proxy = await tcpProxy([{ to: ports.own, end: { by, bytes: 400_000 } }]);
    t.after(() => proxy.close());
    const known = settings(`cut-${by}`, [[proxy.port, "own"]]);
    assertFails(await open(`ssh://127.0.0.1:${proxy.port}${path}`, lines, { env: known }), /ssh:\/\/127\.0\.0\.1:\d+\/.*(?:closed|reset|Broken pipe|ended)/i); // prettier-ignore
  }
});
