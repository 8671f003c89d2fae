/** Values of C types as cells of a table: one line each, of limited length. */
import { bare, type CType } from "../../debuginfo/ctype.ts";
import { formatValue, type FormatOptions } from "../../model/format.ts";
import type { Obj } from "../../model/object.ts";
import { isCharacter } from "../../model/characters.ts";
import { type Line, type Span, spanText } from "../../say/piece.ts";
import { isText, valueJson } from "./valueJson.ts";

/** Length of a value on a screen in characters. A longer one ends with an ellipsis. */
const MAX_CELL_LENGTH = 64;

/** Maximum number of array elements that are formatted for a cell. */
const MAX_ELEMENTS = 16;

/** Formats a value on one line. @param longest in characters */
export function valueCell(object: Obj, options: FormatOptions, longest = MAX_CELL_LENGTH): Line {
  const line: Span[] = [];
  let length = 0;
  const array = bare(object.type);
  const limit = array.kind === "array" && isCharacter(array.element) ? longest : MAX_ELEMENTS;
  for (const tokens of formatValue(object, { ...options, limit, stopAtNull: true, arrayLines: false })) {
    const [first = "", ...rest] = tokens;
    // Each line but the first begins with its indentation.
    const joined = line.length === 0 ? tokens : [" ", typeof first === "string" ? first.trimStart() : first, ...rest];
    for (const span of joined) {
      const text = spanText(span);
      length += text.length;
      if (length <= longest) line.push(span);
      else {
        const kept = text.slice(0, Math.max(0, longest - 1 - (length - text.length)));
        // A part of an address or of a symbol must not be a link.
        return [...line, typeof span === "string" || span.as === "fault" ? `${kept}…` : "…"];
      }
    }
  }
  return line;
}

type ValueKind = "number" | "integer" | "address" | "text" | "data";

/** Returns the kind of the column for values of a type. */
export function valueKind(type: CType): ValueKind {
  const target = bare(type);
  switch (target.kind) {
    case "int":
      return target.size > 4 ? "integer" : "number";
    case "pointer":
      return "address";
    case "enum":
      return "text";
    case "array":
      return isText(target) ? "text" : "data";
    default:
      return "data";
  }
}

/** Returns the value for a column of `valueKind`. @throws Fault */
export function columnValue(object: Obj): bigint | number | string | (() => ReturnType<typeof valueJson>) {
  switch (valueKind(object.type)) {
    case "number":
      return object.number();
    case "integer":
    case "address":
      return object.value();
    case "text":
      return isText(object.type) ? object.text() : textOf(valueJson(object));
    default:
      return () => valueJson(object);
  }
}

const textOf = (value: ReturnType<typeof valueJson>): string =>
  typeof value === "string" ? value : JSON.stringify(value);
