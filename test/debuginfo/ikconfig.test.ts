import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Fault } from "../../src/base/fault.ts";
import { ikconfig } from "../../src/debuginfo/ikconfig.ts";

const text = "#\n# Linux/x86 6.1 Kernel Configuration\n#\nCONFIG_IKCONFIG=y\n";
const image = (packed: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.alloc(33, 7), Buffer.from("IKCFG_ST"), packed, Buffer.from("IKCFG_ED"), Buffer.alloc(9)]);

test("a kernel's configuration is unpacked from between its marks", () => {
  assert.equal(ikconfig(image(gzipSync(text))), text);
});

test("a kernel without a configuration has none", () => {
  assert.equal(ikconfig(new Uint8Array(100)), undefined);
});

test("a configuration that is cut, broken or too large is a fault", () => {
  const whole = image(gzipSync(text));
  assert.throws(() => ikconfig(whole.subarray(0, whole.length - 12)), Fault);
  assert.throws(() => ikconfig(image(gzipSync(text).subarray(0, 30))), Fault);
  assert.throws(() => ikconfig(image(gzipSync(new Uint8Array(20 * 1024 * 1024)))), Fault);
});
