/** How the scripted agent explains a fault: from the instruction to the register, its value, the load and the object. */
import type { Finding } from "../truth.ts";
import { finding } from "./finding.ts";
import { type Frames, hex0x, type PointedObject, type Site } from "./frames.ts";
import type { Instruction } from "./instruction.ts";
import { type Load, type Origin, originOf } from "./origin.ts";

const WORDS = 1n << 64n;
const HIGH_HALF = 0xffff_8000_0000_0000n;
const LOW_HALF = 0x0000_8000_0000_0000n;
/** Below this an address is a member of NULL, or of an error number. */
const SMALL = 4096n;

/** Returns what a value is instead of a pointer, as the id of a finding; undefined if it looks like a pointer. */
function classOf(value: bigint): string | undefined {
  if (value === 0n) return "fault.null-member";
  if (value >= WORDS - SMALL + 1n) return "fault.err-ptr";
  // The last byte of poison of slub_debug is another one.
  const bytes = value.toString(16).padStart(16, "0").match(/../g) ?? [];
  if (["6b", "5a"].some((byte) => bytes.filter((one) => one === byte).length >= 7)) return "fault.poison";
  if (value >> 32n === 0xdead_0000n) return "fault.poison";
  if (value < SMALL) return undefined;
  if (value < LOW_HALF) return "fault.user-address";
  return value < HIGH_HALF ? "fault.non-canonical" : undefined;
}

/** A value that was used as an address. */
interface Bad {
  readonly site: Site;
  readonly name: string | undefined;
  readonly value: bigint;
  readonly end: number;
}

/** Says what the bad pointer of a trapped frame is, and in which object it was. @param index of the trapped frame */
export async function badPointer(frames: Frames, index: number): Promise<Finding[]> {
  const trapped = await frames.site(index);
  if (!trapped) return [];
  const isCode = frames.elements[index]?.function != null;
  const bad = isCode ? usedAsData(trapped) : await calledAsCode(frames, trapped);
  if (!bad) return [];
  if (isCode && bad.name !== undefined && !(await frames.hasValue(index, bad.name, bad.value))) return [];
  const origin: Origin =
    bad.name === undefined
      ? { value: bad.value, load: undefined }
      : await originOf(frames, bad.site, { name: bad.name, value: bad.value, end: bad.end });
  // What follows was found by reading code backwards: additions count only where the value itself is no address.
  const original = bad.value < SMALL || bad.value >= WORDS - SMALL ? origin.value : bad.value;
  const found: Finding[] = [];
  const id = !isCode && original === 0n ? "fault.null-call" : classOf(original);
  if (id !== undefined) found.push(finding(id, {}));
  const object =
    (await holderOf(frames, trapped, origin)) ??
    (await poisonedIn(frames, trapped, bad.value)) ??
    (await pointedWith(frames, trapped, original));
  if (object) {
    found.push(finding("object.state", { address: object.object, cache: object.cache, state: object.state }));
    if (object.state === "free") found.push(finding("fault.freed-object", {}));
  }
  return found;
}

/** Returns the base register of the access that faulted. An index is a number, not a pointer. */
function usedAsData(site: Site): Bad | undefined {
  const end = site.code.length - 1;
  const base = site.code[end]?.memory?.base;
  const value = base === undefined ? undefined : site.registers.get(base);
  return base === undefined || value === undefined ? undefined : { site, name: base, value, end };
}

/** Returns the value that was called, and the register that its caller called it by. */
async function calledAsCode(frames: Frames, trapped: Site): Promise<Bad | undefined> {
  const value = trapped.registers.get("rip");
  const caller = await frames.site(trapped.index + 1);
  if (value === undefined || !caller) return undefined;
  const end = caller.code.length - 1;
  const call = caller.code[end];
  const name = call && (/\*%(\w+)$/.exec(call.operands)?.[1] ?? thunkRegister(call, trapped, value));
  return { site: caller, name, value, end };
}

/** A call through a retpoline leaves the called address in the register of its name. */
const thunkRegister = ({ operands }: Instruction, trapped: Site, value: bigint): string | undefined =>
  operands.includes("indirect_thunk")
    ? (/indirect_thunk_(r\w+)/.exec(operands)?.[1] ??
      [...trapped.registers].find(([name, one]) => name !== "rip" && one === value)?.[0])
    : undefined;

/**
 * Returns an object that a register points at and that contains the bad value, for a function to which another one
 * jumped: the stack does not have the one that loaded the value.
 */
async function pointedWith(frames: Frames, trapped: Site, value: bigint): Promise<PointedObject | undefined> {
  if (value < SMALL || trapped.objects.size === 0) return undefined;
  const answer = await frames.connection.ask("find", { pointer: hex0x(value) });
  const places = ((answer?.data ?? []) as readonly { readonly address: string }[]).map(({ address }) =>
    BigInt(address),
  );
  const holders = [...trapped.objects.values()].filter(({ object, size }) =>
    places.some((place) => place >= BigInt(object) && place < BigInt(object) + BigInt(size)),
  );
  const [holder] = holders;
  if (!holder || holders.some(({ object }) => object !== holder.object)) return undefined;
  const { object, cache, state } = holder;
  return (await frames.connection.holds({ object: { address: object, cache, ...(state !== "unknown" && { state }) } }))
    ? holder
    : undefined;
}

/** Returns a free object that a register points into and that holds the bad value there, as poison fills it. */
async function poisonedIn(frames: Frames, trapped: Site, value: bigint): Promise<PointedObject | undefined> {
  if (classOf(value) !== "fault.poison") return undefined;
  for (const object of trapped.objects.values()) {
    const place = hex0x(object.value);
    const { cache, state } = object;
    if (state !== "free") continue;
    const claim = { expression: `*(unsigned long *)${place}`, equals: hex0x(value) };
    if (!(await frames.connection.holds({ value: claim }))) continue;
    return (await frames.connection.holds({ object: { address: place, cache, state } })) ? object : undefined;
  }
  return undefined;
}

/**
 * Returns the object from which the bad value was loaded: `check` finds the value at the place of the load. Where code
 * read backwards does not tell the place, any object to which a register points is tried, unless the value is one that
 * many places have.
 */
async function holderOf(frames: Frames, trapped: Site, { value, load }: Origin): Promise<PointedObject | undefined> {
  if (!load) return undefined;
  const place = await placeOf(frames, load);
  if (place !== undefined) return objectWith(frames, place, value);
  const { displacement } = load.operand;
  const sites = value < SMALL ? [] : [trapped, load.site, await frames.site(load.site.index + 1)];
  const places = sites.flatMap((site) => [...(site?.objects.values() ?? [])].map((one) => one.value + displacement));
  for (const one of new Set(places)) {
    const found = await objectWith(frames, one, value);
    if (found) return found;
  }
  return undefined;
}

/** Maximum number of loads that lead to an address. */
const MAX_LOADS = 3;

/** Returns the address of a load: its base is still in a register, or was itself loaded. */
async function placeOf(frames: Frames, load: Load, depth = 0): Promise<bigint | undefined> {
  const { base, index, displacement } = load.operand;
  if (base === undefined || base === "rip" || index !== undefined || depth >= MAX_LOADS) return undefined;
  const { code, registers } = load.site;
  const isOverwritten = code.slice(load.index, -1).some(({ writes }) => writes === base);
  const kept = registers.get(base);
  if (!isOverwritten && kept !== undefined) return kept + displacement;
  const origin = await originOf(frames, load.site, { name: base, value: 0n, end: load.index });
  const from = origin.load && (await placeOf(frames, origin.load, depth + 1));
  if (from === undefined) return undefined;
  const pointer = await frames.connection.word(from);
  return pointer === undefined ? undefined : BigInt.asUintN(64, pointer - origin.value + displacement);
}

/** Returns the object at an address, if the value is there. */
async function objectWith(frames: Frames, place: bigint, value: bigint): Promise<PointedObject | undefined> {
  const { connection } = frames;
  const claim = { expression: `*(unsigned long *)${hex0x(place)}`, equals: hex0x(value) };
  if (!(await connection.holds({ value: claim }))) return undefined;
  const described = await connection.ask("describe_address", { address: hex0x(place) });
  const one = (described?.data as readonly Described[] | undefined)?.find(({ id }) => id === "object.state");
  return one?.slots && { ...one.slots, object: one.slots.address, size: 0, value: place };
}

/** An element of the answer of `describe_address`. */
interface Described {
  readonly id?: string;
  readonly slots?: { readonly address: string; readonly cache: string; readonly state: string };
}
