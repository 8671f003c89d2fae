import { attempt } from "../base/fault.ts";
import type { KSymbol } from "../debuginfo/source.ts";
import type { Kernel } from "../model/kernel.ts";

/** Code that the kernel made while it ran: it is in no image, but the kernel keeps account of it. */
export interface GeneratedCode {
  /** As /proc/kallsyms has it: "bpf_prog_6deef7357e7b4530_sd_devices", "ftrace_trampoline". */
  readonly symbol: KSymbol;
  /** The kernel function whose code it is a copy of. */
  readonly copyOf: bigint | undefined;
}

/** FTRACE_OPS_FL_SAVE_REGS of include/linux/ftrace.h: the trampoline is a copy of ftrace_regs_caller. */
const FTRACE_OPS_FL_SAVE_REGS = 1n << 2n;

/** Entries of a list that are followed before it is taken for damaged. */
const MAX_ENTRIES = 65536;
const MAX_CODE_BYTES = 16 << 20;

/** What was generated at an address. */
export function generatedCode(kernel: Kernel, pc: bigint): GeneratedCode | undefined {
  const known = kernel.memo("generated code", () => [...collected(kernel, bpfCode), ...collected(kernel, ftraceCode)]);
  return known.find(({ symbol }) => pc >= symbol.address && pc < symbol.address + BigInt(symbol.size));
}

/** Whether code lies at an address, in an image or generated. */
export const isCode = (kernel: Kernel, pc: bigint): boolean =>
  kernel.code.isText(pc) || generatedCode(kernel, pc) !== undefined;

/** What a damaged list gave up to the damage. */
function collected(kernel: Kernel, find: (kernel: Kernel) => Generator<GeneratedCode>): GeneratedCode[] {
  const found: GeneratedCode[] = [];
  attempt(() => {
    for (const code of find(kernel)) if (code.symbol.size > 0 && code.symbol.size <= MAX_CODE_BYTES) found.push(code);
  });
  return found;
}

const symbolOf = (name: string, address: bigint, size: number): KSymbol => ({ name, address, size, type: "t" });

/** Programs, trampolines and dispatchers on `bpf_kallsyms` (kernel/bpf/core.c, 5.7 and later). @throws Fault */
function* bpfCode(kernel: Kernel): Generator<GeneratedCode> {
  const head = kernel.symbols.find("bpf_kallsyms");
  if (!head || !kernel.types.find("struct", "bpf_ksym")) return;
  const listed = kernel.object("struct bpf_ksym", 0n).at("lnode").address;
  let at = kernel.object("struct list_head", head.address).at("next").value();
  for (let i = 0; at !== head.address && i < MAX_ENTRIES; i++) {
    const entry = kernel.object("struct bpf_ksym", at - listed);
    const start = entry.at("start").value();
    yield {
      symbol: symbolOf(entry.at("name").text(), start, Number(entry.at("end").value() - start)),
      copyOf: undefined,
    };
    at = entry.at("lnode.next").value();
  }
}

/** Trampolines of `ftrace_ops_list` (kernel/trace/ftrace.c). @throws Fault */
function* ftraceCode(kernel: Kernel): Generator<GeneratedCode> {
  const head = kernel.symbols.find("ftrace_ops_list");
  if (!head || !kernel.types.find("struct", "ftrace_ops")) return;
  let at = kernel.memory.word(head.address);
  for (let i = 0; at !== 0n && i < MAX_ENTRIES; i++) {
    const ops = kernel.object("struct ftrace_ops", at);
    if (!ops.has("trampoline_size")) return;
    const start = ops.at("trampoline").value();
    const origin = (ops.at("flags").value() & FTRACE_OPS_FL_SAVE_REGS) !== 0n ? "ftrace_regs_caller" : "ftrace_caller";
    const symbol = symbolOf("ftrace_trampoline", start, ops.at("trampoline_size").number());
    // What lies in kernel text needs no copy's account.
    if (start !== 0n && !kernel.code.isText(start)) yield { symbol, copyOf: kernel.symbols.find(origin)?.address };
    at = ops.at("next").value();
  }
}
