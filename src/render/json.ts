/** Writes a command's data as JSON. */
import { printableJson } from "../base/printable.ts";
import type { Json, Piece } from "../say/piece.ts";

/** Version of the records in docs/json.md; increased when a key changes its meaning or is removed. */
export const SCHEMA = 1;

/**
 * Writes the data of one command as a JSON document: `{ "schema": 1, "records": [...] }` with an element per record.
 * Text is written as it arrives, so that a long listing is not kept in memory.
 */
export class JsonDocument {
  private first = true;

  /** Returns the text for this piece; "" for pieces without data. */
  add(piece: Piece): string {
    if (piece.kind !== "record") return "";
    const text = jsonText(piece.data);
    const lead = this.first ? START : ",\n";
    this.first = false;
    return lead + text;
  }

  end(): string {
    return this.first ? `${START}]}\n` : "\n]}\n";
  }
}

const START = `{"schema": ${SCHEMA}, "records": [\n`;

/** Formats a value on one line, without characters that control a terminal; keys without a value are omitted. */
export const jsonText = (data: Json): string => printableJson(JSON.stringify(data));
