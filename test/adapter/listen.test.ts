import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { Framing } from "../../src/adapter/framing.ts";
import { peerUid } from "../../src/adapter/peer.ts";

let folder: string;
before(() => (folder = mkdtempSync(join(tmpdir(), "listen-"))));
after(() => rmSync(folder, { recursive: true, force: true }));

const started = new Set<ChildProcess>();
after(() => started.forEach((child) => child.kill("SIGKILL")));

/** Starts the adapter and gives what it says first. */
async function listening(where: string, lines = 1): Promise<{ server: ChildProcess; said: string }> {
  const server = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "src/adapter/main.ts", "--listen", where],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  started.add(server);
  let said = "";
  while (said.split("\n").length <= lines) said += String((await once(server.stderr, "data"))[0]);
  return { server, said };
}

const portOf = (said: string): number => Number(/listening on .*:(\d+)\n/.exec(said)?.[1]);

const message = (command: string, args: object = {}, seq = 1): string => {
  const json = JSON.stringify({ seq, type: "request", command, arguments: args });
  return `Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
};

/** What comes until `done`, or until the other end closes. */
async function answerTo(socket: Socket, text: string, done: RegExp): Promise<string> {
  let all = "";
  const over = new Promise<void>((settle) => {
    socket.on("data", (data: Buffer) => {
      all += data.toString();
      if (done.test(all)) settle();
    });
    socket.on("close", () => settle());
    socket.on("error", () => settle());
  });
  socket.write(text);
  await over;
  socket.removeAllListeners("data");
  return all;
}

const framed = async (chunks: Iterable<Buffer>): Promise<string[]> => {
  const framing = new Framing();
  const out: string[] = [];
  framing.on("data", (data: Buffer) => out.push(data.toString()));
  const over = new Promise<void>((settle, fail) => framing.on("end", settle).on("error", fail));
  for (const chunk of chunks) framing.write(chunk);
  framing.end();
  await over;
  return out;
};

test("messages are delivered complete, in whatever pieces they arrive", async () => {
  const both = Buffer.from(message("initialize") + message("threads", {}, 2));
  assert.deepEqual(await framed([both]), [message("initialize"), message("threads", {}, 2)]);
  assert.deepEqual(await framed([...both].map((byte) => Buffer.of(byte))), [
    message("initialize"),
    message("threads", {}, 2),
  ]);
});

test("input that is not a message of the protocol is not passed on", async () => {
  const json = message("initialize");
  for (const text of [
    `POST / HTTP/1.1\r\nHost: localhost:4711\r\n${json}`,
    `Content-Length / HTTP/1.1\r\n${json}`,
    `Content-Length: 3\r\nHost: localhost\r\n\r\nabc`,
    `Content-Length: -1\r\n\r\n`,
    `Content-Length: 999999999\r\n\r\n`,
    `Content-Length: ${"1".repeat(300)}`,
    `${json}POST / HTTP/1.1\r\n`,
  ])
    await assert.rejects(framed([Buffer.from(text)]), /message/, text);
});

test("a long message in small pieces takes time that grows with its length", async () => {
  const bytes = Buffer.from(message("evaluate", { expression: "x".repeat(3 << 20) }));
  const pieces = function* (): Generator<Buffer> {
    for (let at = 0; at < bytes.length; at += 48) yield bytes.subarray(at, at + 48);
  };
  const start = performance.now();
  assert.equal((await framed(pieces()))[0]?.length, bytes.length);
  assert.ok(performance.now() - start < 3000, `${performance.now() - start} ms`);
});

const ADDRESSES = { remoteAddress: "127.0.0.1", remotePort: 0xa9ce, localAddress: "127.0.0.1", localPort: 0x1267 };
const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const row = (from: string, to: string, uid: number, inode: number): string =>
  `${HEAD}   0: ${from} ${to} 01 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0 20 4 30 10 -1\n`;

test("the owner of a connection's other end is found among the system's sockets", () => {
  const ours = row("0100007F:1267", "0100007F:A9CE", 0, 5);
  const theirs = row("0100007F:A9CE", "0100007F:1267", 1001, 6);
  const mapped = "0000000000000000FFFF00000100007F";
  assert.equal(peerUid(ADDRESSES, [ours, theirs]), 1001);
  assert.equal(peerUid(ADDRESSES, [HEAD, row(`${mapped}:A9CE`, `${mapped}:1267`, 1002, 7)]), 1002);
  const six = { ...ADDRESSES, remoteAddress: "::1", localAddress: "::1" };
  const loopback = "00000000000000000000000001000000";
  assert.equal(peerUid(six, [row(`${loopback}:A9CE`, `${loopback}:1267`, 1003, 8)]), 1003);
  assert.equal(peerUid(ADDRESSES, [ours]), undefined);
  // A socket that was closed is shown as root's.
  assert.equal(peerUid(ADDRESSES, [row("0100007F:A9CE", "0100007F:1267", 0, 0)]), undefined);
});

const linux = process.platform === "linux";

test("on the loopback interface another user of this machine is not served", { skip: !linux }, async (t) => {
  const { server, said } = await listening("0");
  const own = connect(portOf(said), "127.0.0.1");
  assert.match(await answerTo(own, message("initialize"), /\r\n\r\n\{.*\}/), /"supportsDisassembleRequest":true/);
  own.destroy();
  if (process.getuid?.() !== 0) return t.diagnostic("needs root to be another user");
  const script = `const s = require("net").connect(${portOf(said)}, "127.0.0.1");
    s.on("data", (d) => process.stdout.write(d)); s.on("error", () => {}); s.on("close", () => process.exit());
    s.write(${JSON.stringify(message("initialize"))});`;
  const stranger = spawn("node", ["-e", script], { uid: 65534, gid: 65534, stdio: ["ignore", "pipe", "ignore"] });
  started.add(stranger);
  let heard = "";
  stranger.stdout.on("data", (data: Buffer) => (heard += data.toString()));
  const refused = once(server.stderr!, "data");
  await once(stranger, "close");
  assert.equal(heard, "");
  assert.match(String((await refused)[0]), /refused a connection of user 65534/);
});

test("a web page that sends HTTP is not served", { skip: !linux }, async () => {
  const { said } = await listening("0");
  const answer = await fetch(`http://127.0.0.1:${portOf(said)}/`, { method: "POST", body: message("initialize") }).then(
    (response) => response.text(),
    () => "refused",
  );
  assert.equal(answer, "refused");
});

test("on any other address a client shows the token before it is answered", async () => {
  const { said } = await listening("0.0.0.0:0", 2);
  const token = /"token": "([0-9a-f]{32})"/.exec(said)?.[1];
  const port = portOf(said);
  const hello = message("initialize", { adapterID: "vmcore", pathFormat: "path" });
  for (const text of [
    message("threads"),
    message("launch", { vmcore: "sample/vmcore" }),
    message("launch", { vmcore: "sample/vmcore", token: "0".repeat(32) }),
  ]) {
    const socket = connect(port, "127.0.0.1");
    const answer = await answerTo(socket, hello + text, /never/);
    assert.match(answer, /"command":"initialize"/);
    assert.match(answer, /add \\"token\\", which the adapter printed/);
    assert.doesNotMatch(answer, /"initialized"/);
  }
  const socket = connect(port, "127.0.0.1");
  const args = { vmcore: resolve("sample/vmcore"), search: false, token };
  assert.match(await answerTo(socket, hello + message("launch", args, 2), /"initialized"/), /"initialized"/);
  socket.destroy();
});

test("a socket in the file system is its owner's alone", { skip: process.platform === "win32" }, async () => {
  const path = join(folder, "dap.socket");
  const { server } = await listening(`unix:${path}`);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const socket = connect(path);
  assert.match(await answerTo(socket, message("initialize"), /\r\n\r\n\{.*\}/), /"supportsDisassembleRequest":true/);
  socket.destroy();
  server.kill();
  await once(server, "exit");
  assert.ok(!existsSync(path));
});

test("a client on a socket only reads: no redirection, no file written or named, no shell, no foreign code", async () => {
  const path = join(folder, "reading.socket");
  await listening(`unix:${path}`);
  const socket = connect(path);
  const launch = message("launch", { vmcore: resolve("sample/vmcore"), search: false }, 2);
  await answerTo(socket, message("initialize") + launch, /"initialized"/);
  await answerTo(socket, message("configurationDone", {}, 3), /"stopped"/);
  const victim = join(folder, "victim");
  let seq = 3;
  const said = async (expression: string): Promise<string> => {
    const ask = message("evaluate", { expression, context: "repl" }, ++seq);
    return answerTo(socket, ask, new RegExp(`"request_seq":${seq},`));
  };
  for (const line of [
    `log > ${victim}`,
    `rd -r ${victim} init_task 8`,
    `repeat rd -r ${victim} init_task 8`,
    `extend ${victim}`,
    `mod -s lab_nullderef ${victim}`,
    `!touch ${victim}`,
    `< ${victim}`,
  ])
    assert.match(await said(line), /writes no files|only reads|runs no shell|reads no files/, line);
  assert.ok(!existsSync(victim));
  assert.match(await said("bt"), /PID: 169/);
  socket.destroy();
});
