/** Implements the `-R reference` option, which selects rows. */
import type { Cell } from "../../say/cell.ts";
import { anyNumber, hexNumber } from "../language/number.ts";

/** The values of a row that `-R reference` is compared with. */
export interface Referable {
  /** File descriptor number. */
  readonly number: number;
  readonly addresses: readonly Cell[];
  /** Path of the file; undefined if it has no name. */
  readonly text?: string;
}

/** A descriptor number. Digits without 0x are decimal, because hexadecimal ones without it are an address or text. */
const NUMBER = /^(?:\d+|0x[\da-f]+)$/i;

/**
 * Whether a reference matches a row: the descriptor number in decimal or with 0x, one of the addresses, or a part of
 * the text.
 */
export function matches(reference: string, { number, addresses, text }: Referable): boolean {
  if (NUMBER.test(reference) && anyNumber(reference) === BigInt(number)) return true;
  const address = hexNumber(reference);
  const isAddress = ({ span }: Cell): boolean =>
    typeof span === "object" && span.as === "address" && span.address === address;
  return addresses.some(isAddress) || (text?.includes(reference) ?? false);
}
