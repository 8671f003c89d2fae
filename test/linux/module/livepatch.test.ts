import assert from "node:assert/strict";
import { test } from "node:test";
import { livePatchedFunctions, livePatchText } from "../../../src/linux/module/livepatch.ts";
import { toyKernel, type ToyValue } from "../../builders/kernel.ts";

const KLP_PATCHES = 0xffffffff82000000n;
const OLD = 0xffffffff81000100n;
const NEW = 0xffffffffc0001000n;
const OTHER = 0xffffffffc0001100n;
const [PATCH, MODULE, OBJECTS, FUNCTIONS] = [0x1000n, 0x2000n, 0x3000n, 0x4000n].map((at) => 0xffff888000000000n + at) as [bigint, bigint, bigint, bigint]; // prettier-ignore

const types = (func: string): string => `
  struct list_head { struct list_head *next, *prev; };
  struct module { char name[56]; };
  struct klp_func { const char *old_name; void *new_func; unsigned long old_sympos; ${func} };
  struct klp_object { const char *name; struct klp_func *funcs; };
  struct klp_patch { struct module *mod; struct klp_object *objs; struct list_head list; };
`;
const present = types("void *old_func; _Bool nop; _Bool patched; _Bool transition;");

/** A kernel with one patch of the kernel itself. */
function patchedKernel(functions: readonly ToyValue[], declared = present) {
  const kernel = toyKernel({
    types: declared,
    symbols: {
      klp_patches: KLP_PATCHES,
      ktime: { address: OLD, size: 0x40, type: "T" },
      lab_ktime: { address: NEW, size: 0x40, type: "t", module: "lab" },
    },
  });
  const link = PATCH + kernel.object("struct klp_patch", 0n).at("list").address;
  kernel.put("struct list_head", KLP_PATCHES, { next: link, prev: link });
  kernel.put("struct module", MODULE, { name: "lab" });
  kernel.put("struct klp_patch", PATCH, { mod: MODULE, objs: OBJECTS, list: { next: KLP_PATCHES, prev: KLP_PATCHES } });
  kernel.put("struct klp_object [2]", OBJECTS, [{ funcs: FUNCTIONS }, {}]);
  kernel.put(`struct klp_func [${functions.length + 1}]`, FUNCTIONS, [...functions, {}]);
  return kernel;
}

test("a function of a live patch shows the function that it replaces, and the reverse", () => {
  const kernel = patchedKernel([{ old_name: "ktime", old_func: OLD, new_func: NEW, patched: 1 }]);
  assert.equal(livePatchText(kernel, NEW), "live patch of ktime");
  assert.equal(livePatchText(kernel, OLD), "replaced by lab_ktime [lab]");
  assert.equal(livePatchText(kernel, OTHER), undefined);
});

test("during a transition both functions of a patch report it", () => {
  const kernel = patchedKernel([{ old_name: "ktime", old_func: OLD, new_func: NEW, patched: 1, transition: 1 }]);
  assert.equal(livePatchText(kernel, NEW), "live patch of ktime, in transition");
  assert.equal(livePatchText(kernel, OLD), "replaced by lab_ktime [lab], in transition");
});

test("a patch of a module that is not loaded replaces nothing yet", () => {
  const kernel = patchedKernel([{ old_name: "ktime", old_func: OLD, new_func: NEW }]);
  assert.equal(livePatchText(kernel, NEW), "live patch of ktime, not in use");
  assert.equal(livePatchText(kernel, OLD), undefined);
});

test("patches of kernels that count no tasks are in use", () => {
  const kernel = patchedKernel([{ old_name: "ktime", old_addr: OLD, new_func: NEW }], types("unsigned long old_addr;"));
  assert.equal(livePatchText(kernel, OLD), "replaced by lab_ktime [lab]");
});

test("callers of a function with two patches are directed to the newest", () => {
  const kernel = patchedKernel([
    { old_name: "ktime", old_func: OLD, new_func: OTHER, patched: 1 },
    { old_name: "ktime", old_func: OLD, new_func: NEW, patched: 1 },
  ]);
  assert.equal(livePatchText(kernel, OLD), "replaced by lab_ktime [lab]");
  assert.equal([...livePatchedFunctions(kernel)].length, 2);
});

test("entries before damage are listed", () => {
  const kernel = patchedKernel([{ old_name: "ktime", old_func: OLD, new_func: NEW, patched: 1 }]);
  kernel.put("struct list_head", PATCH + kernel.object("struct klp_patch", 0n).at("list").address, {
    next: 0x1234n,
    prev: KLP_PATCHES,
  });
  assert.throws(() => [...livePatchedFunctions(kernel)], { name: "Fault" });
  assert.equal(livePatchText(kernel, NEW), "live patch of ktime");
});

test("a kernel without live patching lists no patches", () => {
  assert.equal(livePatchText(toyKernel(), NEW), undefined);
});
