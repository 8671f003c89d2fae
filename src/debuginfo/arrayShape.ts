/** Array dimensions, which BTF lacks, taken from DWARF. */
import { attempt, Fault } from "../base/fault.ts";
import { once } from "../base/once.ts";
import { type ArrayType, type CType, sizeOf, type StructType, lazyArray } from "./ctype.ts";

/** Looks up the same type in DWARF; undefined if it is not known. */
export type Declared = () => CType | undefined;

/** Maximum number of pointers, qualifiers and dimensions before an element; more means damage. */
const MAX_LAYERS = 64;

/**
 * Gives a type the array dimensions of its declaration in DWARF, because pahole writes `a[2][3]` to BTF as `a[6]`
 * (`btf_encoder__add_array` is given `array_type__nelems`, the product of the dimensions).
 *
 * DWARF is read only when `element` or `count` of an array is used; its total size (`bytes`) is known from BTF. @param
 * type a type from BTF. Parts that have a name get their dimensions when that name is looked up
 */
export function withShape(type: CType, declared: Declared): CType {
  if (!leadsToArray(type)) return type;
  switch (type.kind) {
    case "array":
      return shapedArray(type, declared);
    case "struct":
    case "union":
      return withShapedMembers(type, () => {
        const exact = declared();
        return exact?.kind === type.kind ? exact : undefined;
      });
    case "pointer": {
      const target = once(() => withShape(type.target, () => targetOf("pointer", declared())));
      return { kind: "pointer", size: type.size, get target() { return target(); } }; // prettier-ignore
    }
    case "qualified": {
      const target = once(() => withShape(type.target, () => targetOf("qualified", declared())));
      return { kind: "qualified", qualifier: type.qualifier, get target() { return target(); } }; // prettier-ignore
    }
    default:
      return type;
  }
}

/** Returns a struct whose members have the dimensions of the same struct in DWARF. */
export function withShapedMembers(struct: StructType, declared: () => StructType | undefined): StructType {
  const { kind, name, size, incomplete } = struct;
  const members = once(() =>
    struct.members.map((member, i) => {
      const type = once(() =>
        withShape(member.type, () => {
          const exact = declared()?.members[i];
          return exact?.name === member.name && exact?.bitOffset === member.bitOffset ? exact?.type : undefined;
        }),
      );
      const { bitOffset, bitSize } = member;
      return { name: member.name, get type() { return type(); }, bitOffset, bitSize }; // prettier-ignore
    }),
  );
  return { kind, name, size, incomplete, get members() { return members(); } }; // prettier-ignore
}

/**
 * Whether the type, without pointers and qualifiers, is an array, or an anonymous struct or union, which can contain
 * one.
 */
function leadsToArray(type: CType): boolean {
  let at = type;
  for (let layer = 0; layer < MAX_LAYERS; layer++) {
    if (at.kind === "array") return true;
    if (at.kind === "struct" || at.kind === "union") return at.name === undefined;
    if (at.kind !== "pointer" && at.kind !== "qualified") return false;
    at = at.target;
  }
  return false;
}

const targetOf = (kind: "pointer" | "qualified", type: CType | undefined): CType | undefined =>
  type?.kind === kind ? type.target : undefined;

function shapedArray(flat: ArrayType, declared: Declared): ArrayType {
  let known: ArrayType | undefined;
  const shape = (): ArrayType => {
    if (known) return known;
    const exact = attempt(declared);
    // A fault is not kept, because the debuginfo can be loaded later.
    if (exact === undefined || exact instanceof Fault) return flat;
    return (known = reshaped(flat, exact) ?? flat);
  };
  return {
    kind: "array",
    get element() {
      return shape().element;
    },
    get count() {
      return shape().count;
    },
    get bytes() {
      return sizeOf(flat);
    },
  };
}

/** Returns the flat array with the dimensions of `exact`; undefined if the number of elements differs. */
function reshaped(flat: ArrayType, exact: CType): ArrayType | undefined {
  const counts: (number | undefined)[] = [];
  let at = exact;
  for (; at.kind === "array" && counts.length < MAX_LAYERS; at = at.element) counts.push(at.count);
  // In BTF both `[]` and `[0]` have 0 elements.
  if (counts.reduce<number>((product, count) => product * (count ?? 0), 1) !== (flat.count ?? 0)) return undefined;
  const innermost = once(() => withShape(flat.element, () => at));
  return counts.reduceRight<ArrayType | undefined>(
    (inner, count) => lazyArray(inner ? () => inner : innermost, count),
    undefined,
  );
}
