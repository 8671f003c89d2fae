/** Code generated at run time: BPF programs, trampolines, detours of probes. */
import { attempt, Fault } from "../base/fault.ts";
import { itemAtOrBelow } from "../base/search.ts";
import type { KSymbol, SymbolSource } from "../debuginfo/source.ts";
import { derived } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import { chain } from "../kernel/chain.ts";
import { listEntries } from "../kernel/list.ts";
import type { Obj } from "../model/object.ts";
import { copiedVectors } from "./exceptionVectors.ts";

/** A piece of generated code. No image contains it, but the kernel keeps lists of it. */
export interface GeneratedCode {
  /** Name as in /proc/kallsyms: "bpf_prog_6deef7357e7b4530_sd_devices", "ftrace_trampoline". */
  readonly symbol: KSymbol;
  /** Address of the kernel function of which the code is a copy; undefined for other code. */
  readonly copyOf: bigint | undefined;
  /** Whether the code is a detour of an optimized kprobe, which saves all registers and calls the probe's handler. */
  readonly isDetour: boolean;
}

/** Generated code in order of address, and why a list was not read to its end. */
interface CodeList {
  readonly codes: readonly GeneratedCode[];
  readonly fault: Fault | undefined;
}

/** FTRACE_OPS_FL_SAVE_REGS of include/linux/ftrace.h: the trampoline is a copy of ftrace_regs_caller. */
const FTRACE_OPS_FL_SAVE_REGS = 1n << 2n;

/** Maximum size of one piece of generated code in bytes; a larger one means damage. */
const MAX_CODE_BYTES = 16 << 20;

const listHead = (kernel: Kernel, address: bigint): Obj => kernel.object("struct list_head", address);

/** Returns the generated code at an address; undefined if there is none. The kernel's lists are read at first use. */
export function generatedCode(kernel: Kernel, pc: bigint): GeneratedCode | undefined {
  const { codes } = codeList(kernel);
  const code = itemAtOrBelow(codes, ({ symbol }) => symbol.address, pc);
  return code && pc < code.symbol.address + BigInt(code.symbol.size) ? code : undefined;
}

/** Returns why a list of generated code was not read to its end; undefined if all were. */
export const generatedCodeFault = (kernel: Kernel): Fault | undefined => codeList(kernel).fault;

/** Returns the generated code as symbols of the kernel. */
export const generatedSymbols = (kernel: Kernel): SymbolSource => ({
  name: "generated code",
  named: (name) => codeList(kernel).codes.flatMap(({ symbol }) => (symbol.name === name ? [symbol] : [])),
  at: (address) => generatedCode(kernel, address)?.symbol,
  all: () => codeList(kernel).codes.map(({ symbol }) => symbol),
});

const codeList = derived("generated code", (kernel): CodeList => {
  const codes: GeneratedCode[] = [];
  let fault: Fault | undefined;
  for (const [what, list] of lists) {
    const broken = attempt(() => {
      for (const code of list(kernel)) {
        const { address, size } = code.symbol;
        if (address !== 0n && size > 0 && size <= MAX_CODE_BYTES) codes.push(code);
      }
    });
    if (broken instanceof Fault) fault ??= broken.within(what);
  }
  codes.sort((a, b) => (a.symbol.address < b.symbol.address ? -1 : 1));
  return { codes, fault };
});

const lists: readonly (readonly [string, (kernel: Kernel) => Generator<GeneratedCode>])[] = [
  ["bpf_kallsyms", bpfCode],
  ["ftrace_ops_list", ftraceCode],
  ["exception_table", vectorCode],
  ["kprobe_insn_slots", (kernel) => probeCode(kernel, "kprobe_insn_slots", "kprobe_insn_page")],
  ["kprobe_optinsn_slots", (kernel) => probeCode(kernel, "kprobe_optinsn_slots", "kprobe_optinsn_page")],
];

function generated(
  name: string,
  address: bigint,
  size: number,
  { copyOf, isDetour = false }: Partial<GeneratedCode> = {},
): GeneratedCode {
  return { symbol: { name, address, size, type: "t" }, copyOf, isDetour };
}

/**
 * Yields programs and, since Linux kernel commit bfea9a8574f3 ("bpf: Add name to struct bpf_ksym") (in v5.7),
 * trampolines and dispatchers, from `bpf_kallsyms` (kernel/bpf/core.c). @throws Fault
 */
function* bpfCode(kernel: Kernel): Generator<GeneratedCode> {
  const head = kernel.symbols.find("bpf_kallsyms");
  if (!head || !kernel.types.find("struct", "bpf_prog_aux")) return;
  if (kernel.object("struct bpf_prog_aux", 0n).has("ksym_lnode")) {
    yield* unnamedPrograms(kernel, head.address);
    return;
  }
  if (!kernel.types.find("struct", "bpf_ksym")) return;
  for (const entry of listEntries(kernel, listHead(kernel, head.address), "struct bpf_ksym", "lnode")) {
    const start = entry.at("start").value();
    yield generated(entry.at("name").text(), start, Number(entry.at("end").value() - start));
  }
}

/**
 * Yields entries of the older list, which has only programs. Their names are made from their tags
 * (bpf_get_prog_name()). @throws Fault
 */
function* unnamedPrograms(kernel: Kernel, head: bigint): Generator<GeneratedCode> {
  for (const aux of listEntries(kernel, listHead(kernel, head), "struct bpf_prog_aux", "ksym_lnode")) {
    const program = aux.at("prog").deref();
    const tag = Buffer.from(kernel.memory.read(program.at("tag").address, program.at("tag").size)).toString("hex");
    const name = aux.has("name") ? aux.at("name").text() : "";
    const symbol = `bpf_prog_${tag}${name === "" ? "" : `_${name}`}`;
    yield generated(symbol, program.at("bpf_func").value(), program.at("jited_len").number());
  }
}

/**
 * Yields trampolines of `ftrace_ops_list` (kernel/trace/ftrace.c). Code in the kernel's text has size 0 and is left out
 * by the caller. @throws Fault
 */
function* ftraceCode(kernel: Kernel): Generator<GeneratedCode> {
  const head = kernel.symbols.find("ftrace_ops_list");
  if (!head || !kernel.types.find("struct", "ftrace_ops")) return;
  for (const ops of chain(kernel.object("struct ftrace_ops *", head.address))) {
    if (!ops.has("trampoline_size")) return;
    const origin = (ops.at("flags").value() & FTRACE_OPS_FL_SAVE_REGS) !== 0n ? "ftrace_regs_caller" : "ftrace_caller";
    yield generated("ftrace_trampoline", ops.at("trampoline").value(), ops.at("trampoline_size").number(), {
      copyOf: kernel.symbols.find(origin)?.address,
    });
  }
}

/** Yields the copies of entry code at exception vectors (LoongArch). @throws Fault */
function* vectorCode(kernel: Kernel): Generator<GeneratedCode> {
  for (const { handler, address, size } of copiedVectors(kernel))
    yield generated(handler.name, address, size, { copyOf: handler.address });
}

/** Yields pages of copied instructions and detours of kprobes (kernel/kprobes.c). @throws Fault */
function* probeCode(kernel: Kernel, slots: string, name: string): Generator<GeneratedCode> {
  const cache = kernel.symbols.find(slots);
  const types = ["kprobe_insn_cache", "kprobe_insn_page"].map((type) => kernel.types.find("struct", type));
  if (!cache || types.includes(undefined)) return;
  const head = kernel.object("struct kprobe_insn_cache", cache.address).at("pages");
  const isDetour = name === "kprobe_optinsn_page";
  for (const page of listEntries(kernel, head, "struct kprobe_insn_page", "list"))
    yield generated(name, page.at("insns").value(), Number(kernel.vmcoreinfo("PAGESIZE") ?? 4096), { isDetour });
}
