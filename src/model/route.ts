/** Member paths worked out once for each type they start at: reading follows them without looking at types again. */
import { Fault } from "../base/fault.ts";
import { bare, sizeOf, type CType, type StructType } from "../debuginfo/ctype.ts";
import { findMember, parsePath } from "./member.ts";

export interface BitField {
  /** Bits from the start of the storage, counted as `Member.bitOffset` is. */
  readonly offset: number;
  readonly size: number;
}

/** A pointer on the way: where it lies behind the last address, in bytes, and its own size. */
export interface Hop {
  readonly offset: bigint;
  readonly size: number;
}

/** How an object is reached from another one. */
export interface Route {
  /** Pointers to read, in this order. */
  readonly hops: readonly Hop[];
  /** Bytes behind the last pointer's target. */
  readonly offset: bigint;
  readonly type: CType;
  readonly bits: BitField | undefined;
  /** Why the path ends here without reaching an object: thrown once the pointers have been read, as C would do. */
  readonly fault: Fault | undefined;
}

const routes = new WeakMap<CType, Map<string, Route>>();

/**
 * The way from an object of `type` along a member path; never throws for what the types lack (see `Route.fault`).
 * @throws Fault unknown for what is no member path
 */
export function routeOf(type: CType, path: string): Route {
  let known = routes.get(type);
  if (!known) routes.set(type, (known = new Map<string, Route>()));
  let route = known.get(path);
  if (!route) known.set(path, (route = findRoute(type, path)));
  return route;
}

function findRoute(start: CType, path: string): Route {
  const hops: Hop[] = [];
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
 * Whether a path names members that exist, each index one of an array.
 * @throws Fault unknown for what is no member path
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

/** The fault of an index into what has no elements. */
export const notIndexable = (type: ReturnType<typeof bare>): Fault =>
  Fault.of("unknown", `${structName(type)} is not an array or a pointer`);

/** Bytes from the first to the i-th element. @throws Fault corrupt when sizes that lie make it no number */
export function elementOffset(i: number, element: CType): number {
  const bytes = i * sizeOf(element);
  if (!Number.isSafeInteger(bytes)) throw Fault.of("corrupt", "an element lies outside any address space");
  return bytes;
}

/** How a message names a type. */
export const structName = (type: ReturnType<typeof bare>): string =>
  type.kind === "struct" || type.kind === "union"
    ? `${type.kind} ${(type satisfies StructType).name ?? "<anonymous>"}`
    : type.kind;
