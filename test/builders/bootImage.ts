const SECTOR = 512;

/** An x86 boot image (bzImage) with a setup of four sectors: Documentation/arch/x86/boot.rst. */
export function bootImage(payload: Uint8Array): Buffer {
  const setup = Buffer.alloc(5 * SECTOR);
  setup[0x1f1] = 4;
  setup.write("HdrS", 0x202, "latin1");
  const code = Buffer.alloc(100);
  setup.writeUInt32LE(code.length, 0x248);
  setup.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([setup, code, payload]);
}
