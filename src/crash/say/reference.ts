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

/**
 * Whether a reference matches a row: the descriptor number, one of the addresses, or a part of the text. As in crash,
 * the number is decimal, or hexadecimal if it cannot be decimal.
 */
export function matches(reference: string, { number, addresses, text }: Referable): boolean {
  if (anyNumber(reference) === BigInt(number)) return true;
  const address = hexNumber(reference);
  const isAddress = ({ span }: Cell): boolean =>
    typeof span === "object" && span.as === "address" && span.address === address;
  return addresses.some(isAddress) || (text?.includes(reference) ?? false);
}
