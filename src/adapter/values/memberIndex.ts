/** An index of structs by the names of their members. */
import { attempt, Fault } from "../../base/fault.ts";
import type { StructType } from "../../debuginfo/ctype.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Job } from "../../base/job.ts";

/** Number of types per step of the job. A step may decode each of them for the first time. */
const STEP = 64;

/** Structs and unions by the names of their own members. */
type MemberIndex = ReadonlyMap<string, readonly StructType[]>;

const structsByMember = derived<{ index?: MemberIndex }>("structs by member", () => ({}));

/** Returns the structs and unions with a member of this name, sorted by name. */
export function* structsWith(kernel: Kernel, member: string): Job<readonly StructType[]> {
  const known = structsByMember(kernel);
  known.index ??= yield* indexed(kernel);
  return known.index.get(member) ?? [];
}

function* indexed(kernel: Kernel): Job<MemberIndex> {
  const index = new Map<string, StructType[]>();
  const seen = new Set<string>();
  for (const { kind, name } of kernel.types.names()) {
    if ((kind !== "struct" && kind !== "union") || seen.has(`${kind} ${name}`)) continue;
    seen.add(`${kind} ${name}`);
    if (seen.size % STEP === 0) yield;
    const type = attempt(() => kernel.types.find(kind, name));
    if (!type || type instanceof Fault || (type.kind !== "struct" && type.kind !== "union")) continue;
    for (const member of memberNames(type)) {
      const list = index.get(member);
      if (list) list.push(type);
      else index.set(member, [type]);
    }
  }
  for (const list of index.values()) list.sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1));
  return index;
}

/** Returns the names of the members, including those within anonymous structs and unions. */
function memberNames(type: StructType): Set<string> {
  const names = new Set<string>();
  const open = [type];
  const seen = new Set<StructType>();
  for (let one = open.pop(); one; one = open.pop()) {
    if (seen.has(one)) continue;
    seen.add(one);
    for (const { name, type: inner } of one.members) {
      if (name !== undefined) names.add(name);
      else if (inner.kind === "struct" || inner.kind === "union") open.push(inner);
    }
  }
  return names;
}
