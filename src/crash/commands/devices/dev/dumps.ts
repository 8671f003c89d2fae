import { hex0x } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import type { Context } from "../../../language/command.ts";
import { copyToFile } from "../../memory/rd/copyToFile.ts";
import { fileBytes } from "../../memory/rd/fileBytes.ts";
import { hexDump } from "../../../say/hexDump.ts";
import { count } from "../../../language/number.ts";
import { left, middle } from "../../../../render/pad.ts";
import { record, text, type Pieces } from "../../../../say/piece.ts";

const NUMBER_WIDTH = 16;

/** `dev -V`: what drivers added to the dump. @throws UsageError when there is nothing */
export function* deviceDumpList({ session }: Context): Pieces {
  const dumps = session.deviceDumps ?? [];
  if (dumps.length === 0) throw new UsageError("no device dumps found in this dumpfile");
  yield text([{ as: "title", text: "INDEX  OFFSET             SIZE             NAME" }]);
  for (const [index, { name, offset, size }] of dumps.entries()) {
    yield record({ index, name, offset, size }, [
      ...[...middle(String(index), "INDEX".length), "  ", ...left(hex0x(offset), NUMBER_WIDTH), "   "],
      ...[...left(String(size), NUMBER_WIDTH), " ", name],
    ]);
  }
}

/** `dev -v`: the contents of one of them, shown or copied to a file. @throws UsageError when there is no such one */
export function* deviceDumpContents(context: Context, word: string, target: string | undefined): Pieces {
  const { session, kernel } = context;
  const dumps = session.deviceDumps ?? [];
  const dump = dumps[count(word)];
  if (dumps.length === 0 || !session.file) throw new UsageError("no device dumps found in this dumpfile");
  if (!dump) throw new UsageError(`no device dump has the index ${word}`);
  const { name, offset, size } = dump;
  yield text(`DEVICE: ${name}`);
  const bytes = fileBytes(session.file, kernel.arch);
  if (target !== undefined) return yield* copyToFile(context, bytes, BigInt(offset), BigInt(size), target);
  const { wordSize } = kernel.arch;
  const format = { size: wordSize, as: "hex", withText: true } as const;
  yield* hexDump(bytes, BigInt(offset), Math.floor(size / wordSize), format);
}
