import { printableJson } from "../base/printable.ts";
import type { Json, Piece } from "../say/piece.ts";

/** Of what docs/json.md describes; counted up when a key changes its meaning or goes. */
export const SCHEMA = 1;

/**
 * The data of one command as one JSON document: `{ "schema": 1, "records": [...] }`, an element a record.
 * Text goes out as it comes, so that a long listing does not have to be held.
 */
export class JsonDocument {
  private first = true;

  /** What to write for this piece; "" for all that is no data. */
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

/** One value on one line, without characters that drive a terminal; keys without a value are left out. */
export const jsonText = (data: Json): string => printableJson(JSON.stringify(data));
