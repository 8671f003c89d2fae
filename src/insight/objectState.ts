/** Reports what the slab allocator knows of an object: its cache, its state, and who allocated and freed it. */
import { attempt, Fault } from "../base/fault.ts";
import { cacheName, isMerged, isTypesafeByRcu, objectSize } from "../linux/slab/slab.ts";
import { type SlabObject, slabObjectAt, slabState } from "../linux/slab/slabObject.ts";
import type { Kernel } from "../model/kernel.ts";
import { slabStruct } from "../linux/slab/slabTypes.ts";
import { slabTracks } from "../linux/slab/slabTrack.ts";
import type { SlabTrack } from "../linux/slab/track.ts";
import { isMachinery } from "../log/machinery.ts";
import { plainName } from "../log/place.ts";
import type { Evidence } from "./evidence.ts";
import { addressOf, code, type Finding, type Sentence } from "./finding.ts";
import { sourceWords } from "./values/words.ts";

/** What the slab allocator knows of the object that contains an address. */
export interface ObjectState {
  /** Start address of the object. */
  readonly address: bigint;
  readonly cache: string;
  /** Usable size in bytes. */
  readonly size: number;
  readonly state: "allocated" | "free" | "unknown";
  /** Why the state is not known. */
  readonly fault: Fault | undefined;
  /** Type of the object, for example "struct file", if the cache is made for one type. */
  readonly type: string | undefined;
  /** Whether other caches share this cache (slab merging). */
  readonly isMerged: boolean;
  /** Whether readers under RCU may use the object although it is free. */
  readonly isTypesafeByRcu: boolean;
}

/**
 * Returns the state of the object that contains an address; undefined if the address is not in a slab object, or if
 * this cannot be determined.
 */
export function objectState(kernel: Kernel, address: bigint): ObjectState | undefined {
  const found = attempt(() => {
    const object = slabObjectAt(kernel, address);
    if (!object) return undefined;
    const state = attempt(() => slabState(object.slab));
    const fault = state instanceof Fault ? state : state.fault;
    const isFree = !(state instanceof Fault) && state.free.has(object.index);
    return {
      address: object.address,
      cache: cacheName(object.cache),
      size: objectSize(object.cache),
      state: isFree ? ("free" as const) : fault ? ("unknown" as const) : ("allocated" as const),
      fault: isFree ? undefined : fault,
      type: typeOf(kernel, object),
      isMerged: isMerged(object.cache),
      isTypesafeByRcu: isTypesafeByRcu(object.cache),
    };
  });
  return found instanceof Fault ? undefined : found;
}

function typeOf(kernel: Kernel, object: SlabObject): string | undefined {
  const name = attempt(() => (isMerged(object.cache) ? undefined : slabStruct(kernel, object)));
  return name === undefined || name instanceof Fault ? undefined : `struct ${name}`;
}

/** What the code shows about a pointer to the object. */
interface Known {
  /** The expression for the pointer in the source. */
  readonly name: string | undefined;
  /** Type of the target, for example "struct file", if it is known. */
  readonly type: string | undefined;
}

/**
 * Yields the state of the slab object that contains an address. Yields nothing if the address is not in a slab object.
 */
export function* objectFindings(
  kernel: Kernel,
  address: bigint,
  { name, type }: Known,
): Generator<Finding, void, void> {
  const found = objectState(kernel, address);
  if (!found) return;
  const { cache, size, state, fault } = found;
  const offset = Number(address - found.address);
  yield {
    id: "object.state",
    severity: "note",
    certainty: "certain",
    slots: { address: found.address, cache, state, type: offset === 0 ? type : undefined },
    text: [
      ...(name === undefined ? [] : [code(name), " = "]),
      addressOf(address),
      offset === 0 ? " is " : ` is ${offset} bytes into `,
      state === "unknown" ? "an object" : state === "free" ? "a free object" : "an allocated object",
      ` of the slab cache ${cache} (${size} bytes)`,
      state === "unknown" ? "; whether it is free is not known." : ".",
    ],
    evidence: [{ kind: "object", cache, address: found.address, state }],
    ...(fault ? { unknown: [{ what: "whether it is free", because: fault }] } : {}),
  };
  yield* historyFinding(kernel, found);
}

/** Yields who allocated and freed an object, if slub_debug or KASAN keeps tracks. */
function* historyFinding(kernel: Kernel, { address, cache, state }: ObjectState): Generator<Finding, void, void> {
  const tracks = attempt(() => {
    const object = slabObjectAt(kernel, address);
    return object && slabTracks(kernel, object);
  });
  if (!tracks || tracks instanceof Fault) return;
  const allocated = tracks.allocated && tracedOf(kernel, tracks.allocated);
  // While the object is allocated, its last free belongs to an earlier use and is left out.
  const freed = state !== "allocated" && tracks.freed ? tracedOf(kernel, tracks.freed) : undefined;
  if (!allocated && !freed) return;
  yield {
    id: "object.history",
    severity: "note",
    certainty: "certain",
    slots: { allocated: allocated?.name, freed: freed?.name },
    text: [
      "The object at ",
      addressOf(address),
      " was ",
      ...(allocated ? ["allocated by ", ...allocated.words] : []),
      ...(allocated && freed ? [" and "] : []),
      ...(freed
        ? [allocated && state === "unknown" ? "last freed, before or after that, by " : "freed by ", ...freed.words]
        : []),
      `, according to the tracks that ${tracks.by} keeps.`,
    ],
    evidence: [
      { kind: "object", cache, address, state },
      ...[allocated, freed].flatMap((one): Evidence[] => (one ? [one.evidence] : [])),
    ],
  };
}

/** Maximum number of callers that a sentence names. */
const MAX_CALLERS = 4;

/** Names the function of a track that called the allocator, and its callers; undefined if the track has no function. */
function tracedOf(
  kernel: Kernel,
  { stack, pid, cpu }: SlabTrack,
): { readonly name: string; readonly words: Sentence; readonly evidence: Evidence } | undefined {
  const frames = stack.flatMap((address) => {
    const name = nameAt(kernel, address);
    return name === undefined ? [] : [{ name, address }];
  });
  const own = Math.max(
    0,
    frames.findIndex(({ name }) => !isMachinery(name, "kasan")),
  );
  const [first, ...callers] = frames.slice(own);
  if (!first) return undefined;
  const names = callers.map(({ name }) => name).filter((name) => !isMachinery(name, "kasan"));
  return {
    name: first.name,
    words: [
      { kind: "symbol", ...first },
      ...sourceWords(kernel, first.address - 1n),
      ` (PID ${pid}${cpu === undefined ? "" : `, CPU ${cpu}`}${names.length > 0 ? `, through ${names.slice(0, MAX_CALLERS).join(", ")}` : ""})`,
    ],
    evidence: { kind: "symbol", ...first },
  };
}

const nameAt = (kernel: Kernel, address: bigint): string | undefined => {
  const symbol = kernel.symbols.at(address - 1n);
  return symbol && plainName(symbol.name);
};
