/** Live patches. */
import { attempt } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";
import { moduleName } from "./module.ts";

/** A function that a live patch replaces (`struct klp_func`). */
export interface LivePatchedFunction {
  readonly oldName: string;
  readonly oldFunction: bigint;
  readonly newFunction: bigint;
  /** The module that contains the patch. */
  readonly module: string;
  /** Whether callers reach the new function; tasks that have not yet changed to the patch still reach the old one. */
  readonly patched: boolean;
  /** Whether tasks are still changing to the patch, or back from it. */
  readonly transition: boolean;
}

/** Maximum numbers of patches, objects of a patch and functions of an object. */
const MAX_PATCHES = 1024;
const MAX_OBJECTS = 4096;
const MAX_FUNCTIONS = 65536;

/**
 * Yields the functions of every live patch on `klp_patches` (kernel/livepatch/core.c), in the order of loading. Entries
 * that a cumulative patch creates to restore functions of an older patch are not included: they are in no array and
 * have no new function. @throws Fault
 */
export function* livePatchedFunctions(kernel: Kernel): Generator<LivePatchedFunction> {
  const head = kernel.symbols.find("klp_patches");
  if (!head || !kernel.types.find("struct", "klp_patch")) return;
  let count = 0;
  for (const patch of listEntries(
    kernel,
    kernel.object("struct list_head", head.address),
    "struct klp_patch",
    "list",
  )) {
    if (++count > MAX_PATCHES) return;
    const module = moduleName(patch.at("mod").deref());
    for (const object of untilEmpty(patch.at("objs"), ["funcs", "name"], MAX_OBJECTS))
      for (const one of untilEmpty(object.at("funcs"), ["old_name", "new_func"], MAX_FUNCTIONS))
        yield functionOf(one, module);
  }
}

/** Yields the elements of an array up to one whose members are all zero. @throws Fault */
function* untilEmpty(array: Obj, members: readonly string[], limit: number): Generator<Obj> {
  if (array.value() === 0n) return;
  for (let i = 0; i < limit; i++) {
    const element = array.index(i);
    if (members.every((member) => element.at(member).value() === 0n)) return;
    yield element;
  }
}

function functionOf(entry: Obj, module: string): LivePatchedFunction {
  // Until v5.0 a number, `old_addr`.
  const old = entry.at(entry.has("old_func") ? "old_func" : "old_addr");
  // Exists since the consistency model of v4.12, in which tasks change to a patch one by one.
  const flag = (name: string, otherwise: boolean): boolean =>
    entry.has(name) ? entry.at(name).value() !== 0n : otherwise;
  return {
    oldName: entry.at("old_name").text(),
    oldFunction: old.value(),
    newFunction: entry.at("new_func").value(),
    module,
    patched: flag("patched", true),
    transition: flag("transition", false),
  };
}

const livePatchOrder = derived("live patches", (kernel) => {
  const byNew = new Map<bigint, LivePatchedFunction>();
  const byOld = new Map<bigint, LivePatchedFunction>();
  // The patches from the first one that cannot be read are left out.
  attempt(() => {
    for (const one of livePatchedFunctions(kernel)) {
      byNew.set(one.newFunction, one);
      if (one.patched) byOld.set(one.oldFunction, one);
    }
  });
  return { replaces: byNew, replacedBy: byOld };
});

/**
 * Returns the live patch that concerns the function at an address: the function replaces another, or is replaced by the
 * newest patch.
 */
export function livePatch(
  kernel: Kernel,
  address: bigint,
): { readonly replaces?: LivePatchedFunction; readonly replacedBy?: LivePatchedFunction } {
  const { replaces, replacedBy } = livePatchOrder(kernel);
  const [own, other] = [replaces.get(address), replacedBy.get(address)];
  return { ...(own && { replaces: own }), ...(other && { replacedBy: other }) };
}

/**
 * Formats the live patch of a function: "live patch of bpf_ktime_get_ns", "replaced by lab_ktime_get_ns [lab_patch]";
 * undefined if no patch concerns the function.
 */
export function livePatchText(kernel: Kernel, address: bigint): string | undefined {
  const { replaces, replacedBy } = livePatch(kernel, address);
  if (replaces) return `live patch of ${replaces.oldName}${stateOf(replaces)}`;
  if (!replacedBy) return undefined;
  const name = kernel.symbols.at(replacedBy.newFunction)?.name ?? hex0x(replacedBy.newFunction);
  return `replaced by ${name} [${replacedBy.module}]${stateOf(replacedBy)}`;
}

const stateOf = ({ patched, transition }: LivePatchedFunction): string =>
  transition ? ", in transition" : patched ? "" : ", not in use";
