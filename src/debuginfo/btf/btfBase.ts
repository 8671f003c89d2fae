/** The distilled base of a module's BTF. */
import * as kinds from "./btfTable.ts";
import type { Btf, BtfBase } from "./btf.ts";
import { openBtf } from "./btf.ts";

/**
 * Kinds of the kernel's type by kind in the distilled base, best first. Other kinds are the same in both. Source:
 * `btf__distill_base` of tools/lib/bpf/btf.c.
 */
const kernelKinds = new Map<number, readonly number[]>([
  [kinds.BTF_KIND_FWD, [kinds.BTF_KIND_STRUCT, kinds.BTF_KIND_UNION, kinds.BTF_KIND_FWD]],
  [kinds.BTF_KIND_ENUM, [kinds.BTF_KIND_ENUM, kinds.BTF_KIND_ENUM64]],
  [kinds.BTF_KIND_ENUM64, [kinds.BTF_KIND_ENUM64, kinds.BTF_KIND_ENUM]],
]);

/**
 * Returns the base of a module built out of tree since 6.11. `.BTF.base` contains the types that the module refers to;
 * each is found in the kernel's BTF by kind and name; one of the same size is preferred. A type that the kernel lacks
 * stays as distilled: a struct of that size without members. @throws Fault corrupt or truncated
 */
export function openDistilledBase(bytes: Uint8Array, kernel: Btf): BtfBase {
  const distilled = openBtf(bytes);
  return {
    endId: distilled.endId,
    stringsEnd: distilled.stringsEnd,
    string: (offset) => distilled.string(offset),
    partialInt: (id) => distilled.partialInt(id),
    type(id) {
      const { kind, name, size } = distilled.header(id);
      for (const candidate of kernelKinds.get(kind) ?? [kind]) {
        const sized = kind === kinds.BTF_KIND_FWD ? undefined : size;
        const found = kernel.idOf(candidate, name, sized) ?? kernel.idOf(candidate, name);
        if (found !== undefined) return kernel.type(found);
      }
      return distilled.type(id);
    },
  };
}
