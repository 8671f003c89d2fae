import type { Arch } from "../../../arch/arch.ts";
import { UsageError } from "../../../base/usageError.ts";
import { anyNumber } from "../../language/number.ts";

/** `net -N`: what an IPv4 address reads as when the machine takes it for a number. @throws UsageError */
export function ipv4Number({ byteOrder }: Pick<Arch, "byteOrder">, word: string): string {
  const value = anyNumber(word);
  if (value === undefined || value > 0xffff_ffffn) throw new UsageError(`not an IPv4 address: ${word}`);
  const bytes = [0n, 8n, 16n, 24n].map((shift) => (value >> shift) & 0xffn);
  return (byteOrder === "little" ? bytes : bytes.toReversed()).join(".");
}
