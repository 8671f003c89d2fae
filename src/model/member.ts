/** Member paths and members of structs. */
import { Fault } from "../base/fault.ts";
import { bare, type Member, type StructType } from "../debuginfo/ctype.ts";

/** A parsed member path: the names and indexes of `mem[3].size`. */
export type Path = readonly (string | number)[];

const paths = new Map<string, Path>();

/** Parses a member path. @throws Fault unknown if it is not a member path */
export function parsePath(path: string): Path {
  let steps = paths.get(path);
  if (!steps) {
    steps = path.split(/\.|->/).flatMap((part) => {
      const match = /^(\w+)((?:\[\d+\])*)$/.exec(part);
      if (!match) throw Fault.of("unknown", `${path} is not a member path`);
      return [match[1] ?? "", ...[...(match[2] ?? "").matchAll(/\d+/g)].map((index) => Number(index[0]))];
    });
    paths.set(path, steps);
  }
  return steps;
}

export interface FoundMember {
  readonly member: Member;
  /** Offset in bits from the start of the outermost struct. */
  readonly bitOffset: number;
  /** Number of enclosing anonymous structs and unions. */
  readonly depth: number;
}

/** Maximum depth of nested anonymous structs; real ones nest three or four deep. */
const MAX_NESTING = 64;

const found = new WeakMap<StructType, Map<string, FoundMember | undefined>>();

/** Finds a member by name, also in anonymous structs and unions as in C; undefined if there is none. */
export function findMember(type: StructType, name: string): FoundMember | undefined {
  let members = found.get(type);
  if (!members) {
    members = new Map();
    found.set(type, members);
  }
  if (!members.has(name)) members.set(name, search(type, name, 0, 0, new Set()));
  return members.get(name);
}

/**
 * Returns a member of a type by name, also in anonymous structs and unions; undefined if there is none. @param seen
 * types without the member, because damaged types can contain each other
 */
function search(
  type: StructType,
  name: string,
  base: number,
  depth: number,
  seen: Set<StructType>,
): FoundMember | undefined {
  seen.add(type);
  for (const member of type.members) {
    if (member.name === name) return { member, bitOffset: base + member.bitOffset, depth };
    if (member.name !== undefined) continue;
    const inner = bare(member.type);
    if ((inner.kind !== "struct" && inner.kind !== "union") || seen.has(inner) || depth === MAX_NESTING) continue;
    const result = search(inner, name, base + member.bitOffset, depth + 1, seen);
    if (result) return result;
  }
  return undefined;
}
