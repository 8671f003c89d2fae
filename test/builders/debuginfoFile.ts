import { type BuiltElf, type BuiltSymbol, elfBytes } from "./elf.ts";
import { ByteWriter } from "./byteWriter.ts";

const SHT_NOTE = 7;
const EM_X86_64 = 62;
const NT_GNU_BUILD_ID = 3;

/** The contents of .note.gnu.build-id. @param buildId hexadecimal */
export function buildIdNote(buildId: string): Uint8Array {
  const id = Buffer.from(buildId, "hex");
  return new ByteWriter().u32(4).u32(id.length).u32(NT_GNU_BUILD_ID).append(Buffer.from("GNU\0")).append(id).done();
}

export interface DebuginfoParts extends Pick<BuiltElf, "type" | "machine" | "sections"> {
  readonly buildId?: string;
  /** Left out of a stripped file. */
  readonly symbols?: boolean | readonly BuiltSymbol[];
  readonly dwarf?: boolean;
}

/** A vmlinux or module as far as a search looks into it. */
export function debuginfoFile({ buildId, symbols = true, dwarf = true, sections = [], ...rest }: DebuginfoParts) {
  return elfBytes({
    machine: EM_X86_64,
    ...rest,
    sections: [
      { name: ".text", bytes: new Uint8Array(16), flags: 6 },
      ...(buildId === undefined ? [] : [{ name: ".note.gnu.build-id", type: SHT_NOTE, bytes: buildIdNote(buildId) }]),
      ...(dwarf ? [{ name: ".debug_info", bytes: new Uint8Array(0) }] : []),
      ...sections,
    ],
    ...(symbols && { symbols: symbols === true ? [{ name: "start_kernel", value: 0n, size: 16 }] : symbols }),
  });
}
