import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { readOptions } from "../../../src/cli/options.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { openVmlinux } from "../../../src/session/open/vmlinux.ts";
import { bootImage } from "../../builders/bootImage.ts";
import { lz4Legacy } from "../../builders/lz4.ts";
import { sampleVmlinux } from "../../builders/sampleVmlinux.ts";
import { xz } from "../../builders/xz.ts";

const directory = mkdtempSync(join(tmpdir(), "vmcore-boot-"));
test.after(() => rmSync(directory, { recursive: true }));

function written(name: string, bytes: Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

const buildId = "c0ffee";
const kernel = Buffer.from(sampleVmlinux(buildId));
const size = Buffer.alloc(4);
size.writeUInt32LE(kernel.length);
const payloads = {
  gzip: gzipSync(kernel),
  zstd: Buffer.concat([zstdCompressSync(kernel), size]),
  xz: Buffer.concat([xz(kernel), size]),
  lz4: Buffer.concat([lz4Legacy(kernel), size]),
};

for (const [packing, payload] of Object.entries(payloads))
  test(`a boot image packed with ${packing} is opened as its kernel`, () => {
    const path = written(`vmlinuz-${packing}`, bootImage(payload));
    const vmlinux = openVmlinux(path);
    assert.equal(vmlinux.elf.buildId, buildId);
    assert.ok(vmlinux.symbols.named("init_task")[0]);
    vmlinux.close();
    assert.equal(readOptions([path, "sample/vmcore"]).vmlinux, path);
  });

test("a boot image that was cut off, is damaged or is not of x86 is refused with the reason", () => {
  const image = bootImage(payloads.gzip);
  const why = (name: string, bytes: Uint8Array): string => {
    const path = written(name, bytes);
    try {
      openSession({ vmcore: ["sample/vmcore"], vmlinux: path });
    } catch (error) {
      assert.ok(error instanceof Error);
      return error.message.replace(`${path} `, "");
    }
    return "opened";
  };
  assert.match(why("cut", image.subarray(0, image.length - 9)), /^is a boot image \(vmlinuz\) that was cut off/);
  const damaged = Buffer.from(image);
  damaged.fill(0, image.length - 2000, image.length - 1000);
  assert.match(
    why("damaged", damaged),
    /^is a boot image \(vmlinuz\) whose kernel cannot be unpacked: .*extract-vmlinux/,
  );
  assert.match(why("text", bootImage(gzipSync("text"))), /^is not a vmlinux: it is text/);
  const arm = Buffer.alloc(2048);
  arm.write("ARM\x64", 0x38, "latin1");
  assert.match(why("Image", arm), /^is a boot image \(vmlinuz\), which has neither symbols nor debuginfo/);
});
