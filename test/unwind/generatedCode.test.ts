import assert from "node:assert/strict";
import { test } from "node:test";
import { generatedCodeFault, generatedSymbols } from "../../src/unwind/generatedCode.ts";
import { savedCursor } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import { plainCall } from "../builders/orc.ts";
import { putWords, stackKernel, TASK_STACK } from "../builders/stack.ts";

const TEXT = 0xffffffff81000000n;
const GENERATED = 0xffffffffc0002000n;
const SP = TASK_STACK + 0x1000n;
const BPF_HEAD = TEXT + 0x700n;
const FTRACE_HEAD = TEXT + 0x800n;
const OPTINSN_SLOTS = TEXT + 0x900n;
const functions = {
  inner: { address: TEXT, frame: 0x10 },
  ftrace_caller: { address: TEXT + 0x100n, frame: 0x8 },
  ftrace_regs_caller: { address: TEXT + 0x200n, frame: 0x18 },
  thread: { address: TEXT + 0x300n, orc: { ...plainCall, spRegister: "undefined", type: "end" } },
  // Variables, whose places the lists start at.
  bpf_kallsyms: { address: BPF_HEAD },
  ftrace_ops_list: { address: FTRACE_HEAD },
  kprobe_optinsn_slots: { address: OPTINSN_SLOTS },
} as const;

const types = `
  struct list_head { struct list_head *next, *prev; };
  struct bpf_prog_aux { unsigned int used_map_cnt; };
  struct bpf_ksym { unsigned long start; unsigned long end; char name[32]; struct list_head lnode; };
  struct ftrace_ops { void *func; struct ftrace_ops *next; unsigned long flags; unsigned long trampoline; unsigned long trampoline_size; };
  struct kprobe_insn_cache { void *alloc; struct list_head pages; };
  struct kprobe_insn_page { struct list_head list; unsigned char *insns; };
`;

const start = new Map([["cs", 0x10n], ["rip", TEXT + 0x20n], ["rsp", SP], ["rbp", SP + 0x20n]]); // prettier-ignore

test("a BPF program is shown with its name and unwound by the frame that its compiler makes", () => {
  const kernel = stackKernel(functions, { types });
  const entry = 0xffff888000400000n;
  const link = entry + kernel.object("struct bpf_ksym", 0n).at("lnode").address;
  kernel.put("struct list_head", BPF_HEAD, { next: link, prev: link });
  kernel.put("struct bpf_ksym", entry, { start: GENERATED, end: GENERATED + 0x80n, name: "bpf_prog_0123_watch", lnode: { next: BPF_HEAD } }); // prettier-ignore
  putWords(kernel, SP, 0n, 0n, GENERATED + 0x10n, 0n, 7n, TEXT + 0x310n);
  const { frames, fault } = unwind(kernel, savedCursor(kernel, start));
  assert.equal(fault, undefined);
  assert.deepEqual(
    frames.map(({ symbol, doubt }) => [symbol?.name, doubt]),
    [
      ["inner", undefined],
      ["bpf_prog_0123_watch", undefined],
      ["thread", undefined],
    ],
  );
});

test("BPF programs of kernels before 5.7 are named by tag and name, as those kernels do", () => {
  const older = `
    struct list_head { struct list_head *next, *prev; };
    struct bpf_prog { unsigned int jited_len; unsigned char tag[8]; void *bpf_func; };
    struct bpf_prog_aux { struct list_head ksym_lnode; struct bpf_prog *prog; char name[16]; };
  `;
  const kernel = stackKernel({ bpf_kallsyms: { address: BPF_HEAD } }, { types: older });
  const [aux, program] = [0xffff888000400000n, 0xffff888000500000n];
  kernel.put("struct list_head", BPF_HEAD, { next: aux, prev: aux });
  kernel.put("struct bpf_prog_aux", aux, { ksym_lnode: { next: BPF_HEAD }, prog: program, name: "watch" });
  kernel.put("struct bpf_prog", program, { jited_len: 0x80, tag: [1, 2, 3, 4, 5, 6, 7, 0xef], bpf_func: GENERATED });
  assert.deepEqual(
    [...generatedSymbols(kernel).all()],
    [{ name: "bpf_prog_01020304050607ef_watch", address: GENERATED, size: 0x80, type: "t" }],
  );
});

for (const [flags, frame] of [
  [0n, 0x8],
  [4n, 0x18],
] as const) {
  // prettier-ignore
  test(`an ftrace trampoline is unwound as the code it is a copy of (flags ${flags})`, () => {
    const kernel = stackKernel(functions, { types });
    const ops = 0xffff888000400000n;
    kernel.put("unsigned long", FTRACE_HEAD, ops);
    kernel.put("struct ftrace_ops", ops, { flags, trampoline: GENERATED, trampoline_size: 0x100 });
    putWords(kernel, SP, 0n, 0n, GENERATED + 0x10n, ...new Array<bigint>(frame / 8).fill(0n), TEXT + 0x310n);
    const { frames, fault } = unwind(kernel, savedCursor(kernel, start));
    assert.equal(fault, undefined);
    assert.deepEqual(
      frames.map(({ symbol }) => symbol?.name),
      ["inner", "ftrace_trampoline", "thread"],
    );
  });
}

/** A page of detours whose handler `inner` is in, called at SP + 0x18; what the detour saved lies above. */
function detoured(saved: { readonly [register: string]: bigint }) {
  const kernel = stackKernel(functions, { types });
  const page = 0xffff888000400000n;
  kernel.put("struct list_head", BPF_HEAD, { next: BPF_HEAD, prev: BPF_HEAD });
  kernel.put("unsigned long", FTRACE_HEAD, 0n);
  kernel.put("struct kprobe_insn_cache", OPTINSN_SLOTS, { pages: { next: page, prev: page } });
  const pages = kernel.object("struct kprobe_insn_cache", OPTINSN_SLOTS).at("pages").address;
  kernel.put("struct kprobe_insn_page", page, { list: { next: pages, prev: pages }, insns: GENERATED });
  putWords(kernel, SP, 0n, 0n, GENERATED + 0x123n);
  kernel.put("struct pt_regs", SP + 0x18n, { cs: 0x10n, bp: 0x77n, ...saved });
  return kernel;
}

test("unwinding continues from an optimised kprobe's detour in the probed function, with its registers", () => {
  const outside = SP + 0x200n;
  const kernel = detoured({ ip: TEXT + 0x21n, sp: outside });
  putWords(kernel, outside, 0n, 0n, TEXT + 0x310n);
  const { frames, fault } = unwind(kernel, savedCursor(kernel, start));
  assert.equal(fault, undefined);
  assert.deepEqual(
    frames.map(({ symbol, trap, exact }) => [symbol?.name, trap?.type, exact]),
    [
      ["inner", undefined, true],
      ["kprobe_optinsn_page", undefined, false],
      ["inner", "kprobe", true],
      ["thread", undefined, false],
    ],
  );
  assert.equal(frames[2]?.registers.get("rbp"), 0x77n);
});

test("registers of a detour that its callback did not complete are not believed", () => {
  const kernel = detoured({ ip: 0x1234n, sp: SP + 0x200n });
  const { frames, fault } = unwind(kernel, savedCursor(kernel, start));
  assert.deepEqual(
    frames.map(({ symbol }) => symbol?.name),
    ["inner", "kprobe_optinsn_page"],
  );
  assert.match(fault?.message ?? "", /do not point to code/);
});

test("generated code is found among the symbols by name and by address, each up to its end", () => {
  const kernel = detoured({});
  const source = generatedSymbols(kernel);
  const [page] = source.named("kprobe_optinsn_page");
  assert.deepEqual(page, { name: "kprobe_optinsn_page", address: GENERATED, size: 4096, type: "t" });
  assert.deepEqual([...source.all()], [page]);
  assert.equal(source.at(GENERATED + 4095n), page);
  assert.equal(source.at(GENERATED + 4096n), undefined);
  assert.equal(source.at(GENERATED - 1n), undefined);
});

test("a list that bites its tail ends", () => {
  const kernel = stackKernel(functions, { types });
  const entry = 0xffff888000400000n;
  const link = entry + kernel.object("struct bpf_ksym", 0n).at("lnode").address;
  kernel.put("struct list_head", BPF_HEAD, { next: link, prev: link });
  kernel.put("struct bpf_ksym", entry, { start: GENERATED, end: GENERATED + 0x80n, lnode: { next: link } });
  assert.match(generatedCodeFault(kernel)?.message ?? "", /^bpf_kallsyms: list is damaged here: the next node is /);
});

test("broken lists leave generated code unknown, and the fault says so", () => {
  const kernel = stackKernel(functions, { types });
  kernel.put("unsigned long", BPF_HEAD, 0x1234n);
  kernel.put("unsigned long", FTRACE_HEAD, 0x5678n);
  putWords(kernel, SP, 0n, 0n, GENERATED + 0x10n, 0n);
  const { frames, fault } = unwind(kernel, savedCursor(kernel, start));
  assert.equal(frames.at(-1)?.pc, GENERATED + 0x10n);
  assert.match(
    fault?.message ?? "",
    /not in known code, but the lists of generated code could not be read to their end: bpf_kallsyms: /,
  );
});
