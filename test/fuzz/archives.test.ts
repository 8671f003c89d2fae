/** Damaged archives and packages: members come with their names and sizes, or a Fault. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { ByteReader } from "../../src/archive/byteReader.ts";
import { cpioMembers } from "../../src/archive/cpio.ts";
import { isLz4Legacy, unlz4Legacy } from "../../src/archive/lz4.ts";
import { packageMembers } from "../../src/archive/packageMembers.ts";
import { unpackBytes } from "../../src/archive/packedFile.ts";
import { type Member, PATH_MAX, tarMembers } from "../../src/archive/tar.ts";
import { toEnd } from "../../src/base/job.ts";
import { lz4Legacy } from "../builders/lz4.ts";
import { cpio, deb, rpm } from "../builders/packages.ts";
import { member, paxRecord, tar } from "../builders/tar.ts";
import { survives } from "./fuzzing.ts";
import { mutated } from "./mutate.ts";

const MEBIBYTE = 1 << 20;
const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
after(() => rmSync(folder, { recursive: true }));

const contents = {
  "usr/lib/debug/vmlinux": "x".repeat(3000),
  [`linux/${"deep/".repeat(40)}panic.c`]: "int x;\n".repeat(50),
  "usr/empty": "",
};

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 700) yield await Promise.resolve(bytes.subarray(at, at + 700));
}

/** Reads every member. A bounded number of bytes is all that a small archive can hold. */
async function readAll(members: AsyncIterable<Member>): Promise<boolean> {
  let [count, size] = [0, 0];
  for await (const { name, bytes } of members) {
    assert.ok(name.length <= PATH_MAX);
    for await (const part of bytes()) size += part.length;
    count++;
  }
  assert.ok(size <= MEBIBYTE, "more came out than was in it");
  return count > 0;
}

const archives = {
  tar: [
    Buffer.concat([
      member("pax", "x", paxRecord("path", "linux/ä.c")),
      member("short", "0", Buffer.from("abc")),
      tar(contents),
    ]),
    tarMembers,
  ],
  cpio: [cpio(contents), cpioMembers],
} as const;
for (const [name, [whole, members]] of Object.entries(archives))
  survives(name, {
    cases: 800,
    make: (below) => mutated(whole, below),
    read: (bytes) => readAll(members(new ByteReader(pieces(bytes)))),
    accepted: 0.2,
  });

for (const [name, whole] of Object.entries({ deb: deb(contents), rpm: rpm(contents) })) {
  const path = join(folder, `package.${name}`);
  survives(`package of kind ${name}`, {
    cases: 300,
    make: (below) => mutated(whole, below),
    read: async (bytes) => {
      writeFileSync(path, bytes);
      return readAll(packageMembers(path, {}));
    },
    accepted: 0.05,
  });
}

const text = Buffer.from("the quick brown fox ".repeat(300));
const packed = { gzip: gzipSync(text), zstd: zstdCompressSync(text) };
for (const [name, whole] of Object.entries(packed))
  survives(`bytes packed with ${name}`, {
    cases: 800,
    // The first bytes are the signature.
    make: (below) => Buffer.concat([whole.subarray(0, 4), mutated(whole.subarray(4), below)]),
    read: (bytes) => toEnd(unpackBytes(bytes, MEBIBYTE)).length <= MEBIBYTE,
    accepted: 0,
  });
survives("LZ4", {
  cases: 1500,
  make: (below) => mutated(lz4Legacy(text), below),
  read: (bytes) => isLz4Legacy(bytes) && toEnd(unlz4Legacy(bytes, MEBIBYTE)).length <= MEBIBYTE,
  accepted: 0.05,
});
