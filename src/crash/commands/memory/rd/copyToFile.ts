/** Implements `rd -r`: copies memory to a file. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex0x } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import type { Context } from "../../../language/command.ts";
import type { ByteSource } from "../../../say/hexDump.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { progress, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

/** Number of bytes read at a time: one page, so that everything before a missing page is copied. */
const CHUNK = 4096n;
/** Number of pages between two pauses. */
const PAUSE = 1024;

/**
 * Copies memory, or a part of the dump file, to a file, up to the first address that cannot be read.
 * @param start first address or offset; `length` bytes are copied
 * @throws UsageError if the front end writes no files; Fault for what cannot be read
 */
export function* copyToFile(context: Context, source: ByteSource, start: bigint, length: bigint, path: string): Pieces {
  const file = context.createFile?.(path);
  if (!file) throw new UsageError(`${path}: files are written in the terminal only`);
  const end = start + length;
  let at = start;
  let fault: Fault | undefined;
  try {
    for (let pages = 1; at < end && !fault; pages++) {
      const next = (at / CHUNK + 1n) * CHUNK;
      const bytes = attempt(() => source.read(at, Number((next < end ? next : end) - at)));
      if (bytes instanceof Fault) fault = bytes;
      else {
        file.write(bytes);
        at += BigInt(bytes.length);
      }
      if (pages % PAUSE === 0) yield progress(`copying to ${path}`, Number(at - start), Number(length));
    }
  } finally {
    file.close();
  }
  yield new TableLayout(context.kernel, copyTable).row({ path, start, bytes: Number(at - start) });
  if (fault) throw fault;
}

export const copyTable: Table<{ readonly path: string; readonly start: bigint; readonly bytes: number }> = {
  columns: {
    bytes: { kind: "number", title: "", unit: "bytes", about: "copied", value: ({ bytes }) => bytes },
    start: {
      kind: "address",
      title: "",
      about: "virtual or physical address, or an offset in the dump file",
      gap: " bytes copied from ",
      width: 0,
      value: ({ start }) => start,
      text: hex0x,
    },
    file: { kind: "text", title: "", gap: " to ", value: ({ path }) => path },
  },
};
