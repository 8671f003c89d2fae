import { openSession } from "../../src/session/open/open.ts";
import { debuginfoFile } from "./debuginfoFile.ts";

/** By how much KASLR moved the sample's kernel. */
const SLIDE = 0x1000000n;

/** A vmlinux without DWARF to speak of: the sample's own symbols, where they would be without KASLR. */
export function sampleVmlinux(buildId: string): Uint8Array {
  const session = openSession({ vmcore: ["sample/vmcore"] });
  const symbols = [...session.kernel.symbols.all()].filter((symbol) => symbol.module === undefined);
  session.close();
  return debuginfoFile({
    buildId,
    symbols: symbols.map(({ name, address }) => ({ name, value: address < 1n << 63n ? address : address - SLIDE })),
  });
}
