/** Dumps behind nginx: ranges and none, redirects, passwords, signed addresses, an authority of the user's own, proxies. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { copyFileSync, mkdirSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join, resolve } from "node:path";
import type { Duplex } from "node:stream";
import { after, before, test, type TestContext } from "node:test";
import { runProgram } from "../../corpus/corpus.ts";
import { type Answer, certificates, dump, freePort, has, nginx, open, Servers } from "./servers.ts";
import { type Disturbance, tcpProxy } from "./tcpProxy.ts";

const missing = ["nginx", "openssl"].filter((program) => !has(program));
const skip = missing.length > 0 && `NOT RUN: no ${missing.join(", ")} (apt-get install nginx openssl)`;

const servers = new Servers();
const lines = ["sys", "bt", "log | tail -n 20"];
let ports: { readonly http: number; readonly other: number; readonly https: number };
let seen: () => readonly string[];
let expected: string;
let authority: string;

/** An address of the first server. */
const at = (path: string, port = ports.http): string => `http://127.0.0.1:${port}${path}`;

before(async () => {
  if (skip) return;
  ports = { http: await freePort(), other: await freePort(), https: await freePort() };
  const { folder } = servers;
  mkdirSync(join(folder, "changed"));
  copyFileSync(dump, join(folder, "changed", "vmcore"));
  const made = certificates(folder);
  ({ authority } = made);
  const files = `location /dumps/ { alias ${resolve(dump, "..")}/; }`;
  servers.write("users", "someone:{PLAIN}pass word\n");
  seen = await nginx(
    servers,
    ports.http,
    `server { listen 127.0.0.1:${ports.http};
      ${files}
      location /whole/ { alias ${resolve(dump, "..")}/; max_ranges 0; }
      location = /moved { return 302 /dumps/vmcore; }
      location = /elsewhere { return 302 http://127.0.0.1:${ports.other}/dumps/vmcore; }
      location = /public { return 302 http://8.8.8.8/dumps/vmcore; }
      location /private/ { alias ${resolve(dump, "..")}/; auth_basic dumps; auth_basic_user_file ${folder}/users; }
    }
    server { listen 127.0.0.1:${ports.other}; location /dumps/ { alias ${folder}/changed/; } }
    server { listen 127.0.0.1:${ports.https} ssl; ssl_certificate ${made.certificate}; ssl_certificate_key ${made.key}; ${files} }`,
  );
  const local = runProgram(["--no-rc", "--no-search", dump, ...lines.flatMap((line) => ["-c", line])]);
  expected = local.stdout.replace(/^ *DUMPFILE:.*$/m, "");
});
after(() => servers.stop());

/** Checks an answer that is that of the dump on this machine's disk. */
function assertSame({ status, stdout, stderr }: Answer): void {
  assert.equal(status, 0, stderr);
  assert.equal(stdout, expected);
}

test("a dump behind nginx is read by ranges, and its signature is neither shown nor lost", { skip }, async () => {
  const answer = await open(at("/dumps/vmcore?X-Amz-Signature=secret"), lines);
  assertSame(answer);
  assert.doesNotMatch(answer.stdout + answer.stderr, /secret/);
  const requests = seen().filter((line) => line.includes("/dumps/vmcore"));
  assert.ok(requests.length > 1);
  for (const line of requests) assert.match(line, /^206 127\.0\.0\.1 \S+Signature=secret range=bytes=\d+-\d+ auth=-$/);
});

test("a server without ranges is refused with the command that downloads the file", { skip }, async () => {
  const { status, stderr } = await open(at("/whole/vmcore?token=secret"), lines);
  assert.notEqual(status, 0);
  assert.match(stderr, /\/whole\/vmcore\?\.\.\.: the server serves no ranges of the file: download it with `curl -LO/);
  assert.doesNotMatch(stderr, /secret/);
});

test("a redirect on the server is followed, and one to another host of this network is not", { skip }, async () => {
  assertSame(await open(at("/moved"), lines));
  const { status, stderr } = await open(at("/elsewhere"), lines);
  assert.notEqual(status, 0);
  assert.match(stderr, new RegExp(`redirects to 127\\.0\\.0\\.1:${ports.other}, which is not a public host`));
});

test("a password opens what nginx protects, and without it the access is refused", { skip }, async () => {
  assertSame(await open(at("/private/vmcore").replace("//", "//someone:pass%20word@"), lines));
  const refused = await open(at("/private/vmcore").replace("//", "//someone:secret@"), lines);
  assert.match(refused.stderr, /\/private\/vmcore: the server refuses access \(401\)/);
  assert.doesNotMatch(refused.stderr, /secret/);
});

test("a certificate of the user's own authority is accepted if NODE_EXTRA_CA_CERTS names it", { skip }, async () => {
  const address = `https://127.0.0.1:${ports.https}/dumps/vmcore`;
  assertSame(await open(address, lines, { env: { NODE_EXTRA_CA_CERTS: authority } }));
  const { status, stderr } = await open(address, lines);
  assert.notEqual(status, 0);
  assert.match(stderr, /certificate of the server cannot be verified.*NODE_EXTRA_CA_CERTS/);
});

/** A proxy that leads every connection to one port, and notes what the clients wanted. It ends with the test. */
async function httpProxy(t: TestContext, to: number): Promise<{ readonly address: string; readonly wanted: string[] }> {
  const wanted: string[] = [];
  const proxy = createServer().on("connect", ({ url = "" }, socket: Duplex) => {
    wanted.push(url);
    const server = connect(to, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(server).pipe(socket);
    });
    for (const end of [socket, server]) end.on("error", () => end.destroy());
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  return { address: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, wanted };
}

test("HTTPS_PROXY is used, and not for the hosts of NO_PROXY", { skip }, async (t) => {
  const proxy = await httpProxy(t, ports.https);
  const address = `https://127.0.0.1:${ports.https}/dumps/vmcore`;
  const env = { NODE_EXTRA_CA_CERTS: authority, HTTPS_PROXY: proxy.address };
  assertSame(await open(address, lines, { env }));
  const count = proxy.wanted.length;
  assert.ok(count > 0 && proxy.wanted.every((host) => host === `127.0.0.1:${ports.https}`), proxy.wanted.join());
  assertSame(await open(address, lines, { env: { ...env, NO_PROXY: "127.0.0.1" } }));
  assert.equal(proxy.wanted.length, count);
});

test("a password is not sent to the public host that a server redirects to", { skip }, async (t) => {
  const proxy = await httpProxy(t, ports.http);
  const address = "http://someone:pass%20word@dumps.example/public";
  assertSame(await open(address, lines, { env: { HTTP_PROXY: proxy.address } }));
  assert.deepEqual([...new Set(proxy.wanted)].sort(), ["8.8.8.8:80", "dumps.example:80"]);
  const authorizations = (host: string): string[] => [
    ...new Set(seen().filter((line) => line.includes(` ${host} `)).map((line) => line.replace(/.* auth=/, ""))), // prettier-ignore
  ];
  assert.deepEqual(authorizations("8.8.8.8"), ["-"]);
  assert.deepEqual(authorizations("dumps.example"), [`Basic ${Buffer.from("someone:pass word").toString("base64")}`]);
});

/** Opens the dump through a proxy that disturbs the connections. */
async function disturbed(...plan: Disturbance[]): Promise<{ readonly answer: Answer; readonly connections: number }> {
  const proxy = await tcpProxy(plan);
  const answer = await open(at("/dumps/vmcore", proxy.port), lines);
  proxy.close();
  return { answer, connections: proxy.connections() };
}

test("answers that are late, cut off or reset are waited for or requested again", { skip }, async () => {
  const to = ports.http;
  assertSame((await disturbed({ to, delay: 20 })).answer);
  for (const by of ["closing", "reset"] as const) {
    const { answer, connections } = await disturbed({ to, end: { by, bytes: 100_000 } }, { to, end: { by, bytes: 300_000 } }, { to }); // prettier-ignore
    assertSame(answer);
    assert.ok(connections >= 3, `${by}: ${connections} connections`);
  }
});

test("a server that ends every connection in the middle of an answer is given up", { skip }, async () => {
  const { answer } = await disturbed({ to: ports.http, end: { by: "reset", bytes: 1000 } });
  assert.notEqual(answer.status, 0);
  assert.match(answer.stderr, /\/dumps\/vmcore: the server ended the connection/);
});

test("a file that changes while it is read is noticed, and nothing of the new one is shown", { skip }, async () => {
  const { answer } = await disturbed({ to: ports.http, end: { by: "closing", bytes: 100_000 } }, { to: ports.other });
  assert.notEqual(answer.status, 0);
  assert.match(answer.stderr, /the file changed on the server while it was read: open it again/);
});
