/** Member paths resolved once per type, so that reads follow them without type lookups. */
import { Fault } from "../base/fault.ts";
import { bare, sizeOf, type CType, type StructType } from "../debuginfo/ctype.ts";
import { findMember, parsePath } from "./member.ts";

export interface BitField {
  /** Offset from the start of the storage in bits, counted like `Member.bitOffset`. */
  readonly offset: number;
  readonly size: number;
}

/** A pointer on the path: its offset from the last address in bytes, and its size. */
export interface PointerStep {
  readonly offset: bigint;
  readonly size: number;
}

/** How an object is reached from another one. */
export interface Route {
  /** Pointers to read, in order. */
  readonly hops: readonly PointerStep[];
  /** Offset from the last pointer's target in bytes. */
  readonly offset: bigint;
  readonly type: CType;
  readonly bits: BitField | undefined;
  /** Why the path does not reach an object; thrown after the pointers have been read, as in C. */
  readonly fault: Fault | undefined;
}

const routes = new WeakMap<CType, Map<string, Route>>();

/**
 * Resolves a member path from `type`. Errors of the types are not thrown but returned (see `Route.fault`). @throws
 * Fault unknown if it is not a member path
 */
export function routeOf(type: CType, path: string): Route {
  let known = routes.get(type);
  if (!known) routes.set(type, (known = new Map<string, Route>()));
  let route = known.get(path);
  if (!route) known.set(path, (route = findRoute(type, path)));
  return route;
}

function findRoute(start: CType, path: string): Route {
  const hops: PointerStep[] = [];
  let offset = 0n;
  let type = start;
  let bits: BitField | undefined;
  const follow = (size: number, target: CType): void => {
    hops.push({ offset, size });
    offset = 0n;
    type = target;
  };
  const steps = parsePath(path);
  try {
    for (const step of steps) {
      const at = bare(type);
      if (typeof step === "number") {
        if (at.kind !== "array" && at.kind !== "pointer") throw notIndexable(at);
        const element = at.kind === "array" ? at.element : at.target;
        if (at.kind === "pointer") follow(at.size, element);
        else type = element;
        offset += BigInt(elementOffset(step, element));
      } else {
        if (at.kind === "pointer") follow(at.size, at.target);
        const outer = bare(type);
        const found = outer.kind === "struct" || outer.kind === "union" ? findMember(outer, step) : undefined;
        if (!found) throw Fault.of("unknown", `${structName(outer)} has no member ${step}`);
        const { type: memberType, bitSize } = found.member;
        type = memberType;
        if (bitSize === undefined) offset += BigInt(Math.floor(found.bitOffset / 8));
        else bits = { offset: found.bitOffset, size: bitSize };
      }
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { hops, offset, type, bits: undefined, fault: error };
  }
  return { hops, offset, type, bits, fault: undefined };
}

const present = new WeakMap<CType, Map<string, boolean>>();

/**
 * Whether a path names existing members and has indexes only after arrays. @throws Fault unknown if it is not a member
 * path
 */
export function hasPath(type: CType, path: string): boolean {
  let known = present.get(type);
  if (!known) present.set(type, (known = new Map<string, boolean>()));
  let has = known.get(path);
  if (has === undefined) known.set(path, (has = findPath(type, path)));
  return has;
}

function findPath(start: CType, path: string): boolean {
  let type = start;
  for (const step of parsePath(path)) {
    let at = bare(type);
    if (at.kind === "pointer") at = bare(at.target);
    if (typeof step === "number") {
      if (at.kind !== "array") return false;
      type = at.element;
    } else {
      const found = at.kind === "struct" || at.kind === "union" ? findMember(at, step) : undefined;
      if (!found) return false;
      type = found.member.type;
    }
  }
  return true;
}

/** Returns the fault of an index into a type without elements. */
export const notIndexable = (type: ReturnType<typeof bare>): Fault =>
  Fault.of("unknown", `${structName(type)} is not an array or a pointer`);

/** Returns the offset of the i-th element in bytes. @throws Fault corrupt when damaged sizes make it impossible */
export function elementOffset(i: number, element: CType): number {
  const bytes = i * sizeOf(element);
  if (!Number.isSafeInteger(bytes)) throw Fault.of("corrupt", "the index is outside the address space");
  return bytes;
}

/** Returns the name of a type for messages. */
export const structName = (type: ReturnType<typeof bare>): string =>
  type.kind === "struct" || type.kind === "union"
    ? `${type.kind} ${(type satisfies StructType).name ?? "<anonymous>"}`
    : type.kind;
