/** The `ascii` command: shows the bytes of a value as characters. */
import { hex, padHex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { command } from "../../language/command.ts";
import { hexNumber } from "../../language/number.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { TableLayout } from "../../../render/layout.ts";
import { type Line, record, text } from "../../../say/piece.ts";
import type { Column, Table } from "../../../say/table.ts";

/** Names of the control characters by code (ANSI X3.4). */
const CONTROLS =
  "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(
    " ",
  );
const SPACE = 0x20;
const DEL = 0x7f;

export const ascii = command({
  name: "ascii",
  readsOnly: true,
  summary: "show a hexadecimal value as text",
  usage: "[value ...]",
  options: [],
  description:
    "Shows the bytes of a hexadecimal value as text, in the order in which they are stored in memory. Without a value, shows the table of ASCII characters.",
  examples: [{ line: "ascii 62696c2f7273752f", shows: "A word of memory that holds the start of a path." }],
  records: () => [
    {
      line: "ascii 62696c2f7273752f",
      fields: { value: { kind: "text", about: "`0x` and the digits of a word" }, text: { kind: "text" } },
    },
  ],
  *run({ kernel }, { rest }) {
    if (rest.length === 0) return yield text(...characters(kernel));
    const { wordSize, byteOrder } = kernel.arch;
    for (const word of rest) {
      const value = hexNumber(word);
      if (value === undefined) throw new UsageError(`not a hexadecimal number: ${word}`);
      const digits = padHex(value, wordSize * 2);
      const bytes = [...Buffer.from(digits, "hex")];
      if (byteOrder === "little") bytes.reverse();
      const spelt = bytes.map((byte) => glyph(byte) ?? `<${name(byte)}>`).join("");
      yield record({ value: `0x${digits}`, text: spelt }, `${digits}: ${spelt}`);
    }
  },
});

const glyph = (code: number): string | undefined =>
  code > SPACE && code < DEL ? String.fromCharCode(code) : undefined;
const name = (code: number): string =>
  CONTROLS[code] ?? (code === SPACE ? "SP" : code === DEL ? "DEL" : padHex(code, 2).toUpperCase());

/** The table of ASCII characters. A row is the lower half of a code. */
const charactersTable: Table<number> = {
  columns: {
    low: { kind: "number", title: "", gap: "  ", value: (low) => low, text: (low) => hex(low).toUpperCase() },
    ...Object.fromEntries(
      Array.from({ length: 8 }, (_, high): [string, Column<number>] => [
        `high${high}`,
        {
          kind: "text",
          title: "",
          width: 3,
          align: "right",
          ...(high === 0 && { gap: " | " }),
          value: (low) => name(high * 16 + low),
          text: (_, low) =>
            glyph(high * 16 + low) === undefined ? name(high * 16 + low) : `${glyph(high * 16 + low)} `,
        },
      ]),
    ),
  },
};

function characters(kernel: Kernel): Line[] {
  const layout = new TableLayout(kernel, charactersTable);
  const rows = Array.from({ length: 16 }, (_, low) => layout.line(low));
  return [[], ["      0    1   2   3   4   5   6   7"], ["    +-------------------------------"], ...rows, []];
}
