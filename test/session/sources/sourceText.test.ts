import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { lineText, type Piece } from "../../../src/say/piece.ts";
import { Cancelled, drive } from "../../../src/base/job.ts";
import { SourceFiles } from "../../../src/session/sources/source.ts";
import { sourceTexts } from "../../../src/session/sources/sourceText.ts";
import { tar } from "../../builders/tar.ts";

const folder = mkdtempSync(join(tmpdir(), "texts-"));
after(() => rmSync(folder, { recursive: true }));

const archive = gzipSync(
  tar({
    "linux-source-6.1/Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\n",
    "linux-source-6.1/kernel/panic.c": "void panic(void)\n{\n",
    "linux-source-6.1/drivers/registers.h": "#define X\n".repeat(300_000),
  }),
);

/** Sources of a machine where nothing but this archive is installed. */
function installed(name: string, bytes: Uint8Array) {
  const place = mkdtempSync(join(folder, "src-"));
  const path = join(place, "linux-source-6.1.tar.gz");
  writeFileSync(path, bytes);
  const files = new SourceFiles({ installed: [join(place, "linux*")], installedBelow: place, release: "6.1.0-56", versionText: "#1 SMP Debian 6.1.192-2" }); // prettier-ignore
  return { path, cache: join(folder, name), files };
}

/** Drives as the terminal does; what was said meanwhile. */
async function ask(texts: ReturnType<typeof sourceTexts>, file: string, signal = new AbortController().signal) {
  const pieces: Piece[] = [];
  const onStep = (piece: Piece) => {
    pieces.push(piece);
    return piece.kind === "progress" ? piece.until : undefined;
  };
  return { lines: await drive(texts(file), signal, { onStep }), pieces };
}

test("a source is read from the packed archive of the dump's kernel, with progress the first time, then from its copy", async () => {
  const { files, cache } = installed("cache", archive);
  const texts = sourceTexts(() => files, cache);
  const first = await ask(texts, "kernel/panic.c");
  assert.deepEqual(first.lines, ["void panic(void)", "{", ""]);
  assert.match(first.pieces.map((piece) => (piece.kind === "progress" ? piece.what : piece.kind)).join(), /^reading sources out of linux-source-6\.1\.tar\.gz/); // prettier-ignore
  assert.deepEqual(await ask(texts, "kernel/panic.c"), { lines: first.lines, pieces: [] });
  assert.deepEqual(await ask(texts, "kernel/none.c"), { lines: undefined, pieces: [] });
});

test("lines that end with a carriage return and a newline are read without both", async () => {
  const crlf = gzipSync(tar({ "linux-source-6.1/Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\n", "linux-source-6.1/kernel/panic.c": "void panic(void)\r\n{\r\n" })); // prettier-ignore
  const { files, cache } = installed("cache-crlf", crlf);
  const { lines } = await ask(
    sourceTexts(() => files, cache),
    "kernel/panic.c",
  );
  assert.deepEqual(lines, ["void panic(void)", "{", ""]);
});

test("a face that reads archives itself is not kept waiting", async () => {
  const { files } = installed("none", archive);
  assert.deepEqual(
    await ask(
      sourceTexts(() => files, undefined),
      "kernel/panic.c",
    ),
    { lines: undefined, pieces: [] },
  );
});

test("a file that may not be read is not searched for in the archive, and another one is", async () => {
  const { cache, path } = installed("cache-refused", archive);
  const place = join(path, "..");
  const beside = mkdtempSync(join(folder, "beside-"));
  writeFileSync(join(beside, "module.c"), "int secret;\n");
  const files = new SourceFiles({
    installed: [join(place, "linux*")],
    installedBelow: place,
    beside: [beside],
    readable: () => undefined,
    release: "6.1.0-56",
    versionText: "#1 SMP Debian 6.1.192-2",
  });
  const texts = sourceTexts(() => files, cache);
  assert.deepEqual(await ask(texts, "/build/module.c"), { lines: undefined, pieces: [] });
  assert.equal((await ask(texts, "kernel/panic.c")).lines?.length, 3);
});

test("a reading that goes on is found done by a later question, and stops with its session", async () => {
  const { files, cache } = installed("cache-goes-on", archive);
  const closing = new AbortController();
  const texts = sourceTexts(() => files, cache, { goesOnUntil: closing.signal });
  const job = texts("kernel/panic.c");
  assert.equal(job.next().done, false);
  job.return(undefined);
  for (let i = 0; i < 100 && !readdirSync(cache).some((name) => /^[0-9a-f]{32}$/.test(name)); i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  assert.match(readdirSync(cache).join(), /^[0-9a-f]{32}$/);
  assert.equal((await ask(texts, "kernel/panic.c")).lines?.length, 3);

  const closed = installed("cache-closed", archive);
  const others = sourceTexts(() => closed.files, closed.cache, { goesOnUntil: closing.signal });
  others("kernel/panic.c").next();
  closing.abort();
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(readdirSync(closed.cache), []);
});

test("a damaged archive is reported once", async () => {
  const { files, cache, path } = installed("cache-damaged", archive.subarray(0, 200));
  const texts = sourceTexts(() => files, cache);
  const { lines, pieces } = await ask(texts, "kernel/panic.c");
  assert.equal(lines, undefined);
  const said = pieces.flatMap((piece) => (piece.kind === "text" ? piece.lines.map(lineText) : []));
  assert.equal(said.length, 1);
  assert.ok(said[0]?.startsWith(`${path}: its sources cannot be read: `), said[0]);
  assert.deepEqual((await ask(texts, "kernel/panic.c")).pieces, []);
});

test("a cancelled reading ends, leaves no files, and can be started again", async () => {
  const { files, cache } = installed("cache-given-up", archive);
  const texts = sourceTexts(() => files, cache);
  const abort = new AbortController();
  const job = texts("kernel/panic.c");
  const onStep = (): void => abort.abort();
  await assert.rejects(drive(job, abort.signal, { onStep }), Cancelled);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(readdirSync(cache), []);
  assert.equal((await ask(texts, "kernel/panic.c")).lines?.length, 3);
});
