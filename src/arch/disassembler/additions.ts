/** Instructions that Capstone 5 does not know, or takes for others; each has the length and the name that binutils give it. */
import { viewOf } from "../../base/bytes.ts";
import { hex0x } from "../../base/hex.ts";

/** An instruction at the start of some bytes. */
export interface Addition {
  readonly length: number;
  readonly mnemonic: string;
  readonly operands: string;
}

/**
 * x86 instructions of fixed bytes, by these in hexadecimal: Intel SDM and its ISA extensions reference, AMD APM
 * volume 3. `vmgexit`, `stui`, `clui`, `mcommit` and `seamcall` are other instructions behind a prefix to Capstone.
 */
const FIXED: ReadonlyMap<string, string> = new Map([
  ["0f01c6", "wrmsrns"],
  ["0f01e8", "serialize"],
  ["0f01fd", "rdpru"],
  ["0f01fe", "invlpgb"],
  ["0f01ff", "tlbsync"],
  ["660f01cc", "tdcall"],
  ["660f01cd", "seamret"],
  ["660f01ce", "seamops"],
  ["660f01cf", "seamcall"],
  ["f20f01c6", "rdmsrlist"],
  ["f20f01fe", "rmpupdate"],
  ["f20f01ff", "pvalidate"],
  ["f30f01c6", "wrmsrlist"],
  ["f30f01d9", "vmgexit"],
  ["f30f01ec", "uiret"],
  ["f30f01ed", "testui"],
  ["f30f01ee", "clui"],
  ["f30f01ef", "stui"],
  ["f30f01fa", "mcommit"],
  ["f30f01fe", "rmpadjust"],
  ["f30f01ff", "psmash"],
]);

/** What the x86 instruction at the start of the bytes is, where Capstone does not know. */
export function x86Addition(bytes: Uint8Array): Addition | undefined {
  const first = bytes[0];
  if (first !== 0x0f && first !== 0x66 && first !== 0xf2 && first !== 0xf3) return undefined;
  const length = first === 0x0f ? 3 : 4;
  if (bytes[length - 2] !== 0x01 || bytes[length - 3] !== 0x0f) return undefined;
  const mnemonic = FIXED.get(Buffer.from(bytes.subarray(0, length)).toString("hex"));
  return mnemonic === undefined ? undefined : { length, mnemonic, operands: "" };
}

/** The unprivileged loads and stores of bits 31-30 (size) and 23-22 (opc), and how wide their register is. */
const UNPRIVILEGED: readonly (readonly (readonly [mnemonic: string, register: "w" | "x"] | undefined)[])[] = [
  [["sttrb", "w"], ["ldtrb", "w"], ["ldtrsb", "x"], ["ldtrsb", "w"]], // prettier-ignore
  [["sttrh", "w"], ["ldtrh", "w"], ["ldtrsh", "x"], ["ldtrsh", "w"]], // prettier-ignore
  [["sttr", "w"], ["ldtr", "w"], ["ldtrsw", "x"], undefined],
  [["sttr", "x"], ["ldtr", "x"], undefined, undefined],
];

/** Arm ARM C6.2, "LDTR": Capstone refuses the same register for value and address, which has no writeback here. */
function unprivileged(word: number): Addition | undefined {
  if ((word & 0x3f200c00) >>> 0 !== 0x38000800) return undefined;
  const [mnemonic, kind] = UNPRIVILEGED[word >>> 30]?.[(word >>> 22) & 3] ?? [];
  if (mnemonic === undefined || kind === undefined) return undefined;
  const offset = (word << 11) >> 23;
  return { length: 4, mnemonic, operands: `${general(word & 31, kind)}, ${place((word >>> 5) & 31, offset)}` };
}

/** Arm ARM C6.2, "STGP": post-indexed, with an offset, pre-indexed. */
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

/** As Capstone has them: digits are decimal. */
const signed = (number: number): string =>
  Math.abs(number) < 10 ? String(number) : `${number < 0 ? "-" : ""}${hex0x(BigInt(Math.abs(number)))}`;

/** `[x0]`, `[sp, #0x10]`, `[x1, #-0x20]!`. */
function place(base: number, offset: number, writesBack = false): string {
  const inside = `${base === 31 ? "sp" : `x${base}`}${offset === 0 && !writesBack ? "" : `, #${signed(offset)}`}`;
  return `[${inside}]${writesBack ? "!" : ""}`;
}

/** What the arm64 instruction at the start of the bytes is, where Capstone does not know. */
export function arm64Addition(bytes: Uint8Array): Addition | undefined {
  if (bytes.length < 4) return undefined;
  const word = viewOf(bytes).getUint32(0, true);
  return unprivileged(word) ?? storePairWithTag(word);
}
