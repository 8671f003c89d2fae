import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { deflateSync, zstdCompressSync } from "node:zlib";
import { snappyCompress } from "hysnappy";
import { Fault } from "../../../src/base/fault.ts";
import { decompressPage } from "../../../src/dump/compress/compressors.ts";
import { markedPage, random } from "../../builders/image.ts";

const ways: [name: string, flags: number, compress: (page: Uint8Array) => Uint8Array][] = [
  ["zlib", 0x01, deflateSync],
  ["Snappy", 0x04, snappyCompress],
  ["zstd", 0x20, zstdCompressSync],
];
const message = (bytes: Uint8Array, flags: number, size = 4096): string => {
  const page = decompressPage(bytes, flags, size);
  return page instanceof Fault ? page.message : `${page.length} bytes`;
};

for (const [name, flags, compress] of ways) {
  test(`${name} gives the page back, of any size, whether it shrank or not`, () => {
    const below = random(3);
    for (const size of [1024, 4096, 65536]) {
      for (const page of [
        markedPage(9, size),
        new Uint8Array(size),
        Uint8Array.from({ length: size }, () => below(256)),
      ]) {
        const result = decompressPage(compress(page), flags, size);
        assert.ok(result instanceof Uint8Array && Buffer.compare(result, page) === 0);
      }
    }
  });

  test(`${name} that gives more or less than a page is undecodable`, () => {
    for (const size of [1, 4095, 4097, 1 << 20])
      assert.notEqual(message(compress(new Uint8Array(size)), flags), "4096 bytes");
  });

  test(`${name} with bytes flipped or cut never does worse than a fault, and the next page is right`, () => {
    const below = random(4);
    const page = Uint8Array.from({ length: 4096 }, (_, i) => (i % 90 < 40 ? below(256) : i >> 8));
    const good = compress(page);
    for (let round = 0; round < 300; round++) {
      const bytes = Uint8Array.from(good.subarray(0, round % 3 === 0 ? below(good.length) : good.length));
      for (let i = 0; i <= round % 4; i++) bytes[below(bytes.length)] = below(256);
      const result = decompressPage(bytes, flags, 4096);
      assert.ok(result instanceof Fault || result.length === 4096);
    }
    const again = decompressPage(good, flags, 4096);
    assert.ok(again instanceof Uint8Array && Buffer.compare(again, page) === 0);
  });
}

test("a Snappy stream that declares gigabytes is refused before any memory is taken", () => {
  assert.equal(message(Buffer.from("ffffffff0f00", "hex"), 4), "declares 4294967295 bytes instead of 4096");
  assert.equal(message(Buffer.from("ffffffffff", "hex"), 4), "has no valid length");
});

test("a zstd frame that asks for a window of gigabytes is refused", () => {
  // Magic, frame header descriptor without content size, window descriptor of 2^31 bytes, one empty last block.
  assert.notEqual(message(Buffer.from("28b52ffd00a8010000", "hex"), 0x20), "4096 bytes");
  assert.match(message(Buffer.from("28b52ffd00a8010000", "hex"), 0x20), /memory|window|parameter/i);
});

test("a Node without zstd opens all the rest, and says so for the page", () => {
  const script = `
    import * as zlib from "node:zlib";
    import { registerHooks } from "node:module";
    const oldZlib = "const z = process.getBuiltinModule('zlib'); export const { inflateSync, constants } = z;";
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === "node:zlib" ? { url: "data:text/javascript," + oldZlib, shortCircuit: true } : next(specifier, context),
    });
    const { decompressPage } = await import("./src/dump/compress/compressors.ts");
    console.log(decompressPage(zlib.deflateSync(new Uint8Array(4096)), 1, 4096).length);
    console.log(decompressPage(zlib.zstdCompressSync(new Uint8Array(4096)), 0x20, 4096).message);
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.match(output, /^4096\nNode [\d.]+ cannot decompress zstd: install 22.15 or later\n$/);
});
