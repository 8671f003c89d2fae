import { attempt, Fault } from "../base/fault.ts";
import { bare } from "../debuginfo/ctype.ts";
import type { Kernel } from "../model/kernel.ts";
import { decimalNumber, hexNumber } from "./number.ts";
import { type Pieces, record, text } from "./piece.ts";

/** More than any architecture has. */
const MAX_SYSCALLS = 4096;

/** Addresses in `sys_call_table`, by number. @throws Fault */
function sysCallTable(kernel: Kernel): readonly bigint[] {
  const symbol = kernel.symbols.find("sys_call_table");
  if (!symbol) throw Fault.of("unknown", "no symbol sys_call_table");
  const declared = kernel.types.exactVariable("sys_call_table");
  const type = declared && bare(declared);
  const { wordSize } = kernel.arch;
  const count = (type?.kind === "array" ? type.count : undefined) ?? Math.floor(symbol.size / wordSize);
  const calls: bigint[] = [];
  for (let i = 0; i < Math.min(count, MAX_SYSCALLS); i++) {
    const address = kernel.memory.word(symbol.address + BigInt(i * wordSize));
    // Where only the next symbol tells its end, the table ends with the last function.
    if (!kernel.code.isText(address)) break;
    calls.push(address);
  }
  return calls;
}

/** The table of system calls, or those whose number or part of whose name is given. */
export function* sysCalls(kernel: Kernel, words: readonly string[]): Pieces {
  yield text([{ as: "title", text: "NUM  SYSTEM CALL                FILE AND LINE NUMBER" }]);
  for (const [number, address] of sysCallTable(kernel).entries()) {
    const name = kernel.symbols.at(address)?.name ?? address.toString(16);
    if (words.length > 0 && !words.some((word) => isNamed(word, number, name))) continue;
    const scopes = attempt(() => kernel.code.scopes(address));
    const source = scopes instanceof Fault ? undefined : scopes.at(-1)?.source;
    const place = source ? `${source.file}: ${source.line}` : "";
    yield record({ number, name, file: source?.file, line: source?.line }, [
      `${String(number).padStart(3)}  `,
      { as: "symbol", text: name.padEnd(26), address },
      ...(source ? [" ", { as: "source", text: place, file: source.file, line: source.line } as const] : []),
    ]);
  }
}

function isNamed(word: string, number: number, name: string): boolean {
  const value = decimalNumber(word) ?? (/^0x/i.test(word) ? hexNumber(word) : undefined);
  return value === undefined ? name.includes(word) : value === BigInt(number);
}
