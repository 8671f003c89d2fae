/** Cells of a row. */
import { attempt, Fault } from "../base/fault.ts";
import { faultJson, faultSpan, type Json, type Span } from "./piece.ts";

/** One value of a row for people and for programs. A fault replaces the value in both. */
export interface Cell {
  readonly span: Span;
  readonly json: Json;
}

/** Reads one cell. @param text formats the value for people; default: the plain value */
export function cell<T>(read: () => T, text: (value: T) => string = String): Cell {
  const value = attempt(read);
  if (value instanceof Fault) return faultCell(value);
  return { span: text(value), json: plain(value) };
}

/** Makes the cell of an unreadable value. */
export const faultCell = (fault: Fault): Cell => ({ span: faultSpan(fault), json: faultJson(fault) });

const plain = (value: unknown): Json =>
  typeof value === "bigint" ? value.toString() : typeof value === "object" ? null : (value as Json);
