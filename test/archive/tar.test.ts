import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { ByteReader } from "../../src/archive/byteReader.ts";
import { tarMembers } from "../../src/archive/tar.ts";
import { member, paxRecord, tar } from "../builders/tar.ts";

/** The archive in pieces that fall across all borders. */
async function* pieces(bytes: Uint8Array, size = 100): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(archive: Uint8Array): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, bytes } of tarMembers(new ByteReader(pieces(archive)))) {
    const parts: Uint8Array[] = [];
    for await (const part of bytes()) parts.push(part.slice());
    found[name] = Buffer.concat(parts).toString();
  }
  return found;
}

test("the files of an archive are returned with their names and bytes, including long names", async () => {
  const long = `linux/${"deep/".repeat(40)}panic.c`;
  const contents = { "linux/Makefile": "VERSION = 6\n", [long]: "x".repeat(1000), "linux/empty.c": "" };
  assert.deepEqual(await read(tar(contents)), contents);
});

test("a pax header sets the name and the size of the next file", async () => {
  const records = Buffer.concat([paxRecord("mtime", "1.5"), paxRecord("path", "linux/ä.c")]);
  const archive = Buffer.concat([
    member("pax", "x", records),
    member("short", "0", Buffer.from("abc")),
    tar({ "b.c": "b" }),
  ]);
  assert.deepEqual(await read(archive), { "linux/ä.c": "abc", "b.c": "b" });
});

test("links and directories are no files", async () => {
  const archive = Buffer.concat([
    member("dir/", "5", Buffer.alloc(0)),
    member("link", "2", Buffer.alloc(0)),
    tar({ "a.c": "a" }),
  ]);
  assert.deepEqual(await read(archive), { "a.c": "a" });
});

test("skipped members are not read into memory", async () => {
  const names: string[] = [];
  for await (const { name } of tarMembers(new ByteReader(pieces(tar({ "a.c": "a".repeat(5000), "b.c": "b" }))))) {
    names.push(name);
  }
  assert.deepEqual(names, ["a.c", "b.c"]);
});

test("a file that is not an archive, or a damaged archive, is a fault", async () => {
  const damaged = tar({ "a.c": "a" });
  damaged.write("9", 10);
  await assert.rejects(read(damaged), Fault);
  await assert.rejects(read(Buffer.from("no archive at all".repeat(100))), Fault);
});

test("a file with an impossible size ends with the archive, without allocation", async () => {
  const lying = member("a.c", "0", Buffer.from("abc"));
  // GNU's binary form: 2^50 bytes.
  lying.set([0x80, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0], 124);
  lying.write("        ", 148);
  lying.write(
    `${lying
      .subarray(0, 512)
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  assert.equal((await read(lying))["a.c"]?.length, 512);
  const longName = member("x", "L", Buffer.alloc(0));
  longName.write("77777777777\0", 124);
  longName.write("        ", 148);
  longName.write(
    `${longName
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  await assert.rejects(read(longName), /a name or extended header of/);
});
