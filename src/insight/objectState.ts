import { attempt, Fault } from "../base/fault.ts";
import { cacheName, objectSize } from "../linux/slab/slab.ts";
import { slabObjectAt, slabState } from "../linux/slab/slabObject.ts";
import type { Kernel } from "../model/kernel.ts";
import { addressOf, code, type Finding } from "./finding.ts";

interface Known {
  /** What the source calls the pointer. */
  readonly name: string | undefined;
  /** "struct file", where the type of what it points at is known. */
  readonly type: string | undefined;
}

/** What the slab allocator knows of the object that an address lies in; nothing for what is none of its. */
export function* objectFindings(
  kernel: Kernel,
  address: bigint,
  { name, type }: Known,
): Generator<Finding, void, void> {
  const object = attempt(() => slabObjectAt(kernel, address));
  if (!object || object instanceof Fault) return;
  const cache = attempt(() => cacheName(object.cache));
  if (cache instanceof Fault) return;
  const state = attempt(() => slabState(object.slab));
  const holder = state instanceof Fault ? undefined : state.free.get(object.index);
  const isKnown = !(state instanceof Fault) && (holder !== undefined || state.fault === undefined);
  const told = !isKnown ? "unknown" : holder === undefined ? "allocated" : "free";
  const offset = Number(address - object.address);
  const size = attempt(() => objectSize(object.cache));
  yield {
    id: told === "free" ? "fault.freed-object" : "object.state",
    severity: told === "free" ? "cause" : "note",
    certainty: "certain",
    slots: { address: object.address, cache, state: told, type },
    text: [
      ...(name === undefined ? [] : [code(name), " = "]),
      addressOf(address),
      offset === 0 ? " is " : ` lies ${offset} bytes into `,
      told === "unknown" ? "an object" : told === "free" ? "a free object" : "an allocated object",
      ` of the slab cache ${cache}`,
      size instanceof Fault ? "" : ` (${size} bytes)`,
      told === "unknown"
        ? "; whether it is free cannot be told."
        : told === "free"
          ? ": it was used after it was freed."
          : ".",
    ],
    evidence: [{ kind: "object", cache, address: object.address, state: told }],
    ...(state instanceof Fault || state.fault
      ? { unknown: [{ what: "whether it is free", because: state instanceof Fault ? state : (state.fault as Fault) }] }
      : {}),
  };
}
