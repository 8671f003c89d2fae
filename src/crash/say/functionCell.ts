/** Table columns for addresses of named objects: functions, and tables of functions. */
import { Fault } from "../../base/fault.ts";
import { symbolSpan } from "./symbolSpan.ts";
import type { Kernel } from "../../model/kernel.ts";
import { addressSpan } from "./addressCell.ts";
import { addressJson, type Line } from "../../say/piece.ts";
import type { Column } from "../../say/table.ts";

/** Returns the name of the symbol that starts at an address; the address itself if there is none. For JSON. */
function symbolName(kernel: Kernel, address: bigint): string {
  const symbol = kernel.symbols.at(address);
  return symbol?.address === address ? symbol.name : addressJson(address);
}

/** Formats a function's address and name: `ffffffff814b79d0  <delayed_work_timer_fn>`. */
function functionLine(kernel: Kernel, address: bigint): Line {
  const symbol = kernel.symbols.at(address);
  if (!symbol) return [addressSpan(kernel, address)];
  return [addressSpan(kernel, address), "  <", symbolSpan(symbol, address), ">"];
}

/** Reads an address from a row. */
export type ReadAddress<Row> = (row: Row) => bigint | Fault | undefined;

const nameCell =
  <Row>(kernelOf: (row: Row) => Kernel, read: ReadAddress<Row>) =>
  (row: Row): string | Fault | undefined => {
    const address = read(row);
    return typeof address === "bigint" ? symbolName(kernelOf(row), address) : address;
  };

/** Reads the address of a row. @throws Fault */
function addressOf<Row>(read: ReadAddress<Row>, row: Row): bigint {
  const address = read(row);
  if (address instanceof Fault) throw address;
  return address ?? 0n;
}

/** A column that shows a function's address and name. Its JSON is the name alone. */
export const functionColumn = <Row>(kernelOf: (row: Row) => Kernel, read: ReadAddress<Row>): Column<Row> => ({
  kind: "symbol",
  title: "FUNCTION",
  value: nameCell(kernelOf, read),
  text: (_, row) => functionLine(kernelOf(row), addressOf(read, row)),
});

/** A column that shows the name of an object, such as a table of functions, or the address if it has no name. */
export const symbolColumn = <Row>(kernelOf: (row: Row) => Kernel, read: ReadAddress<Row>): Column<Row> => ({
  kind: "symbol",
  title: "SYMBOL",
  value: nameCell(kernelOf, read),
  text: (_, row) => {
    const [kernel, address] = [kernelOf(row), addressOf(read, row)];
    const symbol = kernel.symbols.at(address);
    return symbol?.address === address ? symbolSpan(symbol, address) : addressSpan(kernel, address);
  },
});
