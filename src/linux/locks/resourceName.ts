/** Names of locks and other resources. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { bare, type CType } from "../../debuginfo/ctype.ts";
import type { KSymbol } from "../../debuginfo/source.ts";
import { derived, derivedFor } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { memberPath, type MemberStep, pathText } from "../../model/memberPath.ts";
import type { Obj } from "../../model/object.ts";
import { symbolText } from "../../model/symbolText.ts";
import { withOffset } from "../../base/nameOffset.ts";
import { bioDisk } from "../block/gendisk.ts";
import { perCpuVariableAt } from "../identify.ts";
import { inodeText } from "../fs/fileText.ts";
import { superBlockAt } from "../fs/superBlock.ts";
import { useOfMapping } from "../mm/pageUse.ts";
import { taskOfStack } from "../sched/stack.ts";
import { commAndPid, taskTable } from "../sched/task.ts";
import { isMerged } from "../slab/slab.ts";
import { slabObjectAt } from "../slab/slabObject.ts";
import { slabStruct } from "../slab/slabTypes.ts";
import type { Resource } from "./resource.ts";

/**
 * Returns the name of a resource: its symbol, or its member and the object that contains it, such as `inode.i_rwsem of
 * vda1:/etc/passwd` or `mm_struct.mmap_lock of sh [284]`. For some kinds it is their `detail`, and for a bio it is `of
 * DISK`. Undefined if it has none.
 */
export function resourceName(kernel: Kernel, { kind, address, type, detail, phrase }: Resource): string | undefined {
  if (kind === "futex" || kind === "work" || kind === "workqueue" || kind === "grace period") return detail;
  if (NAMELESS.includes(kind)) return undefined;
  const place = placeName(kernel, `${type ?? ""}@${hex0x(address)}`);
  if (kind === "folio") return `${detail ?? ""} of ${place ?? "folio"}`;
  if (kind === "bit") return place === undefined ? detail : `${bitName(kernel, place, detail ?? "")} of ${place}`;
  if (kind === "bio") {
    const disk = attempt(() => bioDisk(kernel.object("struct bio", address)).at("disk_name").text());
    return disk instanceof Fault ? undefined : `of ${disk}`;
  }
  if (kind === "journal" || kind === "pipe") return detail;
  if (phrase !== undefined) return undefined;
  return place;
}

/** Kinds that have no name besides their phrase. */
const NAMELESS: readonly Resource["kind"][] = [
  "task exit",
  "child",
  "signal",
  "freezer",
  "poll",
  "thread exit",
  "core dump",
];

/** Returns the name of a bit of a buffer's state in enum bh_state_bits, such as BH_Lock; else its number. */
function bitName(kernel: Kernel, place: string, bit: string): string {
  if (!place.startsWith("buffer_head.b_state")) return bit;
  const known = kernel.types.enumerator("BH_Lock");
  return known?.type.values.find(({ name, value }) => name.startsWith("BH_") && String(value) === bit)?.name ?? bit;
}

/**
 * Name of an address with a C type. Computed once, because it is needed for each waiter. The key is the type and the
 * address, separated by `@`.
 */
const placeName = derivedFor("names of resources", (kernel, key: string): string | undefined => {
  const at = key.lastIndexOf("@");
  const [type, address] = [key.slice(0, at), BigInt(key.slice(at + 1))];
  const wanted = type === "" ? undefined : type;
  for (const name of [
    pageResourceName,
    symbolResourceName,
    perCpuResourceName,
    superBlockResourceName,
    slabResourceName,
    stackResourceName,
  ]) {
    const found = attempt(() => name(kernel, address, wanted));
    if (found !== undefined && !(found instanceof Fault)) return found;
  }
  return undefined;
});

/**
 * Returns a function that checks whether a type is `wanted` (`struct NAME`); if that is undefined, whether it is a
 * scalar.
 */
const isWantedType =
  (wanted: string | undefined) =>
  (type: CType): boolean => {
    const target = bare(type);
    if (wanted === undefined) return target.kind !== "struct" && target.kind !== "union" && target.kind !== "array";
    return target.kind === "struct" && `struct ${target.name ?? ""}` === wanted;
  };

function symbolResourceName(kernel: Kernel, address: bigint, wanted: string | undefined): string | undefined {
  const text = symbolText(kernel, address);
  const symbol = kernel.symbols.at(address);
  if (text === undefined || !symbol) return text;
  const offset = Number(address - symbol.address);
  const suffix = symbol.module === undefined || text.includes("[") ? "" : ` [${symbol.module}]`;
  if (offset === 0) return `${text}${suffix}`;
  return `${variablePart(kernel, symbol, offset, wanted) ?? text}${suffix}`;
}

/** Returns the name of a CPU's copy of a lock: `runqueues.__lock of CPU 1`; a local_lock of PREEMPT_RT is one too. */
function perCpuResourceName(kernel: Kernel, address: bigint, wanted: string | undefined): string | undefined {
  const found = perCpuVariableAt(kernel, address);
  if (!found) return undefined;
  const { symbol, cpu, offset } = found;
  return `${variablePart(kernel, symbol, offset, wanted) ?? withOffset(symbol.name, offset)} of CPU ${cpu}`;
}

/** Returns the name of the part of a variable at an offset in bytes: `runqueues.__lock`; undefined if there is none. */
function variablePart(
  kernel: Kernel,
  { name }: KSymbol,
  offset: number,
  wanted: string | undefined,
): string | undefined {
  const type = kernel.types.variable(name);
  const path = type && memberPath(type, offset, isWantedType(wanted));
  return path && `${name}${pathText(path)}`;
}

/**
 * Returns the name of a member of a slab object whose cache name determines its type; undefined if there is none. A
 * merged cache has objects of other types too: there the object must have an identity of that type.
 */
function slabResourceName(kernel: Kernel, address: bigint, wanted: string | undefined): string | undefined {
  const object = slabObjectAt(kernel, address);
  const name = object && slabStruct(kernel, object);
  if (!object || name === undefined) return undefined;
  const type = kernel.types.named(`struct ${name}`);
  const path = memberPath(type, Number(address - object.address), isWantedType(wanted));
  return path && path.length > 0 ? memberOf(kernel, object.address, path, isMerged(object.cache)) : undefined;
}

/**
 * Returns the member of the innermost struct with a name in a path, and the identity of that struct's object.
 * @param isDoubtful whether an object without an identity may be of another type
 * @returns undefined for such an object
 */
function memberOf(kernel: Kernel, start: bigint, path: readonly MemberStep[], isDoubtful = false): string | undefined {
  const last = path.findLastIndex(({ struct }) => struct !== undefined);
  const step = path[last];
  if (!step?.struct) return isDoubtful ? undefined : pathText(path);
  const structAt = (at: number): Obj =>
    kernel.object(path[at]?.struct ?? step.struct!, start + BigInt(path[at - 1]?.offset ?? 0));
  const textAt = (at: number): string => `${path[at]?.struct?.name ?? ""}${pathText(path.slice(at))}`;
  // A struct without an identity, such as sb_writers, is named by the one that contains it.
  for (let at = last; at >= 0; at--) {
    const whose = path[at]?.struct && attempt(() => identityOf(structAt(at)));
    if (typeof whose === "string") return `${textAt(at)} of ${whose}`;
  }
  return isDoubtful ? undefined : `${textAt(last)} of ${hex0x(structAt(last).address)}`;
}

/** Returns the text that identifies an object; undefined if its type has no such text. @throws Fault */
function identityOf(object: Obj): string | undefined {
  const type = bare(object.type);
  const name = type.kind === "struct" ? type.name : undefined;
  if (name === "inode") return inodeText(object);
  if (name === "mm_struct") return userOf(object);
  if (name === "task_struct") return commAndPid(object);
  if (name === "buffer_head")
    return `block ${object.at("b_blocknr").value()} of ${object.at("b_bdev.bd_disk.disk_name").text()}`;
  if (name === "super_block") return object.at("s_id").text();
  return undefined;
}

const usersOfMm = derived("first tasks of address spaces", (kernel) => {
  const users = new Map<bigint, Obj<"struct task_struct">>();
  for (const task of taskTable(kernel).tasks) {
    const mm = attempt(() => task.at("mm").value());
    if (typeof mm === "bigint" && mm !== 0n && !users.has(mm)) users.set(mm, task);
  }
  return users;
});

function userOf(mm: Obj<"struct mm_struct">): string | undefined {
  const task = usersOfMm(mm.kernel).get(mm.address);
  return task && commAndPid(task);
}

function superBlockResourceName(kernel: Kernel, address: bigint, wanted: string | undefined): string | undefined {
  const block = superBlockAt(kernel, address);
  const path = block && memberPath(block.type, Number(address - block.address), isWantedType(wanted));
  return block && path && memberOf(kernel, block.address, path);
}

/** Returns the name of a page or folio by its file; undefined if another type is wanted. */
function pageResourceName(kernel: Kernel, address: bigint, wanted: string | undefined): string | undefined {
  if (wanted !== "struct page" && wanted !== "struct folio") return undefined;
  const mapping = kernel.object("struct page", address).at("mapping").value();
  if (mapping === 0n) return "a page without a file";
  const marked = useOfMapping(mapping);
  if (marked !== undefined) return `a page (${marked})`;
  return `a page of ${inodeText(kernel.object("struct address_space", mapping).at("host").deref())}`;
}

function stackResourceName(kernel: Kernel, address: bigint): string | undefined {
  const task = taskOfStack(kernel, address);
  return task && `on the stack of ${commAndPid(task)}`;
}
