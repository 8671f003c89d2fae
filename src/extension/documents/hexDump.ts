const ROW = 16;

/**
 * A page of memory as text: address, bytes, characters.
 * @param bytes what could be read from `address` on; `??` stands for the rest of `size`
 */
export function hexLines(address: bigint, bytes: Uint8Array, size: number): string[] {
  return Array.from({ length: Math.ceil(size / ROW) }, (_, row) => {
    const cells = Array.from({ length: ROW }, (_, i) => bytes[row * ROW + i]);
    const hex = cells.map((byte) => byte?.toString(16).padStart(2, "0") ?? "??");
    const text = cells.map((byte) =>
      byte === undefined ? " " : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    );
    const at = BigInt.asUintN(64, address + BigInt(row * ROW))
      .toString(16)
      .padStart(16, "0");
    return `${at}  ${hex.slice(0, 8).join(" ")}  ${hex.slice(8).join(" ")}  |${text.join("")}|`;
  });
}
