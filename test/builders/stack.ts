import { arm64 } from "../../src/arch/arm64/arm64.ts";
import type { Arch } from "../../src/arch/arch.ts";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import type { CfiRow, CfiRule, KSymbol, OrcEntry } from "../../src/debuginfo/source.ts";
import { generatedCode } from "../../src/unwind/generatedCode.ts";
import { toyKernel, type ToyKernel } from "./kernel.ts";
import { plainCall } from "./orc.ts";

export const THREAD_SIZE = 0x4000n;
export const TASK = 0xffff888000100000n;
export const TASK_STACK = 0xffffc90000010000n;
export const IRQ_STACK = 0xffffc90000080000n;
const HARDIRQ_STACK_PTR = 0xffffffff83000000n;

/** One function of a toy kernel: its code's unwind rules, the same at every address of it. */
export interface ToyFunction {
  readonly address: bigint;
  readonly size?: number;
  /** Bytes that it has below its return address; rbp untouched. */
  readonly frame?: number;
  readonly orc?: OrcEntry;
  readonly cfi?: CfiRow;
}

const x86Types = `
  struct pt_regs { unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss; };
  union thread_union { unsigned char stack[16384]; };
  struct inactive_task_frame { unsigned long r15, r14, r13, r12, bx, bp, ret_addr; };
  struct thread_struct { unsigned long sp; };
  struct llist_node { struct llist_node *next; };
  struct llist_head { struct llist_node *first; };
  struct ftrace_ret_stack { unsigned long ret; unsigned long func; unsigned long *retp; };
  struct rethook_node { unsigned long rcu; struct llist_node llist; unsigned long ret_addr; unsigned long frame; };
  struct task_struct { void *stack; struct thread_struct thread; struct ftrace_ret_stack *ret_stack; struct llist_head rethooks; };
`;

const arm64Types = `
  union thread_union { unsigned char stack[16384]; };
  struct frame_record { unsigned long fp, lr; };
  struct frame_record_meta { struct frame_record record; unsigned long type; };
  struct cpu_context { unsigned long x19, x20, x21, x22, x23, x24, x25, x26, x27, x28, fp, sp, pc; };
  struct thread_struct { struct cpu_context cpu_context; };
  struct task_struct { void *stack; struct thread_struct thread; };
`;
/** `struct pt_regs` of arm64 up to 6.12, and with the metadata of 6.13. */
export const arm64Regs = {
  plain: `struct pt_regs { unsigned long regs[31], sp, pc, pstate, orig_x0, syscallno, stackframe[2]; };`,
  meta: `struct pt_regs { unsigned long regs[31], sp, pc, pstate, orig_x0, syscallno; struct frame_record_meta stackframe; };`,
};

/** A kernel of a few functions with one task; its stack holds what the test puts there. */
export function stackKernel(
  functions: { readonly [name: string]: ToyFunction },
  options: { arch?: Arch; types?: string } = {},
): ToyKernel {
  const { arch = x86_64, types = "" } = options;
  const all = Object.entries(functions).map(([name, { size = 0x100, ...rules }]) => ({ name, size, ...rules }));
  const at = (pc: bigint) => all.find(({ address, size }) => pc >= address && pc < address + BigInt(size));
  const symbols: { [name: string]: Partial<KSymbol> & { address: bigint } } = {};
  for (const { name, address, size } of all) symbols[name] = { address, size, type: "T" };
  const x86 = arch.name === "x86_64";
  const kernel: ToyKernel = toyKernel({
    arch,
    types: (x86 ? x86Types : arch.name === "arm64" ? arm64Types : "") + types,
    symbols: { ...symbols, ...(x86 ? { hardirq_stack_ptr: { address: HARDIRQ_STACK_PTR, size: 8 } } : {}) },
    parts: {
      code: {
        scopes: () => [],
        cfi: (pc) => at(pc)?.cfi,
        orc: (pc) => {
          const code = at(pc);
          return code?.orc ?? (code?.frame === undefined ? undefined : { ...plainCall, spOffset: code.frame + 8 });
        },
        callSite: () => undefined,
        lineRange: () => undefined,
        statement: () => undefined,
        isText: (pc) => at(pc) !== undefined || generatedCode(kernel, pc) !== undefined,
        bias: () => 0n,
      },
    },
  });
  if (kernel.types.find("struct", "task_struct")) kernel.put("struct task_struct", TASK, { stack: TASK_STACK });
  if (x86) kernel.put("unsigned long", HARDIRQ_STACK_PTR, IRQ_STACK + THREAD_SIZE - 8n);
  return kernel;
}

/** Writes words upwards from an address. */
export function putWords(kernel: ToyKernel, address: bigint, ...words: bigint[]): void {
  words.forEach((word, i) => kernel.put("unsigned long", address + BigInt(i * kernel.arch.wordSize), word));
}

/** A row of call frame information of x86_64: CFA is rsp + `offset`; rules by register name. */
export function cfiRow(
  offset: number,
  rules: { readonly [register: string]: CfiRule } = {},
  arch: Arch = x86_64,
): CfiRow {
  const number = (name: string): number => arch.dwarfRegisters.indexOf(name);
  const returnAddressRegister = arch === arm64 ? 30 : arch.name === "s390x" || arch.name === "arm" ? 14 : 16;
  return {
    cfa: { kind: "register", register: number(arch.sp), offset },
    rules: new Map(Object.entries(rules).map(([name, rule]) => [number(name), rule])),
    returnAddressRegister,
    signalFrame: false,
  };
}
