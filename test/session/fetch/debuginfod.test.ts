import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Duplex } from "node:stream";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import {
  debuginfodOptions,
  fetchDebuginfo,
  fetchSource,
  type DebuginfodOptions,
} from "../../../src/session/fetch/debuginfod.ts";
import { isPublic } from "../../../src/session/fetch/redirect.ts";
import { fetchMissing } from "../../../src/session/find/missingDebuginfo.ts";
import { debuginfoFile } from "../../builders/debuginfoFile.ts";
import { loopback } from "../../builders/loopback.ts";

const buildId = "0123456789abcdef0123456789abcdef01234567";
const file = debuginfoFile({ buildId, sections: [{ name: ".debug_str", bytes: new Uint8Array(1 << 16) }] });

function options(t: TestContext, ...urls: string[]): DebuginfodOptions {
  const cache = mkdtempSync(join(tmpdir(), "vmcore-debuginfod-"));
  t.after(() => rmSync(cache, { recursive: true }));
  return { urls, cache, timeout: 5000, maxSize: 1 << 20 };
}

const kept = ({ cache }: DebuginfodOptions): string[] =>
  existsSync(join(cache, buildId)) ? readdirSync(join(cache, buildId)) : [];

test("a file is fetched once, into the layout of debuginfod's clients, from the first server that has it", async (t) => {
  const asked: string[] = [];
  const without = await loopback(t, (_, response) => response.writeHead(404).end());
  const has = await loopback(t, ({ url }, response) => {
    asked.push(url ?? "");
    response.end(file);
  });
  const steps: (readonly [number, number | undefined])[] = [];
  const settings = { ...options(t, without, `${has}/`), onProgress: (...step: [number, number | undefined]) => steps.push(step) }; // prettier-ignore
  for (let i = 0; i < 2; i++) {
    const { path } = await fetchDebuginfo(buildId, settings);
    assert.equal(path, join(settings.cache, buildId, "debuginfo"));
    assert.deepEqual(readFileSync(path), Buffer.from(file));
  }
  assert.deepEqual(asked, [`/buildid/${buildId}/debuginfo`]);
  assert.deepEqual(steps.at(-1), [file.length, file.length]);
  assert.deepEqual(kept(settings), ["debuginfo"]);
});

test("a cache that cannot be written is named as the reason, and not the server", async (t) => {
  let asked = 0;
  const server = await loopback(t, (_, response) => {
    asked++;
    response.end(file);
  });
  const settings = options(t, server);
  const plain = join(settings.cache, "plain");
  writeFileSync(plain, "");
  for (const cache of [plain, join(plain, "below")]) {
    const { path, remarks } = await fetchDebuginfo(buildId, { ...settings, cache });
    assert.equal(path, undefined);
    assert.match(remarks.join(), /^the cache \S+ cannot be used: ENOTDIR/);
  }
  assert.equal(asked, 0);
});

test("a server that does not listen is named as one that cannot be reached", async (t) => {
  // The port was free a moment ago.
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  const url = `http://127.0.0.1:${port}`;
  const { path, remarks } = await fetchDebuginfo(buildId, options(t, url));
  assert.equal(path, undefined);
  assert.match(remarks.join(), /cannot be reached: connect ECONNREFUSED/);
});

test("a source whose path has a NUL byte, or too many bytes for a file name, is not requested", async (t) => {
  const settings = options(t);
  const why = async (path: string): Promise<string> => (await fetchSource(buildId, path, settings)).remarks.join();
  assert.equal(await why("/a\0b.c"), "the path of the source contains a NUL byte");
  assert.equal(await why("a/b.c"), "debuginfod serves no source whose path is relative");
  assert.equal(await why(`/${"ä".repeat(130)}.c`), "the path of the source is too long");
});

test("a server that sends a wrong file is refused with the reason, and the file is not stored", async (t) => {
  const lies: readonly (readonly [RequestListener, RegExp])[] = [
    [(_, response) => response.end(debuginfoFile({ buildId: "ff".repeat(20) })), /sends a file of build ID (ff){20}$/],
    [(_, response) => response.end("<html>"), /sends a file that is not ELF$/],
    [(_, response) => response.writeHead(200, { "content-length": 1e12 }).write("x"), /sends more than 1048576 bytes/],
    [(_, response) => endless(response), /sends more than 1048576 bytes/],
    [
      (_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
      /redirects to file:.*another scheme/,
    ],
    [(_, response) => response.writeHead(302, { location: "https://example.org/" }).end(), /another scheme than http:/],
    [(request, response) => response.writeHead(302, { location: request.url }).end(), /redirects more than 5 times/],
    [(_, response) => response.writeHead(500).end(), /answers 500/],
  ];
  for (const [listener, remark] of lies) {
    const settings = options(t, await loopback(t, listener));
    const { path, remarks } = await fetchDebuginfo(buildId, settings);
    assert.equal(path, undefined);
    assert.match(remarks.join(), remark);
    assert.deepEqual(readdirSync(settings.cache), []);
  }
});

function endless(response: Parameters<RequestListener>[1]): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(1 << 16)));
  };
  response.on("drain", more);
  more();
}

test("a download from a server that is too slow is stopped", async (t) => {
  const slow = await loopback(t, (_, response) => response.writeHead(200).write("x"));
  const settings = { ...options(t, slow), timeout: 100 };
  const { path, remarks } = await fetchDebuginfo(buildId, settings);
  assert.equal(path, undefined);
  assert.match(remarks.join(), /is too slow: 1 bytes in 0\.1 s/);
});

test("an interrupted transfer continues where it ended, and its part is not used before it is complete", async (t) => {
  const ranges: (string | undefined)[] = [];
  const url = await loopback(t, ({ headers, socket }, response) => {
    ranges.push(headers.range);
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    if (from > 0) return void response.writeHead(206, { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` }).end(file.subarray(from)); // prettier-ignore
    response.writeHead(200, { "content-length": file.length });
    response.write(file.subarray(0, 1000), () => setTimeout(() => socket.destroy(), 50));
  });
  const settings = options(t, url);
  assert.equal((await fetchDebuginfo(buildId, settings)).path, undefined);
  assert.deepEqual(kept(settings), ["debuginfo.part"]);
  const { path = "" } = await fetchDebuginfo(buildId, settings);
  assert.deepEqual(readFileSync(path), Buffer.from(file));
  assert.deepEqual(ranges, [undefined, "bytes=1000-"]);
});

test("a part that no server continues is dropped", async (t) => {
  const settings = options(t, await loopback(t, (_, response) => response.writeHead(416).end()));
  mkdirSync(join(settings.cache, buildId));
  writeFileSync(join(settings.cache, buildId, "debuginfo.part"), "left over");
  await fetchDebuginfo(buildId, settings);
  assert.deepEqual(kept(settings), []);
});

test("a part is continued by no bytes from elsewhere in the file", async (t) => {
  const settings = options(t, await loopback(t, (_, response) => response.writeHead(206, { "content-range": `bytes 0-${file.length - 1}/${file.length}` }).end(file))); // prettier-ignore
  mkdirSync(join(settings.cache, buildId));
  writeFileSync(join(settings.cache, buildId, "debuginfo.part"), file.subarray(0, 1000));
  const { path, remarks } = await fetchDebuginfo(buildId, settings);
  assert.equal(path, undefined);
  assert.match(remarks.join(), /continues at another offset than requested$/);
  assert.deepEqual(kept(settings), []);
});

test("two sessions that fetch the same file do not write into each other's partial file", async (t) => {
  const url = await loopback(t, ({ headers }, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, from > 0 ? { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` } : {}); // prettier-ignore
    response.write(file.subarray(from, from + 2000), () =>
      setTimeout(() => response.end(file.subarray(from + 2000)), 50),
    );
  });
  const settings = options(t, url);
  mkdirSync(join(settings.cache, buildId));
  const [left, old] = ["debuginfo.part", `debuginfo.${randomUUID()}.part`].map((name) => join(settings.cache, buildId, name)); // prettier-ignore
  writeFileSync(left!, file.subarray(0, 1000));
  writeFileSync(old!, file.subarray(0, 3000));
  for (const { path = "" } of await Promise.all([1, 2].map(() => fetchDebuginfo(buildId, settings))))
    assert.deepEqual(readFileSync(path), Buffer.from(file));
  assert.deepEqual(kept(settings), ["debuginfo", basename(old!)], "the part of one that lives is not touched");
  rmSync(join(settings.cache, buildId, "debuginfo"));
  utimesSync(old!, 0, Date.now() / 1000 - 700);
  await fetchDebuginfo(buildId, settings);
  assert.deepEqual(kept(settings), ["debuginfo"], "that of a dead one is continued");
});

test("a file in the cache with another build ID is downloaded again", async (t) => {
  const settings = options(t, await loopback(t, (_, response) => response.end(file)));
  mkdirSync(join(settings.cache, buildId));
  for (const junk of ["cut off", debuginfoFile({ buildId: "ff".repeat(20) })]) {
    writeFileSync(join(settings.cache, buildId, "debuginfo"), junk);
    const { path = "" } = await fetchDebuginfo(buildId, settings);
    assert.deepEqual(readFileSync(path), Buffer.from(file));
  }
});

test("for a chunked answer, debuginfod's own header gives the size", async (t) => {
  const url = await loopback(t, (_, response) => {
    response.writeHead(200, { "x-debuginfod-size": file.length }).write(file.subarray(0, 1000));
    response.end(file.subarray(1000));
  });
  const totals = new Set<number | undefined>();
  await fetchDebuginfo(buildId, { ...options(t, url), onProgress: (_, total) => totals.add(total) });
  assert.deepEqual([...totals], [file.length]);
  const { remarks } = await fetchDebuginfo(buildId, { ...options(t, url), maxSize: 1000 });
  assert.match(remarks.join(), /sends more than 1000 bytes/);
});

test("a transfer can be cancelled", async (t) => {
  const abort = new AbortController();
  const url = await loopback(t, (_, response) => {
    response.writeHead(200).write("x");
    setTimeout(() => abort.abort(), 20);
  });
  const { path, remarks } = await fetchDebuginfo(buildId, { ...options(t, url), signal: abort.signal });
  assert.equal(path, undefined);
  assert.deepEqual(remarks, [`${url} was cancelled`]);
});

test("a file that no server has is noted as elfutils does, and requested again when the note is old", async (t) => {
  let asked = 0;
  const url = await loopback(t, (_, response) => (asked++, response.writeHead(404).end()));
  const settings = options(t, url);
  for (let i = 0; i < 2; i++) assert.deepEqual(await fetchDebuginfo(buildId, settings), { path: undefined, remarks: [], unusable: [] }); // prettier-ignore
  assert.equal(asked, 1);
  const note = join(settings.cache, buildId, "debuginfo");
  assert.equal(statSync(note).size, 0);
  utimesSync(note, 0, Date.now() / 1000 - 700);
  await fetchDebuginfo(buildId, settings);
  assert.equal(asked, 2);
});

test("a source is fetched by its absolute path; a file that is not text is refused", async (t) => {
  const asked: string[] = [];
  const url = await loopback(t, ({ url: path = "" }, response) => {
    asked.push(path);
    response.end(path.endsWith("binary.c") ? "\0" : "int main;\n");
  });
  const settings = options(t, url);
  const { path = "" } = await fetchSource(buildId, "/home/me/a #1/../b c/#x.c", settings);
  assert.deepEqual(asked, [`/buildid/${buildId}/source/home/me/b%20c/%23x.c`]);
  assert.equal(path, join(settings.cache, buildId, "source##home##me##b c###_x.c"));
  assert.equal(readFileSync(path, "utf8"), "int main;\n");
  assert.match((await fetchSource(buildId, "/binary.c", settings)).remarks.join(), /sends a file that is not text$/);
  assert.match((await fetchSource(buildId, "kernel/panic.c", settings)).remarks.join(), /path is relative/);
  assert.match((await fetchSource(buildId, `/${"x".repeat(300)}`, settings)).remarks.join(), /too long/);
  assert.equal(asked.length, 2);
});

test("of many files, the kernel's is fetched first, and no further request is sent to a server that failed", async (t) => {
  const asked: string[] = [];
  const broken = await loopback(t, ({ url = "" }, response) => (asked.push(url), response.writeHead(500).end()));
  const has = await loopback(t, ({ url = "" }, response) => {
    if (url.includes("ff")) response.writeHead(404).end();
    else response.end(debuginfoFile({ buildId: url.split("/")[2]! }));
  });
  const [kernel, module, unknown] = ["aa", "bb", "ff"].map((byte) => byte.repeat(20)) as [string, string, string];
  const missing = [{ name: "vmlinux", buildId: kernel }, { name: "ext4", buildId: module }, { name: "mine", buildId: unknown }]; // prettier-ignore
  const seen: string[] = [];
  const { names, remarks } = await fetchMissing(missing, options(t, broken, has), (name) => seen.push(name));
  assert.deepEqual(names, ["vmlinux", "ext4"]);
  assert.deepEqual(remarks, ["no debuginfod server that answers has the debuginfo of mine"]);
  assert.deepEqual(asked, [`/buildid/${kernel}/debuginfo`]);
  assert.equal(seen[0], "vmlinux");
  const alone = await fetchMissing(missing, options(t, broken));
  assert.deepEqual(alone.names, []);
  assert.match(
    alone.remarks.join("\n"),
    /^no debuginfo of vmlinux: http:\S+ answers 500 Internal Server Error\nno server is left for the debuginfo of ext4, mine$/,
  );
});

test("requests to a server use the proxy that the environment names", async (t) => {
  const { port } = new URL(await loopback(t, (_, response) => response.end(file)));
  const wanted: string[] = [];
  const proxy = createServer().on("connect", ({ url = "" }, socket: Duplex) => {
    wanted.push(url);
    const server = connect(Number(port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(server).pipe(socket);
    });
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  t.after(() => proxy.close());
  const settings = options(t, "http://debuginfod.invalid");
  const script = `import { fetchDebuginfo } from ${JSON.stringify(import.meta.resolve("../../../src/session/fetch/debuginfod.ts"))};
    console.log((await fetchDebuginfo(${JSON.stringify(buildId)}, ${JSON.stringify(settings)})).path);`;
  const env = { ...process.env, http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, no_proxy: "" };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
  assert.equal(stdout.trim(), join(settings.cache, buildId, "debuginfo"));
  assert.deepEqual(wanted, ["debuginfod.invalid:80"]);
});

test("no request is sent unless DEBUGINFOD_URLS names a server; its words that are not URLs are ignored", () => {
  assert.deepEqual(debuginfodOptions({}, "cache").urls, []);
  const { urls, timeout, maxSize } = debuginfodOptions(
    { DEBUGINFOD_URLS: "ima:enforcing https://one/  http://two", DEBUGINFOD_TIMEOUT: "7", DEBUGINFOD_MAXSIZE: "100" },
    "cache",
  );
  assert.deepEqual({ urls, timeout, maxSize }, { urls: ["https://one/", "http://two"], timeout: 7000, maxSize: 100 });
});

test("a redirection is followed to servers that were configured, and to no other host of this network", async (t) => {
  let asked = 0;
  const inner = await loopback(t, (_, response) => {
    asked++;
    response.end(file);
  });
  const outer = await loopback(t, ({ url }, response) => response.writeHead(307, { location: inner + url }).end());
  const refused = await fetchDebuginfo(buildId, options(t, outer));
  assert.equal(refused.path, undefined);
  assert.match(refused.remarks.join(), /redirects to 127\.0\.0\.1:\d+, which is not a public host/);
  assert.equal(asked, 0);
  const name = outer.replace("127.0.0.1", "localhost");
  const byName = await loopback(t, ({ url }, response) => response.writeHead(301, { location: name + url }).end());
  assert.match(
    (await fetchDebuginfo(buildId, options(t, byName))).remarks.join(),
    /localhost:\d+, which is not a public host/,
  );
  assert.equal(asked, 0);
  assert.ok((await fetchDebuginfo(buildId, options(t, outer, inner))).path);
});

test("a public address is not in a private network", () => {
  const own =
    "127.0.0.1 10.1.2.3 172.20.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 ::1 :: fe80::1 fd00::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1";
  assert.deepEqual(own.split(" ").filter(isPublic), []);
  assert.deepEqual(["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"].map(isPublic), [true, true, true]);
});
