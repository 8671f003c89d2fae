/** Checks whether the slab object before the one that held the bad value was written past its end. */
import { attempt, Fault } from "../../base/fault.ts";
import { damageOf } from "../../linux/slab/slabPoison.ts";
import { isFreeForAllocator, slabObjectAt, slabState } from "../../linux/slab/slabObject.ts";
import { cacheName, hasSlabFlag, objectSize, objectStride } from "../../linux/slab/slab.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check } from "../check.ts";
import { addressOf, type Finding } from "../finding.ts";
import { badPointer } from "../values/badPointer.ts";
import { provenanceOf } from "../values/provenance.ts";
import { ADDRESS_KINDS } from "./access.ts";

/** Reports whether the slab object before the one that held the bad value was written past its end. */
export const neighbour: Check = {
  id: "neighbour",
  needs: ["trap"],
  about: ADDRESS_KINDS,
  *run(kernel, crash) {
    const bad = yield* badPointer(kernel, crash);
    if (bad.register === undefined) return;
    const { origin } = yield* provenanceOf(bad.site, bad.register, bad.value);
    if (origin.kind !== "load") return;
    const found = attempt(() => overrun(kernel, origin.address));
    if (found && !(found instanceof Fault)) yield found;
  },
};

/** Minimum number of text characters before an object's end, and of different characters in the text. */
const MIN_TEXT = 4;

function overrun(kernel: Kernel, word: bigint): Finding | undefined {
  const object = slabObjectAt(kernel, word);
  if (!object) return undefined;
  const before = object.address - BigInt(objectStride(object.cache));
  const previous = slabObjectAt(kernel, before);
  if (previous?.address !== before || previous.cache.address !== object.cache.address) return undefined;
  const isFree = isFreeForAllocator(slabState(previous.slab), previous.index);
  const found = damageOf(object.cache, before, isFree);
  // Damage inside the object is not an overrun.
  const end = before + BigInt(objectSize(object.cache));
  const damage = found?.address !== undefined && found.address >= end ? found : undefined;
  const cause = damage
    ? { certainty: "certain" as const, why: `its guard bytes are not as they were set (${damage.message})` }
    : hasSlabFlag(object.cache, "SLAB_POISON") || hasSlabFlag(object.cache, "SLAB_RED_ZONE")
      ? undefined
      : textOver(kernel, object.address, word);
  if (!cause) return undefined;
  const at = damage?.address === undefined ? object.address : damage.address & ~7n;
  return {
    id: "object.neighbour",
    severity: "cause",
    certainty: cause.certainty,
    slots: { address: object.address, overwrittenBy: before },
    text: [
      "The object at ",
      addressOf(before),
      ...(damage
        ? [
            `, before the one that held the bad value, has damage behind its end: ${cause.why}. It was written past its end, or the memory behind it by something else.`,
          ]
        : [
            `, before the one that held the bad value, was written past its end: ${cause.why}, or both hold text by themselves.`,
          ]),
    ],
    evidence: [
      { kind: "object", cache: cacheName(object.cache), address: before, state: isFree ? "free" : "allocated" },
      { kind: "memory", address: at, value: kernel.memory.word(at) },
    ],
  };
}

/** Returns an overrun if one text continues from the end of one object into the next. */
function textOver(kernel: Kernel, boundary: bigint, word: bigint): { certainty: "likely"; why: string } | undefined {
  const text = kernel.memory.read(boundary - 64n, 64 + Number(word - boundary) + kernel.arch.wordSize);
  const isText = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x20 && byte < 0x7f;
  let start = 64;
  while (start > 0 && isText(text[start - 1])) start--;
  if (!text.subarray(64).every(isText) || 64 - start < MIN_TEXT) return undefined;
  // Padding may be printable too, but consists of only one or two different characters.
  if (new Set(text.subarray(start)).size < MIN_TEXT) return undefined;
  const shown = Buffer.from(text.subarray(start)).toString("latin1");
  return { certainty: "likely", why: `a text runs over its end into the next ("${shown}")` };
}
