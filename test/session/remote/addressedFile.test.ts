import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readBytes } from "../../../src/base/file.ts";
import { openDump } from "../../../src/dump/formats.ts";
import { fetchWithin } from "../../../src/session/fetch/redirect.ts";
import { openAddressedFile, redactedAddress } from "../../../src/session/remote/addressedFile.ts";
import { LostServer } from "../../../src/session/remote/lostServer.ts";
import { openNamedImage } from "../../../src/session/open/namedImage.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { flattened } from "../../builders/flat.ts";
import { type BuiltServer, type RangeServer, rangeServer } from "../../builders/rangeServer.ts";
import { answer } from "../../builders/opened.ts";

const cache = mkdtempSync(join(tmpdir(), "vmcore-http-"));
process.env["XDG_CACHE_HOME"] = cache;
const servers: RangeServer[] = [];
after(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(cache, { recursive: true });
});

const sample = readFileSync("sample/vmcore");
const bytes = Uint8Array.from({ length: 3 << 20 }, (_, at) => (at >> 12) ^ at);
async function started(built: Partial<BuiltServer> = {}): Promise<RangeServer> {
  const server = await rangeServer({ bytes, etag: `"${servers.length}"`, ...built });
  servers.push(server);
  return server;
}

test("a file is read by ranges, a range is requested once, and the next process reads it from the disk", async () => {
  const server = await started();
  const read = (): void => {
    const file = openAddressedFile(`${server.origin}/f`);
    assert.equal(file.size, bytes.length);
    for (const [at, length] of [
      [100, 50],
      [65500, 100],
      [2 << 20, 4096],
      [bytes.length - 10, 100],
    ] as const)
      // prettier-ignore
      assert.equal(Buffer.compare(file.read(at, length), bytes.subarray(at, at + length)), 0);
    file.close();
  };
  read();
  const first = (await server.seen()).length;
  read();
  // The version of the file is asked for again, and nothing else.
  assert.deepEqual([first, (await server.seen()).length - first], [4, 1]);
});

test("a request reads the group of blocks around it, without those that are known", async () => {
  const server = await started({ etag: undefined as unknown as string });
  const file = openAddressedFile(`${server.origin}/f`);
  const block = 1 << 16;
  for (const at of [12, 8, 15, 7, 3, 16, 17]) file.read(at * block, 10);
  assert.deepEqual(
    (await server.seen()).slice(1).map(({ range }) => range),
    [`bytes=${8 * block}-${16 * block - 1}`, `bytes=0-${8 * block - 1}`, `bytes=${16 * block}-${24 * block - 1}`],
  );
  file.close();
});

test("a file that is read in sequence is read ahead in larger and larger ranges", async () => {
  const server = await started({ etag: undefined as unknown as string });
  const file = openAddressedFile(`${server.origin}/f`);
  for (let at = 0; at < bytes.length; at += 4096) file.read(at, 4096);
  assert.ok((await server.seen()).length < 10);
  file.close();
  assert.equal(
    readdirSync(join(cache, "vmcore-debug", "remote")).some((name) => name.includes("undefined")),
    false,
  );
});

test("a dump on a web server opens as the one on disk, and its address is shown without what signs it", async () => {
  const server = await started({ bytes: sample });
  const session = openSession({ vmcore: [`${server.origin}/dir/vmcore?X-Amz-Signature=secret`] });
  const local = openDump([{ ...session.dump.file!, read: (at, length) => sample.subarray(at, at + length) }]);
  for (const pfn of [0, 1, 2000, 20000, 32767]) assert.equal(answer(session.dump, pfn), answer(local, pfn));
  const said = JSON.stringify([session.context.session.vmcore, session.dump.facts.files, session.warnings]);
  assert.match(said, /\/dir\/vmcore\?\.\.\./);
  assert.doesNotMatch(said, /secret/);
  session.close();
});

test("what a server cannot do, or refuses, is said with what to do", async () => {
  const refused = async (built: Partial<BuiltServer>, message: RegExp): Promise<void> => {
    const { origin } = await started(built);
    assert.throws(
      () => openAddressedFile(`${origin}/f?token=secret`),
      (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret/);
        return error.name === "OpenError";
      },
    );
  };
  await refused(
    { withoutRanges: true },
    /\/f\?\.\.\.: the server serves no ranges of the file: download it with `curl/,
  );
  await refused({ status: 404 }, /there is no such file on the server$/);
  await refused({ status: 403 }, /the server refuses access \(403\)$/);
  await refused({ status: 416 }, /the file is empty$/);
  await refused({ status: 503 }, /: the server answers with status 503$/);
  for (const [address, reason] of [
    ["http://127.0.0.1:1/f", "the port is one that browsers never use"],
    ["http://127.0.0.1:59999/f", "no server listens there"],
  ] as const)
    assert.throws(() => openAddressedFile(address), (error: Error) => error.message.includes(reason)); // prettier-ignore
  const flat = await started({ bytes: flattened(sample, 65536) });
  assert.throws(() => openNamedImage({ vmcore: [`${flat.origin}/flat`] }), /a flattened dump is read from its beginning to its end: download it/); // prettier-ignore
});

test("a request that is cut off is repeated, and a file that changed ends the command", async () => {
  const cutting = await started({ cuts: 2 });
  const file = openAddressedFile(`${cutting.origin}/f`);
  assert.equal(file.read(9, 1)[0], bytes[9]);
  file.close();
  const changing = await started({ changesAfter: 1 });
  const other = openAddressedFile(`${changing.origin}/f`);
  assert.throws(() => other.read(1 << 20, 10), /the file changed on the server while it was read: open it again$/);
  // No fault, which would stand in the place of a value as if the dump lacked it.
  assert.throws(() => readBytes(other, 1 << 20, 10), LostServer);
  other.close();
});

test("a password is sent to the host that the user named, and not to where it redirects", async () => {
  const target = await started();
  // Only a server that the user named may redirect to a private host, so the same server redirects to itself.
  const first = await started({ redirect: { from: "/old", to: "/new" } });
  const file = openAddressedFile(first.origin.replace("//", "//user:pass%20word@") + "/old");
  assert.equal(file.size, bytes.length);
  file.close();
  const basic = `Basic ${Buffer.from("user:pass word").toString("base64")}`;
  assert.deepEqual(
    (await first.seen()).map(({ url, authorization }) => [url, authorization]),
    [
      ["/old", basic],
      ["/new", basic],
    ],
  );
  // To another server, which the user named too.
  const handing = await started({ redirect: { from: "/old", to: `${target.origin}/new` } });
  const init = { headers: { authorization: basic } };
  await (await fetchWithin(`${handing.origin}/old`, init, [handing.origin, target.origin])).arrayBuffer();
  assert.equal((await handing.seen())[0]?.authorization, basic);
  assert.deepEqual(
    (await target.seen()).map(({ authorization }) => authorization),
    [undefined],
  );
  const leaving = await started({ redirect: { from: "/old", to: `${target.origin}/new` } });
  assert.throws(
    () => openAddressedFile(`${leaving.origin}/old`),
    /redirects to 127\.0\.0\.1:\d+, which is not a public host/,
  );
});

test("addresses are shown without user, password and query; paths as they are", () => {
  assert.equal(redactedAddress("https://u:p@host/a/vmcore?sig=1#x"), "https://host/a/vmcore?...");
  assert.equal(redactedAddress("https://host/vmcore"), "https://host/vmcore");
  assert.equal(redactedAddress("/var/crash/a?b"), "/var/crash/a?b");
});
