/** Columns of addresses that have a name: functions, and tables of functions. */
import { Fault } from "../../base/fault.ts";
import { symbolSpan } from "./symbolSpan.ts";
import type { Kernel } from "../../model/kernel.ts";
import { addressSpan } from "./addressCell.ts";
import { addressJson, type Line } from "../../say/piece.ts";
import type { Column } from "../../say/table.ts";

/** The name of what starts at an address; to programs the address of what has none. */
function symbolName(kernel: Kernel, address: bigint): string {
  const symbol = kernel.symbols.at(address);
  return symbol?.address === address ? symbol.name : addressJson(address);
}

/** `ffffffff814b79d0  <delayed_work_timer_fn>`: a function's address and its name. */
function functionLine(kernel: Kernel, address: bigint): Line {
  const symbol = kernel.symbols.at(address);
  if (!symbol) return [addressSpan(kernel, address)];
  return [addressSpan(kernel, address), "  <", symbolSpan(symbol, address), ">"];
}

/** An address of a row. */
export type ReadAddress<Row> = (row: Row) => bigint | Fault | undefined;

const named =
  <Row>(kernelOf: (row: Row) => Kernel, read: ReadAddress<Row>) =>
  (row: Row): string | Fault | undefined => {
    const address = read(row);
    return typeof address === "bigint" ? symbolName(kernelOf(row), address) : address;
  };

/** @throws Fault */
function addressOf<Row>(read: ReadAddress<Row>, row: Row): bigint {
  const address = read(row);
  if (address instanceof Fault) throw address;
  return address ?? 0n;
}

/** A function: its address and its name to people, the name to programs. */
export const functionColumn = <Row>(kernelOf: (row: Row) => Kernel, read: ReadAddress<Row>): Column<Row> => ({
  kind: "symbol",
  title: "FUNCTION",
  value: named(kernelOf, read),
  text: (_, row) => functionLine(kernelOf(row), addressOf(read, row)),
});

/** Anything that has a name, such as a table of functions: the name, or the address of what has none. */
export const symbolColumn = <Row>(kernelOf: (row: Row) => Kernel, read: ReadAddress<Row>): Column<Row> => ({
  kind: "symbol",
  title: "SYMBOL",
  value: named(kernelOf, read),
  text: (_, row) => {
    const [kernel, address] = [kernelOf(row), addressOf(read, row)];
    const symbol = kernel.symbols.at(address);
    return symbol?.address === address ? symbolSpan(symbol, address) : addressSpan(kernel, address);
  },
});
