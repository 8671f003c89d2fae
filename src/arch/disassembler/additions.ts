/** Instructions that Capstone 5 does not know or decodes wrongly, with their length and the name that binutils uses. */
import { viewOf } from "../../base/bytes.ts";
import { hex0x } from "../../base/hex.ts";

/** An instruction decoded from the start of some bytes. */
export interface Addition {
  readonly length: number;
  readonly mnemonic: string;
  readonly operands: string;
}

/** Unprivileged loads and stores by bits 31-30 (size) and 23-22 (opc), with the width of the register. */
const UNPRIVILEGED: readonly (readonly (readonly [mnemonic: string, register: "w" | "x"] | undefined)[])[] = [
  [["sttrb", "w"], ["ldtrb", "w"], ["ldtrsb", "x"], ["ldtrsb", "w"]], // prettier-ignore
  [["sttrh", "w"], ["ldtrh", "w"], ["ldtrsh", "x"], ["ldtrsh", "w"]], // prettier-ignore
  [["sttr", "w"], ["ldtr", "w"], ["ldtrsw", "x"], undefined],
  [["sttr", "x"], ["ldtr", "x"], undefined, undefined],
];

/**
 * Decodes an unprivileged load or store (Arm ARM C6.2, "LDTR"); undefined for other instructions. Capstone rejects
 * equal registers for value and address, which are valid because there is no writeback.
 */
function unprivileged(word: number): Addition | undefined {
  if ((word & 0x3f200c00) >>> 0 !== 0x38000800) return undefined;
  const [mnemonic, kind] = UNPRIVILEGED[word >>> 30]?.[(word >>> 22) & 3] ?? [];
  if (mnemonic === undefined || kind === undefined) return undefined;
  const offset = (word << 11) >> 23;
  return { length: 4, mnemonic, operands: `${general(word & 31, kind)}, ${place((word >>> 5) & 31, offset)}` };
}

/** Decodes STGP (Arm ARM C6.2): post-indexed, with an offset, pre-indexed; undefined for other instructions. */
function storePairWithTag(word: number): Addition | undefined {
  const mode = (word & 0xffc00000) >>> 0;
  if (mode !== 0x68800000 && mode !== 0x69000000 && mode !== 0x69800000) return undefined;
  const offset = ((word << 10) >> 25) * 16;
  const base = (word >>> 5) & 31;
  const address = mode === 0x68800000 ? `${place(base, 0)}, #${signed(offset)}` : `${place(base, offset, mode === 0x69800000)}`; // prettier-ignore
  return {
    length: 4,
    mnemonic: "stgp",
    operands: `${general(word & 31, "x")}, ${general((word >>> 10) & 31, "x")}, ${address}`,
  };
}

const general = (number: number, kind: "w" | "x"): string => (number === 31 ? `${kind}zr` : `${kind}${number}`);

/** Formats a number as Capstone does: those below ten are decimal. */
const signed = (number: number): string =>
  Math.abs(number) < 10 ? String(number) : `${number < 0 ? "-" : ""}${hex0x(BigInt(Math.abs(number)))}`;

/** Formats an address: `[x0]`, `[sp, #0x10]`, `[x1, #-0x20]!`. */
function place(base: number, offset: number, writesBack = false): string {
  const inside = `${base === 31 ? "sp" : `x${base}`}${offset === 0 && !writesBack ? "" : `, #${signed(offset)}`}`;
  return `[${inside}]${writesBack ? "!" : ""}`;
}

/** Decodes the arm64 instruction at the start of the bytes if Capstone cannot. */
export function arm64Addition(bytes: Uint8Array): Addition | undefined {
  if (bytes.length < 4) return undefined;
  const word = viewOf(bytes).getUint32(0, true);
  return unprivileged(word) ?? storePairWithTag(word);
}
