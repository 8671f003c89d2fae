import { hex } from "../../../../base/hex.ts";
import { Fault } from "../../../../base/fault.ts";
import { pageFlags, type PageFlag } from "../../../../linux/mm/pageFlags.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { record, text, type Pieces } from "../../../../say/piece.ts";

/** `kmem -g`: every page flag, or those set in `value`. @throws Fault when the kernel's flags are not known */
export function* pageFlagTable(kernel: Kernel, value: bigint | undefined): Pieces {
  const all = pageFlags(kernel);
  if (all.length === 0) throw Fault.of("unknown", "no enum pageflags");
  const indent = value === undefined ? "" : "  ";
  const width = Math.max(9, ...all.map(({ name }) => name.length));
  if (value !== undefined) yield text(`FLAGS: ${hex(value)}`);
  yield text([{ as: "title", text: `${indent}${"PAGE-FLAG".padEnd(width)} BIT  VALUE` }]);
  const chosen = value === undefined ? all : all.filter(({ bit }) => (value >> BigInt(bit)) & 1n);
  for (const flag of chosen) yield record({ name: flag.name, bit: flag.bit }, indent + flagLine(flag, width));
  if (chosen.length === 0) yield text(`${indent}(none found)`);
}

const flagLine = ({ name, bit }: PageFlag, width: number): string =>
  `${name.padEnd(width)}  ${String(bit).padStart(2)}  ${hex(1n << BigInt(bit)).padStart(7, "0")}`;
