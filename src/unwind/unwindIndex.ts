/** Unwinding by the unwind index of 32-bit arm, which also covers assembly code. Source: EHABI32, sections 5 to 9. */
import { attempt, Fault } from "../base/fault.ts";
import { listEntries } from "../kernel/list.ts";
import { derived } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import { callerCursor, type FrameCursor, lookupAddress, type Step } from "./cursor.ts";
import { lostRegisters } from "./lostRegisters.ts";
import { type IndexFrame, runUnwindCode } from "./unwindCode.ts";

/**
 * Size of an entry in bytes. The first word is the offset of a function from the word. The second is the offset of the
 * function's unwind code, the code itself if bit 31 is set, or EXIDX_CANTUNWIND.
 */
const ENTRY_BYTES = 8;
const EXIDX_CANTUNWIND = 1n;

/** A table of entries in the order of their functions. */
interface UnwindTable {
  readonly start: bigint;
  readonly count: number;
  /** Code that it covers; undefined for the kernel's own. */
  readonly code: { readonly begin: bigint; readonly end: bigint } | undefined;
}

/** `__start_unwind_idx` to `__stop_unwind_idx`, and the tables of modules (arch/arm/kernel/unwind.c, `unwind_tables`). */
const unwindTables = derived("unwind tables", (kernel): readonly UnwindTable[] => {
  const table = (start: bigint, stop: bigint, code?: UnwindTable["code"]): UnwindTable => ({
    start,
    count: Math.max(0, Math.floor(Number(stop - start) / ENTRY_BYTES)),
    code,
  });
  const start = kernel.symbols.find("__start_unwind_idx");
  const stop = kernel.symbols.find("__stop_unwind_idx");
  const own = start && stop ? [table(start.address, stop.address)] : [];
  const list = kernel.symbols.find("unwind_tables");
  const modules = attempt(() =>
    list
      ? [...listEntries(kernel, kernel.object("struct list_head", list.address), "struct unwind_table", "list")].map(
          (one) =>
            table(one.at("start").value(), one.at("stop").value(), {
              begin: one.at("begin_addr").value(),
              end: one.at("end_addr").value(),
            }),
        )
      : [],
  );
  return modules instanceof Fault ? own : [...modules, ...own];
});

/** Steps to the caller by the unwind code of the function; undefined if it has no usable code, or that leads to no text. */
export function unwindIndexRule(kernel: Kernel, cursor: FrameCursor): Step | undefined {
  const address = lookupAddress(cursor);
  const code = unwindCode(kernel, address);
  if (code === undefined) return undefined;
  const registers = new Map(cursor.registers());
  const frame: IndexFrame = { sp: cursor.sp, registers, word: (at) => kernel.memory.word(at) };
  // The register has the return address only as long as the function has called nothing.
  if (!cursor.exact) registers.delete("lr");
  const sp = runUnwindCode(code, frame);
  const pc = registers.get("pc") === cursor.pc ? registers.get("lr") : registers.get("pc");
  if (sp === undefined || pc === undefined || !kernel.code.isText(pc)) return undefined;
  for (const name of lostRegisters(kernel, cursor)) {
    // What the unwind code popped is the caller's value.
    if (registers.get(name) === cursor.registers().get(name)) registers.delete(name);
  }
  registers.delete("lr");
  registers.delete("cpsr");
  return { kind: "caller", cursor: callerCursor(kernel, pc, sp, registers), cfa: sp };
}

/** Returns the bytes of the function's unwind code; undefined if it has none, or of another model. @throws Fault */
function unwindCode(kernel: Kernel, pc: bigint): readonly number[] | undefined {
  const tables = unwindTables(kernel);
  const isOfModule = kernel.symbols.at(pc)?.module !== undefined;
  const table =
    tables.find(({ code }) => code && pc >= code.begin && pc < code.end) ??
    (isOfModule ? undefined : tables.find(({ code }) => code === undefined));
  if (!table) return undefined;
  const at = entryAt(kernel, table, pc);
  if (at === undefined) return undefined;
  const second = kernel.memory.word(at + 4n);
  if (second === EXIDX_CANTUNWIND) return undefined;
  if (second >> 31n === 1n) return codeOf([second]);
  const place = relative(at + 4n, second);
  const first = kernel.memory.word(place);
  const more = first >> 24n === 0x81n ? Number((first >> 16n) & 0xffn) : 0;
  return codeOf([first, ...Array.from({ length: more }, (_, i) => kernel.memory.word(place + BigInt(4 * (i + 1))))]);
}

/** Returns the address of the last entry whose function starts at or below `pc`; undefined if none does. */
function entryAt(kernel: Kernel, { start, count }: UnwindTable, pc: bigint): bigint | undefined {
  const functionOf = (index: number): bigint => {
    const at = start + BigInt(index * ENTRY_BYTES);
    return relative(at, kernel.memory.word(at));
  };
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (functionOf(middle) <= pc) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : start + BigInt((low - 1) * ENTRY_BYTES);
}

/** Returns the address that a word refers to: a 31-bit signed offset from the word's own address. */
const relative = (at: bigint, word: bigint): bigint => BigInt.asUintN(32, at + BigInt.asIntN(31, word));

/**
 * Returns the bytes of the compact models 0 and 1 of the EHABI; undefined for others, which need a personality routine,
 * which the kernel does not have.
 */
function codeOf(words: readonly bigint[]): readonly number[] | undefined {
  const [first = 0n] = words;
  const model = first >> 24n;
  if (model !== 0x80n && model !== 0x81n) return undefined;
  const bytes = words.flatMap((word) => [24n, 16n, 8n, 0n].map((shift) => Number((word >> shift) & 0xffn)));
  return bytes.slice(model === 0x80n ? 1 : 2);
}
