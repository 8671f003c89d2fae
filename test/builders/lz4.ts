/** A legacy frame of LZ4 with one block of literals: "LZ4 Frame Format Description", "Legacy frame". */
export function lz4Legacy(contents: Uint8Array): Buffer {
  const more = contents.length - 15;
  const lengths = more < 0 ? [] : [...Array<number>(Math.floor(more / 255)).fill(255), more % 255];
  const token = Math.min(15, contents.length) << 4;
  const block = Buffer.concat([Buffer.from([token, ...lengths]), contents]);
  const head = Buffer.from([0x02, 0x21, 0x4c, 0x18, 0, 0, 0, 0]);
  head.writeUInt32LE(block.length, 4);
  return Buffer.concat([head, block]);
}
