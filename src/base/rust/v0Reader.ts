/** Reads the terminals of v0 symbols: identifiers, numbers, tags. */
import { decodePunycode } from "./punycode.ts";

/** Thrown for a symbol that is not a v0 symbol or is damaged. */
export class Malformed extends Error {}

/** A read position in a mangled symbol, without its `_R`. */
export class V0Reader {
  protected readonly text: string;
  protected at = 0;

  constructor(text: string) {
    this.text = text;
  }

  protected hexadecimal(): bigint {
    const [all, digits] = /^([0-9a-f]{0,32})_/.exec(this.text.slice(this.at, this.at + 33)) ?? [];
    if (all === undefined) throw new Malformed();
    this.at += all.length;
    return BigInt(`0x0${digits ?? ""}`);
  }

  protected identifier(): { readonly name: string; readonly disambiguator: number } {
    const disambiguator = this.disambiguator();
    return { disambiguator, name: this.undisambiguated() };
  }

  protected disambiguator(): number {
    return this.skip("s") ? this.base62() + 1 : 0;
  }

  protected undisambiguated(): string {
    const isPunycode = this.skip("u");
    const digits = /^(?:0|[1-9]\d{0,5})/.exec(this.text.slice(this.at, this.at + 6))?.[0];
    if (digits === undefined) throw new Malformed();
    this.at += digits.length;
    this.skip("_");
    const name = this.text.slice(this.at, this.at + Number(digits));
    if (name.length !== Number(digits)) throw new Malformed();
    this.at += name.length;
    if (!isPunycode) return name;
    const split = name.lastIndexOf("_");
    const plain = decodePunycode(name.slice(0, Math.max(split, 0)), name.slice(split + 1));
    if (plain === undefined) throw new Malformed();
    return plain;
  }

  /** Reads a base-62 number: `_` is 0, `0_` is 1. */
  protected base62(): number {
    if (this.skip("_")) return 0;
    let value = 0;
    for (let digit; (digit = this.next()) !== "_";) {
      const code = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(digit);
      if (code < 0) throw new Malformed();
      // Crate hashes can have 64 bits, but they are not shown; numbers that are counted or shown are small.
      value = Math.min(value * 62 + code, Number.MAX_SAFE_INTEGER - 2);
    }
    return value + 1;
  }

  protected next(): string {
    const character = this.text.charAt(this.at++);
    if (character === "") throw new Malformed();
    return character;
  }

  protected skip(character: string): boolean {
    if (this.text.charAt(this.at) !== character) return false;
    this.at++;
    return true;
  }
}
