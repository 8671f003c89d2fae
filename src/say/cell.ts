import { attempt, Fault } from "../base/fault.ts";
import { faultJson, faultSpan, type Json, type Span } from "./piece.ts";

/** One value of a row: what it says to people and to programs. A fault takes the value's place in both. */
export interface Cell {
  readonly span: Span;
  readonly json: Json;
}

/**
 * Reads one cell.
 * @param text how a person sees the value; the plain value when not given
 */
export function cell<T>(read: () => T, text: (value: T) => string = String): Cell {
  const value = attempt(read);
  if (value instanceof Fault) return faultCell(value);
  return { span: text(value), json: plain(value) };
}

/** The cell of a value that cannot be read. */
export const faultCell = (fault: Fault): Cell => ({ span: faultSpan(fault), json: faultJson(fault) });

const plain = (value: unknown): Json =>
  typeof value === "bigint" ? value.toString() : typeof value === "object" ? null : (value as Json);
