/** Files for an archive, by name. */
export type Contents = Readonly<Record<string, string | Uint8Array>>;

/** A tar archive as GNU tar writes it, long names included. */
export function tar(contents: Contents): Buffer {
  const members = Object.entries(contents).flatMap(([name, bytes]) => [
    ...(name.length > 99 ? [member("././@LongLink", "L", Buffer.from(`${name}\0`))] : []),
    member(name.slice(0, 99), "0", Buffer.from(bytes)),
  ]);
  return Buffer.concat([...members, Buffer.alloc(1024)]);
}

/** One header with its contents, padded. @param type as POSIX numbers them */
export function member(name: string, type: string, contents: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write(`${contents.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar  \0", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, contents, Buffer.alloc((512 - (contents.length % 512)) % 512)]);
}

/** A pax extended header's record. */
export function paxRecord(key: string, value: string): Buffer {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + 1;
  while (String(length).length + bytes !== length) length = String(length).length + bytes;
  return Buffer.from(`${length}${rest}`);
}
