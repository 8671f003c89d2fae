/** Implements `dev -V` and `-v`: lists and shows the device dumps that drivers added to the dump. */
import { hex0x } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import type { Context, DeviceDump } from "../../../language/command.ts";
import { copyToFile } from "../../memory/rd/copyToFile.ts";
import { fileBytes } from "../../memory/rd/fileBytes.ts";
import { hexDump } from "../../../say/hexDump.ts";
import { count } from "../../../language/number.ts";
import { table } from "../../../../render/layout.ts";
import { text, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

/** The table of device dumps with their indexes. */
export const dumpsTable: Table<readonly [index: number, dump: DeviceDump]> = {
  columns: {
    index: { kind: "number", title: "INDEX", width: 5, align: "middle", value: ([index]) => index },
    offset: {
      kind: "number",
      title: "OFFSET",
      about: "in the file",
      width: 16,
      align: "left",
      gap: "  ",
      value: ([, { offset }]) => offset,
      text: hex0x,
    },
    size: {
      kind: "number",
      title: "SIZE",
      unit: "bytes",
      width: 16,
      align: "left",
      gap: "   ",
      value: ([, { size }]) => size,
    },
    name: { kind: "text", title: "NAME", value: ([, { name }]) => name },
  },
};

/** Lists the device dumps for `dev -V`. @throws UsageError if there are none */
export function* deviceDumpList({ kernel, session }: Context): Pieces {
  const dumps = session.deviceDumps ?? [];
  if (dumps.length === 0) throw new UsageError("no device dumps found in this dumpfile");
  yield* table(kernel, dumpsTable, dumps.entries());
}

/**
 * Shows the contents of a device dump for `dev -v`, or copies them to a file. @throws UsageError if no device dump has
 * that index
 */
export function* deviceDumpContents(context: Context, word: string, target: string | undefined): Pieces {
  const { session, kernel } = context;
  const dumps = session.deviceDumps ?? [];
  const dump = dumps[count(word)];
  if (dumps.length === 0 || !session.file) throw new UsageError("no device dumps found in this dumpfile");
  if (!dump) throw new UsageError(`no device dump has the index ${word}; "dev -V" lists them`);
  const { name, offset, size } = dump;
  yield text(`DEVICE: ${name}`);
  const bytes = fileBytes(session.file, kernel.arch);
  if (target !== undefined) return yield* copyToFile(context, bytes, BigInt(offset), BigInt(size), target);
  const { wordSize } = kernel.arch;
  const format = { size: wordSize, as: "hex", withText: true } as const;
  yield* hexDump(bytes, BigInt(offset), Math.floor(size / wordSize), format);
}
