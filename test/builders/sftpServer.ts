/** An SFTP server on standard input and output that serves files for reading, run as a program in the place of ssh. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const [INIT, OPEN, CLOSE, READ, FSTAT] = [1, 3, 4, 5, 8];
const [VERSION, STATUS, HANDLE, DATA, ATTRS] = [2, 101, 102, 103, 105];

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const text = (bytes: Uint8Array): Buffer => Buffer.concat([u32(bytes.length), bytes]);
const send = (type: number, ...fields: Uint8Array[]): void => {
  const body = Buffer.concat([Uint8Array.of(type), ...fields]);
  process.stdout.write(Buffer.concat([u32(body.length), body]));
};
const status = (id: number, code: number): void => send(STATUS, u32(id), u32(code), text(Buffer.from("status")), text(Buffer.from(""))); // prettier-ignore

function answer(packet: Buffer): void {
  const type = packet[0];
  const id = packet.readUInt32BE(1);
  if (type === INIT) return send(VERSION, u32(3));
  const length = packet.readUInt32BE(5);
  const first = packet.subarray(9, 9 + length);
  if (type === OPEN) {
    try {
      return send(HANDLE, u32(id), text(u32(openSync(first.toString(), "r"))));
    } catch {
      return status(id, 2);
    }
  }
  const fd = first.readUInt32BE(0);
  if (type === FSTAT) {
    const { size, mtimeMs } = fstatSync(fd);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(size));
    // Size, owner, permissions, times.
    const seconds = u32(Math.floor(mtimeMs / 1000));
    return send(ATTRS, u32(id), u32(15), bytes, u32(0), u32(0), u32(0o100644), seconds, seconds);
  }
  if (type === READ) {
    // Never more than 20,000 bytes, as a server may.
    const bytes = Buffer.alloc(Math.min(20_000, packet.readUInt32BE(17 + length)));
    const count = readSync(fd, bytes, 0, bytes.length, Number(packet.readBigUInt64BE(9 + length)));
    return count === 0 ? status(id, 1) : send(DATA, u32(id), text(bytes.subarray(0, count)));
  }
  if (type === CLOSE) closeSync(fd);
  status(id, type === CLOSE ? 0 : 8);
}

let received = Buffer.alloc(0);
process.stdin.on("data", (bytes: Buffer) => {
  received = Buffer.concat([received, bytes]);
  while (received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) {
    const size = received.readUInt32BE(0);
    answer(received.subarray(4, 4 + size));
    received = received.subarray(4 + size);
  }
});
process.stdin.on("end", () => process.exit());
