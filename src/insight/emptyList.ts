/** Recognizes an entry that was computed from the head of an empty list. */
import { attempt, Fault } from "../base/fault.ts";
import { bare, type CType } from "../debuginfo/ctype.ts";
import { slabObjectAt } from "../linux/slab/slabObject.ts";
import type { Kernel } from "../model/kernel.ts";
import { memberPath, pathText } from "../model/memberPath.ts";
import { typeName } from "../model/typeName.ts";
import { addressOf, code, type Finding } from "./finding.ts";
import type { ExpressionMember } from "./values/expression.ts";
import { readWord } from "./values/site.ts";

/** Returns the path of the `struct list_head` at an offset in bytes; undefined if there is none. */
function linkAt(type: CType, offset: bigint): string | undefined {
  const path = memberPath(type, Number(offset), (part) => typeName(bare(part)) === "struct list_head");
  return path && path.length > 0 ? pathText(path).replace(/^\./, "") : undefined;
}

/** What the code took for an entry of a list. */
interface Entry {
  readonly pointer: bigint;
  /** The address in the register that the pointer was computed from. */
  readonly base: bigint;
  /** The structure member that was read. */
  readonly member: ExpressionMember;
  /** The pointer in the source. */
  readonly name: string | undefined;
}

/**
 * Yields a finding if the pointer was computed from the address of its own link, if that link points to itself, as the
 * head of an empty list does, and if it is known that no object of the slab allocator begins at the pointer. An entry that
 * list_del_init() removed points to itself too, but most entries are whole objects.
 */
export function* emptyListFinding(
  kernel: Kernel,
  { pointer, base, member, name }: Entry,
): Generator<Finding, void, void> {
  const object = attempt(() => slabObjectAt(kernel, pointer));
  if (base === pointer || object instanceof Fault || object?.address === pointer) return;
  const type = attempt(() => kernel.types.named(member.struct));
  const link = type instanceof Fault ? undefined : linkAt(type, base - pointer);
  const { wordSize } = kernel.arch;
  const words = [base, base + BigInt(wordSize)].map((at) => readWord(kernel, at, wordSize));
  if (link === undefined || words.some((word) => word !== base)) return;
  yield {
    id: "list.empty-entry",
    severity: "cause",
    certainty: "likely",
    slots: { value: pointer, type: member.struct, member: link, head: base },
    text: [
      ...(name === undefined ? [] : [code(name), " = "]),
      addressOf(pointer),
      ` is not a ${member.struct}, but was computed from the head of an empty list as if it were an entry: its ${link} at `,
      addressOf(base),
      " points to itself, and no object of the slab allocator begins at the address of the entry.",
    ],
    evidence: [{ kind: "memory", address: base, value: base }],
  };
}
