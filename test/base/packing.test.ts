import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { packingOf, UNPACK_TOOLS } from "../../src/base/packing.ts";

test("a file's packing is recognized by its first bytes", () => {
  assert.equal(packingOf(gzipSync("text")), "gzip");
  assert.equal(packingOf(zstdCompressSync("text")), "zstd");
  assert.equal(packingOf(Buffer.from("fd377a585a000004", "hex")), "xz");
  assert.equal(packingOf(Buffer.from("BZh91AY&SY")), "bzip2");
  assert.equal(packingOf(Buffer.from("04224d186440", "hex")), "lz4");
  assert.equal(UNPACK_TOOLS.bzip2, "bunzip2");
});

test("plain bytes, too few of them too, are not packed", () => {
  assert.equal(packingOf(Buffer.from("KDUMP   ")), undefined);
  assert.equal(packingOf(Buffer.from("fd377a58", "hex")), undefined);
  assert.equal(packingOf(new Uint8Array()), undefined);
});
