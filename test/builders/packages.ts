import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Contents, tar } from "./tar.ts";

/** A package of Debian's kind: deb(5). */
export function deb(contents: Contents): Buffer {
  const member = (name: string, bytes: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from(`${name.padEnd(16)}${"0".padEnd(12)}0     0     100644  ${String(bytes.length).padEnd(10)}\`\n`),
      bytes,
      Buffer.alloc(bytes.length & 1),
    ]);
  return Buffer.concat([
    Buffer.from("!<arch>\n"),
    member("debian-binary", Buffer.from("2.0\n")),
    member("control.tar.zst", zstdCompressSync(tar({ "./control": "x" }))),
    member("data.tar.zst", zstdCompressSync(tar(contents))),
  ]);
}

/** A package of RPM's kind, its headers without tags. */
export function rpm(contents: Contents): Buffer {
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xedabeedb);
  const header = (bytes: number): Buffer => {
    const start = Buffer.alloc(16 + bytes);
    start.writeUInt32BE(0x8eade801);
    start.writeUInt32BE(bytes, 12);
    return start;
  };
  const signature = header(13);
  return Buffer.concat([
    lead,
    signature,
    Buffer.alloc(-(96 + signature.length) & 7),
    header(21),
    gzipSync(cpio(contents)),
  ]);
}

/** A cpio archive in the new ASCII format. */
export function cpio(contents: Contents): Buffer {
  const member = (name: string, bytes: Buffer, mode: number): Buffer => {
    const field = (value: number): string => value.toString(16).padStart(8, "0");
    const fields = [1, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0];
    const head = Buffer.from(`070701${fields.map(field).join("")}${name}\0`);
    return Buffer.concat([head, Buffer.alloc(-head.length & 3), bytes, Buffer.alloc(-bytes.length & 3)]);
  };
  return Buffer.concat([
    member("./usr", Buffer.alloc(0), 0o040755),
    ...Object.entries(contents).map(([name, bytes]) => member(name, Buffer.from(bytes), 0o100644)),
    member("TRAILER!!!", Buffer.alloc(0), 0),
  ]);
}
