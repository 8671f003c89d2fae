import type { Cell } from "../../say/cell.ts";
import { anyNumber, hexNumber } from "../language/number.ts";

/** What `-R reference` is compared with. */
export interface Referable {
  /** A descriptor. */
  readonly number: number;
  readonly addresses: readonly Cell[];
  /** A path; none for what has no name. */
  readonly text?: string;
}

/** Whether a reference names a row: its number in decimal or with 0x, an address of it, a part of its text. */
export function matches(reference: string, { number, addresses, text }: Referable): boolean {
  if (anyNumber(reference) === BigInt(number)) return true;
  const address = hexNumber(reference);
  const isAddress = ({ span }: Cell): boolean =>
    typeof span === "object" && span.as === "address" && span.address === address;
  return addresses.some(isAddress) || (text?.includes(reference) ?? false);
}
